"""`retia segment`: a folder of images in, a folder of masks out."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retia.errors import UserError
from retia.runs import StepConfig, open_step

if TYPE_CHECKING:
    from retia.records import Case

MASKS = ("vessels", "large_vessels", "faz")
OVERLAYS = "overlays"


@dataclass(frozen=True, kw_only=True)
class SegmentConfig(StepConfig):
    """What `retia segment` takes."""

    images: Path
    """Folder with `metadata.jsonl`, plain folder of images, or one image."""
    mm_per_px: float | None = None
    """Side of one pixel in mm, for images whose metadata give none (3 mm, 304 px: 0.00987)."""
    field_mm: float | None = None
    """Width of the scans in mm, in the place of `mm_per_px`: 3 or 6."""
    slice: int | None = None
    """Page, frame or plane of files with several, from 1."""
    method: Literal["network", "classical"] = "network"
    """The segmenter, or ridge filters that need no model."""
    model: Path | None = None
    """Folder of `retia segment train`; the shipped segmenter when left out."""
    overlays: int = 24
    """How many images get a picture of what was found, in the order of their ids."""


def segment(config: SegmentConfig) -> dict[str, Any]:
    """Find vessels, FAZ and lesions in OCTA images.

    Writes `vessels/`, `large_vessels/` and `faz/<id>.png` (0 and 255), with the network also
    `evidence/<kind>/<id>.png` (probability of each kind of lesion, 0 to 255), `overlays/`,
    `quality.jsonl` and `metadata.jsonl` (all fields kept; the images stay where they are).

    Returns:
        How many images were done, and how many of them have a complaint about their quality.

    Raises:
        UserError: If the folder or the model cannot be read.
        ItemsFailedError: At the end, if some images could not be read and were skipped.
    """
    from retia.images import read_image_folder, reroot
    from retia.weights import segmenter_folder

    # First: a bad one writes nothing.
    cases = read_image_folder(config.images, config.mm_per_px, config.field_mm)
    inputs = {"images": config.images}
    if config.method == "network":
        inputs["model"] = config.model or segmenter_folder()
    with open_step("segment", config, inputs) as step:
        if step.done:
            return step.summary
        from retia.records import write_cases
        from retia.runs.step import write_lines

        items = {c.id: (config, c, n < config.overlays) for n, c in enumerate(cases)}
        done = step.map(segment_case, items, "segmenting")
        rows = []
        for id, folder in done.items():
            for path in sorted(folder.rglob("*.png")):
                _put(path, step.out / path.relative_to(folder).with_suffix("") / f"{id}.png")
            rows.append(json.loads((folder / "quality.json").read_text()))
        write_lines(step.out / "quality.jsonl", rows)
        write_cases(step.out, [reroot(c, config.images, step.out) for c in cases if c.id in done])
        step.summary = {"images": len(done), "complaints": sum(bool(r["reasons"]) for r in rows)}
    return step.summary


def segment_case(item: "tuple[SegmentConfig, Case, bool]", folder: Path) -> None:
    """Segment one case; write masks, evidence, `quality.json` and an overlay into the folder.

    Raises:
        UserError: If the image cannot be read, or has no scale.
    """
    import numpy as np

    from retia.figures import write_png
    from retia.images import read_image
    from retia.images.image import write_mask
    from retia.images.quality import scan_quality
    from retia.segmentation.maps import LESIONS
    from retia.segmentation.masks import segment_image
    from retia.segmentation.overlay import draw_structures

    config, case, overlay = item
    root = config.images.parent if config.images.is_file() else config.images
    known = case.mm_per_px, case.laterality
    scan = read_image(root / case.file_name, *known, number=config.slice)
    if scan.mm_per_px is None:
        raise UserError(
            f"{case.id} has no physical scale. Pass --mm-per-px 0.00987 (3 mm, 304 px)."
        )
    seen = segment_image(scan.pixels, scan.mm_per_px, config.method, config.model)
    for name in MASKS:
        write_mask(folder / f"{name}.png", getattr(seen, name))
    if seen.lesions is not None:
        (folder / "evidence").mkdir()
        for kind, p in zip(LESIONS, seen.lesions, strict=True):
            write_png(folder / "evidence" / f"{kind}.png", np.round(255 * p).astype(np.uint8))
    if overlay:
        write_png(folder / f"{OVERLAYS}.png", draw_structures(scan.pixels, seen))
    quality = scan_quality(scan.pixels, scan.mm_per_px, seen.vessels, seen.faz)
    row = {"id": case.id} | asdict(quality) | {"notes": list(scan.notes)}
    (folder / "quality.json").write_text(json.dumps(row))


def _put(source: Path, target: Path) -> None:
    from retia.atomic import atomic_file

    target.parent.mkdir(parents=True, exist_ok=True)
    # Copied, not moved: the step may be killed here and resumed.
    with atomic_file(target) as part:
        shutil.copyfile(source, part)
