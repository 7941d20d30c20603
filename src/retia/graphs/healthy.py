"""`retia graph reference`: the graphs of healthy eyes in, what is usual in them out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.errors import UserError
from retia.runs import StepConfig, open_step, track

if TYPE_CHECKING:
    import polars as pl

SHOWN = (
    ("segment", "radius_mean_um"),
    ("segment", "tortuosity"),
    ("segment", "local_vessel_density"),
    ("segment", "local_calibre_um"),
    ("segment", "local_gap_um"),
    ("area", "area_mm2"),
    ("area", "depth_max_um"),
    ("faz", "area_mm2"),
    ("faz", "circularity"),
)
"""Node types and features that the card shows."""


@dataclass(frozen=True, kw_only=True)
class ReferenceConfig(StepConfig):
    """What `retia graph reference` takes."""

    graphs: Path
    """Folder of `retia graph`, with stages in its `metadata.jsonl`."""


def reference(config: ReferenceConfig) -> dict[str, Any]:
    """Measure what is usual in the vessel graphs of healthy eyes.

    Reads the cases whose stage is healthy; all others are left out. Writes `healthy.parquet`
    (quantiles of every feature, in all and in each ring of the ETDRS grid) and `README.md`.

    Returns:
        Number of healthy eyes, and of nodes per type and ring.

    Raises:
        UserError: If the folder is none of `retia graph`, or no case in it is healthy.
    """
    with open_step("graph reference", config, {"graphs": config.graphs}) as step:
        if step.done:
            return step.summary
        import polars as pl

        from retia.atomic import atomic_file
        from retia.graphs.hetero import to_hetero_data
        from retia.graphs.reference import FILE, healthy_reference
        from retia.records import read_cases
        from retia.records.graph_folder import GraphFolder

        cases = read_cases(config.graphs)
        healthy = [c.id for c in cases if c.stage == "healthy"]
        if not healthy:
            stages = sorted({c.stage or "none" for c in cases})
            raise UserError(
                f"{config.graphs} holds no healthy case: the stages of its {len(cases)} cases are "
                f"{', '.join(stages)}. Some of them need `stage: healthy` in metadata.jsonl."
            )
        folder = GraphFolder(config.graphs, geometry=False)
        graphs = [to_hetero_data(folder.read(id)) for id in track(healthy, "reading graphs")]
        healthy_reference(graphs, step.out)
        table = pl.read_parquet(step.out / FILE)
        step.summary = {"eyes": len(healthy), "nodes": _count_nodes(table)}
        with atomic_file(step.out / "README.md") as part:
            part.write_text(_card(table, len(healthy)), encoding="utf-8")
    return step.summary


def _count_nodes(table: "pl.DataFrame") -> dict[str, dict[str, int]]:
    rows = table.unique(["node", "ring"], maintain_order=True).to_dicts()
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row["node"], {})[row["ring"] or "all"] = row["nodes"]
    return counts


def _card(table: "pl.DataFrame", eyes: int) -> str:
    """What the file holds, in words and as a table of some features."""
    from retia.anatomy import RING_NAMES
    from retia.disclaimer import DISCLAIMER
    from retia.graphs.reference import FEWEST_NODES, FILE

    counts = _count_nodes(table)
    rings = ("all", *RING_NAMES)
    lines = [
        "# Healthy reference",
        "",
        f"What is usual in the vessel graphs of healthy eyes, here of {eyes}. `{FILE}` holds, for "
        "every node type and feature, mean, standard deviation and quantiles over all nodes "
        "(`ring` is null) and over those of each ring of the ETDRS grid, with the number of nodes. "
        f"Rings with fewer than {FEWEST_NODES} nodes are read as all rings together.",
        "",
        DISCLAIMER,
        "",
        *_markdown(
            ("nodes", *rings), [(k, *(str(n.get(r, 0)) for r in rings)) for k, n in counts.items()]
        ),
        "",
        "Median (5 % to 95 %):",
        "",
    ]
    cells = {(r["node"], r["feature"], r["ring"] or "all"): _range(r) for r in table.to_dicts()}
    body = [(f"{n} `{f}`", *(cells.get((n, f, r), "") for r in rings)) for n, f in SHOWN]
    return "\n".join([*lines, *_markdown(("feature", *rings), body), ""])


def _range(row: dict[str, Any]) -> str:
    return f"{row['q0.5']:.3g} ({row['q0.05']:.3g} to {row['q0.95']:.3g})"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
