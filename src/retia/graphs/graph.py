"""`retia graph`: masks or images in, vessel graphs out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retia.errors import UserError
from retia.runs import StepConfig, open_step

if TYPE_CHECKING:
    import numpy as np

    from retia.records import Case

BIOMARKERS = "biomarkers"
MEASURES = {"faz_area_mm2": "mm2", "vessel_density": None}
"""Biomarkers that become measures of the case, with their units."""


@dataclass(frozen=True, kw_only=True)
class GraphConfig(StepConfig):
    """What `retia graph` takes: `images` or `masks`."""

    images: Path | None = None
    """Folder of images (or one image); their vessels and FAZ are segmented first."""
    masks: Path | None = None
    """Folder of `retia segment` or `retia grow`: `metadata.jsonl`, `vessels/<id>.png`,
    `faz/<id>.png`; without `evidence/<kind>/<id>.png`, lesions are looked for in the images."""
    mm_per_px: float | None = None
    """Side of one pixel in mm, for cases whose metadata give none."""
    field_mm: float | None = None
    """Width of the scans in mm, in the place of `mm_per_px`: 3 or 6."""
    slice: int | None = None
    """Page, frame or plane of files with several, from 1."""
    method: Literal["network", "classical"] = "network"
    """How images are segmented; ridge filters look for no lesions."""
    segmenter: Path | None = None
    """Folder of `retia segment train`; the shipped segmenter when left out."""


def graph(config: GraphConfig) -> dict[str, Any]:
    """Turn masks or images into vessel graphs.

    Writes `segments.parquet`, `areas.parquet`, `faz.parquet`, `relations.parquet`,
    `biomarkers.csv` (one row a case) and `metadata.jsonl` (the cases, with measures of the masks).

    Returns:
        Number of cases, segments and areas; None when it was done before.

    Raises:
        UserError: If not exactly one of `images` and `masks` is given, the folder cannot be read,
            or an image has no scale.
        ItemsFailedError: If some images could not be done; all others are written.
    """
    inputs = {"images": config.images, "masks": config.masks}
    given = {name: Path(path) for name, path in inputs.items() if path is not None}
    if len(given) != 1:
        raise UserError(
            f"--images is {config.images} and --masks is {config.masks}. Give exactly one: "
            "--images to segment images first, --masks for masks that exist."
        )
    # Vessels can come from elsewhere; where lesions may be is then asked of the image.
    if config.method == "network":
        from retia.weights import segmenter_folder

        given["segmenter"] = config.segmenter or segmenter_folder()
    with open_step("graph", config, given) as step:
        if step.done:
            return step.summary
        from retia.images import read_image_folder, reroot
        from retia.records import VesselGraph, read_cases, write_cases
        from retia.records.graph_folder import write_graphs

        folder = next(iter(given.values()))
        if config.masks is not None:
            read_cases(folder)
        cases = read_image_folder(folder, config.mm_per_px, config.field_mm)
        items = {case.id: (config, case) for case in cases}
        done = step.map(graph_case, items, "building graphs")
        if not done:
            return step.summary
        rows = write_graphs(step.out, (VesselGraph.read(f) for f in done.values()))
        numbers = {id: _read_biomarkers(f) for id, f in done.items()}
        _write_biomarkers(step.out, numbers)
        kept = [with_measures(c, numbers[c.id]) for c in cases if c.id in done]
        write_cases(step.out, [reroot(c, folder, step.out) for c in kept])
        step.summary = {
            "cases": len(kept),
            "segments": rows["segments"],
            "areas": rows["areas"],
        }
    return step.summary


def graph_case(item: tuple[GraphConfig, "Case"], out: Path) -> None:
    """Write the tables and biomarkers of one case.

    Args:
        item: Where the cases are and how they are segmented; the case.
        out: Empty folder to write into.

    Raises:
        UserError: If the image or a mask cannot be read, or their sizes differ.
    """
    from retia.graphs.biomarkers import biomarkers
    from retia.graphs.build import build_graph
    from retia.images import read_image
    from retia.runs.step import write_json
    from retia.segmentation import segment_image

    config, case = item
    folder = config.masks or config.images
    assert folder is not None
    at = folder.parent if folder.is_file() else folder
    scale = _scale(case)
    pixels = read_image(at / case.file_name, scale, number=config.slice).pixels
    evidence = None if config.masks is None else _read_evidence(at, case)
    if config.masks is None or evidence is None:
        seen = segment_image(pixels, scale, config.method, config.segmenter)
        vessels, faz, evidence = seen.vessels, seen.faz, seen.lesions
    if config.masks is not None:
        vessels, faz = _read_masks(at, case)
    found = build_graph(case.id, vessels, faz, scale, pixels, case.laterality, evidence)
    found.write(out)
    numbers = biomarkers(found, vessels, scale, case.laterality)
    write_json(out / f"{BIOMARKERS}.json", numbers)


def with_measures(case: "Case", numbers: Mapping[str, float]) -> "Case":
    """Append what the masks measure, unless the case has a measure of that name."""
    from retia.records import Measure

    new = tuple(
        Measure(name=name, value=numbers[name], source="mask", unit=unit)
        for name, unit in MEASURES.items()
        if case.measure(name) is None
    )
    return replace(case, measures=case.measures + new)


def _scale(case: "Case") -> float:
    if case.mm_per_px is None:
        raise UserError(
            f"{case.id} has no physical scale. Add `mm_per_px` to metadata.jsonl or pass "
            "--mm-per-px 0.00987 (3 mm scan, 304 px)."
        )
    return case.mm_per_px


def _read_masks(folder: Path, case: "Case") -> tuple["np.ndarray", "np.ndarray"]:
    from retia.images import read_mask

    vessels, faz = (folder / name / f"{case.id}.png" for name in ("vessels", "faz"))
    return read_mask(vessels), read_mask(faz)


def _read_evidence(folder: Path, case: "Case") -> "np.ndarray | None":
    """Probabilities as `retia segment` wrote them; None where it wrote none."""
    import numpy as np

    from retia.images import read_image
    from retia.segmentation.maps import LESIONS

    files = [folder / "evidence" / kind / f"{case.id}.png" for kind in LESIONS]
    if not all(path.is_file() for path in files):
        return None
    return np.stack([read_image(path).pixels for path in files]).astype(np.float32) / 255


def _read_biomarkers(folder: Path) -> dict[str, float]:
    return json.loads((folder / f"{BIOMARKERS}.json").read_text(encoding="utf-8"))


def _write_biomarkers(out: Path, numbers: Mapping[str, Mapping[str, float]]) -> None:
    """One row a case; a zone outside of an image stays empty."""
    import polars as pl

    from retia.atomic import atomic_file

    names = list(dict.fromkeys(name for row in numbers.values() for name in row))
    columns: dict[str, list[Any]] = {"case": list(numbers)}
    columns |= {name: [_rounded(row.get(name)) for row in numbers.values()] for name in names}
    schema = {"case": pl.String} | dict.fromkeys(names, pl.Float64)
    with atomic_file(out / f"{BIOMARKERS}.csv") as part:
        pl.DataFrame(columns, schema=schema).write_csv(part)


def _rounded(value: float | None) -> float | None:
    """Five significant digits: more than any of the numbers is known to."""
    return None if value is None else float(f"{value:.5g}")
