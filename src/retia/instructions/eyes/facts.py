"""What can be said of an eye, in the order in which it is said, each fact with its evidence.

In:  a `Case`.
Out: `Fact`s: first the FAZ, then perfusion, then vascular abnormality; within a section what is
present before what is absent, the most important first.
"""

from dataclasses import dataclass, replace
from typing import Literal

from retia.anatomy import QUADRANTS
from retia.claims.evidence import evidence_of, measure_evidence
from retia.records import Case, Finding, Zone
from retia.taxonomy import read_vocabulary

Section = Literal["faz", "perfusion", "vessels"]

SECTIONS: dict[Section, tuple[str, ...]] = {
    "faz": ("faz_enlargement", "faz_irregularity"),
    "perfusion": ("capillary_dropout", "reduced_density"),
    "vessels": ("microaneurysm", "neovascularization", "irma", "tortuosity", "calibre_change"),
}
LOCATED = ("capillary_dropout", "microaneurysm", "neovascularization", "irma", "tortuosity")
"""Kinds of OCTA that lie somewhere and can be asked for one by one."""
SEVERITY_ORDER = {"severe": 2, "moderate": 1, "mild": 0}
_SIDES = {
    "OD": {"nasal": "right", "temporal": "left"},
    "OS": {"nasal": "left", "temporal": "right"},
}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that is so: a kind present with its places and count, a kind absent, a number."""

    section: Section
    kind: str
    """A kind of the taxonomy, or the name of a measure."""
    present: bool = True
    severity: str | None = None
    places: tuple[str, ...] = ()
    """Quadrants in fixed order; a ring where no quadrant is known."""
    count: int = 0
    value: float | None = None
    importance: float = 0.0
    evidence: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def facts_of(case: Case) -> list[Fact]:
    """All facts of a case, in the order in which they are told."""
    facts: list[Fact] = []
    area = case.measure("faz_area_mm2")
    if area is not None:
        evidence = measure_evidence(case, "faz_area_mm2")
        facts.append(Fact(section="faz", kind="faz_area_mm2", value=area, evidence=evidence))
    for section, kinds in sections_of(case.modality).items():
        present = [fact for kind in kinds for fact in _present(case, section, kind)]
        facts += sorted(present, key=_rank)
        facts += [
            Fact(section=section, kind=kind, present=False)
            for kind in kinds
            if kind in case.looked_for and not any(f.kind == kind for f in case.findings)
        ]
    return facts


def sections_of(modality: str) -> dict[Section, tuple[str, ...]]:
    """Kinds in the order in which they are told; those of other modalities are one section."""
    if modality == "octa":
        return SECTIONS
    return {"faz": (), "perfusion": (), "vessels": tuple(read_vocabulary(modality).kinds)}


def located_kinds(modality: str) -> tuple[str, ...]:
    """Kinds that lie somewhere and can be asked for one by one."""
    return LOCATED if modality == "octa" else tuple(read_vocabulary(modality).kinds)


def _present(case: Case, section: Section, kind: str) -> list[Fact]:
    """One fact per severity of a kind."""
    found = [f for f in case.findings if f.kind == kind]
    # Severity of neovascularization is not told: only that it is there decides about the stage.
    graded = kind == "capillary_dropout"
    facts = []
    for severity in dict.fromkeys(f.severity if graded else None for f in found):
        group = tuple(f for f in found if not graded or f.severity == severity)
        facts.append(
            Fact(
                section=section,
                kind=kind,
                severity=severity,
                places=places_of(group),
                count=len(group),
                importance=sum(f.importance or 0.0 for f in group),
                evidence=evidence_of(group),
                findings=group,
            )
        )
    return facts


def _rank(fact: Fact) -> tuple[float, float, float]:
    area = sum(f.values.get("area_mm2", 0.0) for f in fact.findings)
    return -fact.importance, -SEVERITY_ORDER.get(fact.severity or "", 0), -area


def findings_of(case: Case, kind: str) -> tuple[Finding, ...]:
    """All findings of a kind."""
    return tuple(f for f in case.findings if f.kind == kind)


def fact_of(case: Case, kind: str, findings: tuple[Finding, ...] | None = None) -> Fact:
    """All findings of a kind, or some of them, as one fact, whatever their severity."""
    found = findings_of(case, kind) if findings is None else findings
    return Fact(
        section=_section_of(kind, case.modality),
        kind=kind,
        places=places_of(found),
        count=len(found),
        evidence=evidence_of(found),
        findings=found,
    )


def _section_of(kind: str, modality: str) -> Section:
    for section, kinds in sections_of(modality).items():
        if kind in kinds:
            return section
    return "vessels"


def place_of(finding: Finding) -> str | None:
    """Quadrant of a finding, or else its ring."""
    return (finding.zone.quadrant or finding.zone.ring) if finding.zone else None


def places_of(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Places of findings, each once, in the fixed order of the quadrants."""
    places = {p for p in map(place_of, findings) if p}
    order = {q: i for i, q in enumerate(quadrants_of(None) + QUADRANTS)}
    return tuple(sorted(places, key=lambda p: (order.get(p, len(order)), p)))


def quadrants_of(laterality: str | None) -> tuple[str, ...]:
    """Names of the four quadrants; left and right where the laterality is unknown."""
    if laterality is not None:
        return QUADRANTS
    return tuple(f"{v}-{s}" for v in ("superior", "inferior") for s in ("left", "right"))


def without_laterality(case: Case) -> Case:
    """The case as it looks to somebody who does not know which eye it is: left and right."""
    sides = _SIDES.get(case.laterality or "", {})

    def rename(finding: Finding) -> Finding:
        if finding.zone is None or finding.zone.quadrant is None:
            return finding
        vertical, _, side = finding.zone.quadrant.partition("-")
        quadrant = f"{vertical}-{sides.get(side, side)}" if side else vertical
        zone = Zone(ring=finding.zone.ring, quadrant=quadrant, clock=finding.zone.clock)
        return replace(finding, zone=zone)

    return replace(case, laterality=None, findings=tuple(map(rename, case.findings)))


def name_of(kind: str, modality: str, plural: bool = False) -> str:
    """Name of a kind as it stands in a sentence; FAZ is written short, as everywhere."""
    entry = read_vocabulary(modality).kind(kind)
    name = entry.plural if plural else entry.name
    return name.replace("foveal avascular zone", "FAZ")
