"""`retia attribute`: graphs and a staging model in, attributions and findings out."""

import functools
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retia.runs import StepConfig, open_step

if TYPE_CHECKING:
    from retia.records import Case
    from retia.records.graph_folder import GraphFolder

log = logging.getLogger("retia")

PARTS = {"table.csv": "attribution", "overlay.png": "overlays", "report.html": "reports"}
"""What a case may leave, and the folder it is gathered in."""


@dataclass(frozen=True, kw_only=True)
class AttributeConfig(StepConfig):
    """What `retia attribute` takes."""

    graphs: Path
    """Folder that `retia graph` wrote."""
    model: Path | None = None
    """Folder of `retia stage train`; the shipped model when left out."""
    split: str | None = None
    """Only cases of this split; all when left out."""
    baseline: Literal["zero", "healthy", "zone"] = "zone"
    """What an element is compared with: the mean of all training eyes, of healthy ones, or of
    healthy ones in the same ring. The last is what the model takes for the healthiest."""
    overlays: int = 24
    """How many cases get an overlay picture and a page, in the order of their ids."""


def attribute(config: AttributeConfig) -> dict[str, Any]:
    """Attribute stages to graph elements, and turn the top ones into findings.

    Writes `metadata.jsonl` (cases with attributed findings), `attributions.parquet` (one row a
    node), `edges.parquet` (one row a relation), `zones.parquet` (one row a ring and quadrant),
    `features.parquet` (one row a feature),
    `completeness.json` (per case and path, and what the model says of the baseline),
    `attribution/<id>.csv` (the strongest elements and edges, for people), `overlays/<id>.png` and
    `reports/<id>.html` (one page an eye).

    Returns:
        Number of cases and findings, the worst completeness gap and its median error.

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

        cases = subset(read_cases(config.graphs), config.split)
        items = {
            case.id: _Item(config, folder, case, number < config.overlays)
            for number, case in enumerate(cases)
        }
        done = step.map(attribute_case, items, "attributing")
        attributed, entries = _collect(step.out, done)
        write_cases(step.out, attributed)
        step.summary = _summary(attributed, entries)
        log.info(
            "%d findings in %d eyes; attributions miss %.2f %% of what they explain (median)",
            step.summary["findings"],
            step.summary["cases"],
            100 * step.summary["median_error"],
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

    from retia.attribution.aggregate import element_rows, feature_rows, zone_rows
    from retia.attribution.baselines import neutrality
    from retia.attribution.case_table import case_table
    from retia.attribution.eye_report import eye_report
    from retia.attribution.integrated_gradients import PATHS
    from retia.attribution.overlay import draw_attribution
    from retia.attribution.scene import shares_of
    from retia.attribution.voice import attribute_one, load_voice
    from retia.figures import write_png
    from retia.graphs.hetero import to_hetero_data
    from retia.images import read_image, reroot
    from retia.records.jsonl import to_json
    from retia.staging.labels import label_of

    config = item.config
    image = read_image(config.graphs / item.case.file_name)
    graph = open_graphs(config.graphs).read(item.case.id)
    shape = (image.pixels.shape[0], image.pixels.shape[1])
    case, attribution = attribute_one(item.case, graph, item.model, shape, config.baseline, PATHS)
    model, reference = load_voice(item.model)
    attribution.write(out)
    elements = element_rows(attribution, graph)
    elements.write_parquet(out / "nodes.parquet")
    zones = zone_rows(elements)
    zones.write_parquet(out / "zones.parquet")
    feature_rows(attribution).write_parquet(out / "features.parquet")
    true = label_of(item.case, model.label)
    table = case_table(case, graph, attribution, reference, shape, true)
    (out / "table.csv").write_text(table.text(), encoding="utf-8")
    says = neutrality(model, model.scaling.apply(to_hetero_data(graph)), [config.baseline])
    (out / "baseline.json").write_text(json.dumps(says[config.baseline]))
    (out / "case.json").write_text(to_json(reroot(case, config.graphs, Path(config.out))))
    if item.overlay:
        picture = draw_attribution(image.pixels, case, graph, shares_of(attribution))
        write_png(out / "overlay.png", picture)
        page = eye_report(case, graph, attribution, zones, picture, shape, true)
        page.write(out / "report.html")


@functools.lru_cache(maxsize=1)
def open_graphs(folder: Path) -> "GraphFolder":
    """The tables' index is read once a process, not once a case."""
    from retia.records.graph_folder import GraphFolder

    return GraphFolder(folder)


def _collect(out: Path, done: dict[str, Path]) -> tuple[list["Case"], list[dict[str, Any]]]:
    import json
    import shutil

    import polars as pl

    from retia.atomic import atomic_file
    from retia.records import Case
    from retia.records.attribution_folder import COMPLETENESS, join_attributions
    from retia.records.jsonl import from_plain
    from retia.runs.step import write_json

    entries = join_attributions(out, list(done.values()))
    cases: list[Case] = []
    sums: dict[str, list[pl.DataFrame]] = {"zones": [], "features": []}
    for (id, folder), entry in zip(done.items(), entries, strict=True):
        cases.append(from_plain(Case, json.loads((folder / "case.json").read_text()), id))
        entry["baseline_probabilities"] = json.loads((folder / "baseline.json").read_text())
        for name, tables in sums.items():
            table = pl.read_parquet(folder / f"{name}.parquet")
            tables.append(table.select(pl.lit(id).alias("case"), "*"))
        for name, target in PARTS.items():
            if (folder / name).is_file():
                (out / target).mkdir(exist_ok=True)
                shutil.copyfile(folder / name, out / target / f"{id}{Path(name).suffix}")
    write_json(out / COMPLETENESS, entries)
    for name, tables in sums.items():
        with atomic_file(out / f"{name}.parquet") as part:
            pl.concat(tables).write_parquet(part)
    return cases, entries


def _summary(cases: list["Case"], entries: list[dict[str, Any]]) -> dict[str, Any]:
    import statistics

    return {
        "cases": len(cases),
        "findings": sum(len(c.findings) for c in cases),
        "worst_gap": max(abs(e["gap"]) for e in entries),
        "median_error": statistics.median(e["error"] for e in entries),
        "worst_error": max(e["error"] for e in entries),
    }
