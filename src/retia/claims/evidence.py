"""Which graph elements or labels a finding or a measure rests on, as evidence ids."""

from collections.abc import Iterable

from retia.records import Case, Finding
from retia.records.case import Source

GRAPH_OF: dict[Source, str] = {
    "simulator": "grown",
    "attribution": "seen",
    "mask": "mask",
    "annotation": "label",
    "model": "seen",
}
"""First part of the evidence id, by who said so."""


def evidence_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Evidence ids of findings, each once; a finding without any is named itself."""
    ids = (id for f in findings for id in f.evidence or (f"{GRAPH_OF[f.source]}/region/{f.id}",))
    return tuple(dict.fromkeys(ids))


def measure_evidence(case: Case, name: str) -> tuple[str, ...]:
    """Evidence id of a measure: the FAZ for its area, the measure itself for others."""
    source: Source | None = next((m.source for m in case.measures if m.name == name), None)
    if source is None:
        return ()
    return (f"{GRAPH_OF[source]}/{'faz/0' if name == 'faz_area_mm2' else f'measure/{name}'}",)
