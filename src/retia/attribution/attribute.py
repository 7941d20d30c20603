"""`retia attribute`: graphs and a staging model in, attributions and findings out."""

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.runs import StepConfig, open_step

if TYPE_CHECKING:
    from retia.records import Attribution, Case, VesselGraph

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class AttributeConfig(StepConfig):
    """What `retia attribute` takes."""

    graphs: Path
    """Folder that `retia graph` wrote."""
    model: Path | None = None
    """Folder of `retia stage train`; the shipped model when left out."""
    split: str | None = None
    """Only cases of this split; all when left out."""
    overlays: int = 24
    """How many cases get an overlay picture, in the order of their ids."""


def attribute(config: AttributeConfig) -> dict[str, Any] | None:
    """Attribute stages to graph elements, and turn the top ones into findings.

    Writes `metadata.jsonl` (cases with attributed findings), `attributions.parquet` (one row a
    node: `case, node, id, attribution, share, top_feature`), `completeness.jsonl`,
    `attribution/<id>.csv` (the top elements, for people) and `overlays/<id>.png`.

    Returns:
        Number of cases and findings, the worst completeness gap.

    Raises:
        UserError: If the graphs or the model cannot be read.
    """
    from retia.weights import staging_folder

    folder = config.model or staging_folder()
    with open_step("attribute", config, {"graphs": config.graphs, "model": folder}) as step:
        if step.done:
            return None
        from retia.records import read_cases
        from retia.records.cohort import subset, write_cases
        from retia.runs.step import write_json

        cases = subset(read_cases(config.graphs), config.split)
        wanted = {
            case.id: (config, folder, case, number < config.overlays)
            for number, case in enumerate(cases)
        }
        done = step.map(attribute_case, wanted, "attributing")
        attributed, rows = _collect(step.out, done)
        write_cases(step.out, attributed)
        step.summary = {
            "cases": len(attributed),
            "findings": sum(len(c.findings) for c in attributed),
            "worst_gap_share": max((r["gap_share"] for r in rows), default=0.0),
        }
        write_json(step.out / "completeness.json", {"cases": rows})
    return step.summary
