"""`retia attribute`: graphs and a staging model in, attributions and findings out."""

import functools
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.runs import StepConfig, open_step

if TYPE_CHECKING:
    from retia.records import Attribution, Case
    from retia.records.graph_folder import GraphFolder

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


def attribute(config: AttributeConfig) -> dict[str, Any]:
    """Attribute stages to graph elements, and turn the top ones into findings.

    Writes `metadata.jsonl` (cases with attributed findings), `attributions.parquet` (one row a
    node: `case, node, id, attribution, share, top_feature`), `completeness.json`,
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
            return step.summary
        from retia.records import read_cases, write_cases
        from retia.records.cohort import subset
        from retia.runs.step import write_json

        cases = subset(read_cases(config.graphs), config.split)
        items = {
            case.id: _Item(config, folder, case, number < config.overlays)
            for number, case in enumerate(cases)
        }
        done = step.map(attribute_case, items, "attributing")
        attributed, completeness = _collect(step.out, done)
        write_cases(step.out, attributed)
        write_json(step.out / "completeness.json", completeness)
        step.summary = {
            "cases": len(attributed),
            "findings": sum(len(c.findings) for c in attributed),
            "worst_gap": max((abs(r["gap"]) for r in completeness), default=0.0),
        }
        log.info(
            "%d findings in %d eyes; completeness holds to %.4f of a logit",
            step.summary["findings"],
            step.summary["cases"],
            step.summary["worst_gap"],
        )
    return step.summary


@dataclass(frozen=True)
class _Item:
    """One case with all that its worker needs."""

    config: AttributeConfig
    model: Path
    case: "Case"
    overlay: bool


def attribute_case(item: _Item, out: Path) -> None:
    """Attribute one case into its folder."""
    import json

    from retia.attribution.findings import shares_of, top_elements
    from retia.attribution.overlay import draw_attribution
    from retia.attribution.voice import attribute_one
    from retia.figures import write_png
    from retia.images import read_image, reroot
    from retia.records.jsonl import to_json

    image = read_image(item.config.graphs / item.case.file_name)
    graph = _open(item.config.graphs).read(item.case.id)
    case, attribution = attribute_one(item.case, graph, item.model, image.pixels.shape)
    case = reroot(case, item.config.graphs, Path(item.config.out))
    shares = shares_of(attribution)
    (out / "case.json").write_text(to_json(case))
    gap = {"case": case.id, "stage": attribution.stage}
    gap |= {"delta": round(attribution.delta, 6), "gap": round(attribution.gap, 6)}
    (out / "completeness.json").write_text(json.dumps(gap))
    _node_table(attribution, shares).write_parquet(out / "nodes.parquet")
    _write_csv(out / "top.csv", top_elements(attribution, shares))
    if item.overlay:
        write_png(out / "overlay.png", draw_attribution(image.pixels, case, graph, shares))


@functools.lru_cache(maxsize=1)
def _open(folder: Path) -> "GraphFolder":
    """The tables' index is read once a process, not once a case."""
    from retia.records.graph_folder import GraphFolder

    return GraphFolder(folder)


def _node_table(attribution: "Attribution", shares: Any) -> Any:
    import polars as pl

    parts = []
    for kind, values in attribution.nodes.items():
        names = attribution.features[kind]
        top = values.argmax(axis=1) if len(values) else []
        parts.append(
            pl.DataFrame(
                {
                    "case": [attribution.case] * len(values),
                    "node": [kind] * len(values),
                    "id": range(len(values)),
                    "attribution": values.sum(axis=1),
                    "share": getattr(shares, kind),
                    "top_feature": [names[i] for i in top],
                },
                schema={
                    "case": pl.String,
                    "node": pl.String,
                    "id": pl.Int64,
                    "attribution": pl.Float64,
                    "share": pl.Float64,
                    "top_feature": pl.String,
                },
            )
        )
    return pl.concat(parts)


def _write_csv(path: Path, rows: Any) -> None:
    import polars as pl

    columns = ["element", "share", "top_feature", "feature_attribution"]
    pl.DataFrame(rows, schema=columns if not rows else None).write_csv(path)


def _collect(out: Path, done: dict[str, Path]) -> tuple[list["Case"], list[dict[str, Any]]]:
    import json
    import shutil

    import polars as pl

    from retia.atomic import atomic_file
    from retia.records import Case
    from retia.records.jsonl import from_plain

    cases, completeness = [], []
    for id, folder in done.items():
        cases.append(from_plain(Case, json.loads((folder / "case.json").read_text()), id))
        completeness.append(json.loads((folder / "completeness.json").read_text()))
        for name, target in (("top.csv", "attribution"), ("overlay.png", "overlays")):
            if (folder / name).is_file():
                (out / target).mkdir(exist_ok=True)
                shutil.copyfile(folder / name, out / target / f"{id}{Path(name).suffix}")
    with atomic_file(out / "attributions.parquet") as part:
        pl.concat([pl.read_parquet(f / "nodes.parquet") for f in done.values()]).write_parquet(part)
    return cases, completeness
