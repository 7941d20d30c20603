"""`retia segment`: a folder of images in, a folder of vessel and FAZ masks out."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.errors import UserError
from retia.runs import StepConfig, open_step

if TYPE_CHECKING:
    from retia.records import Case


@dataclass(frozen=True, kw_only=True)
class SegmentConfig(StepConfig):
    """What `retia segment` takes."""

    images: Path
    """Folder with `metadata.jsonl`, plain folder of images, or one image."""
    mm_per_px: float | None = None
    """Side of one pixel in mm, for images whose metadata give none (3 mm, 304 px: 0.00987)."""


def segment(config: SegmentConfig) -> dict[str, Any]:
    """Find vessels and FAZ in OCTA images.

    Writes `vessels/<id>.png` and `faz/<id>.png` (0 and 255), `quality.jsonl` and `metadata.jsonl`
    (all fields kept; the images stay where they are).

    Returns:
        How many images were done, and how many of them have a complaint about their quality.

    Raises:
        UserError: If the folder cannot be read.
        ItemsFailedError: At the end, if some images could not be read and were skipped.
    """
    from retia.images import read_image_folder, reroot

    cases = read_image_folder(config.images, config.mm_per_px)  # first: a bad one writes nothing
    with open_step("segment", config, {"images": config.images}) as step:
        if step.done:
            return step.summary
        import json

        from retia.records import write_cases
        from retia.runs.step import write_lines

        done = step.map(segment_case, {c.id: (config.images, c) for c in cases}, "segmenting")
        rows = []
        for kind in ("vessels", "faz"):
            (step.out / kind).mkdir(exist_ok=True)
        for id, folder in done.items():
            for kind in ("vessels", "faz"):
                _put(folder / f"{kind}.png", step.out / kind / f"{id}.png")
            rows.append(json.loads((folder / "quality.json").read_text()))
        write_lines(step.out / "quality.jsonl", rows)
        write_cases(step.out, [reroot(c, config.images, step.out) for c in cases if c.id in done])
        step.summary = {"images": len(done), "complaints": sum(bool(r["reasons"]) for r in rows)}
    return step.summary


def segment_case(item: "tuple[Path, Case]", folder: Path) -> None:
    """Segment one case; write `vessels.png`, `faz.png` and `quality.json` into the folder.

    Raises:
        UserError: If the image cannot be read, or has no scale.
    """
    import json

    from retia.images import read_image
    from retia.images.image import write_mask
    from retia.images.quality import scan_quality
    from retia.segmentation.masks import segment_image

    root, case = item
    root = root.parent if root.is_file() else root
    scan = read_image(root / case.file_name, case.mm_per_px, case.laterality)
    if scan.mm_per_px is None:
        raise UserError(
            f"{case.id} has no physical scale. Pass --mm-per-px 0.00987 (3 mm, 304 px)."
        )
    vessels, faz = segment_image(scan.pixels, scan.mm_per_px)
    write_mask(folder / "vessels.png", vessels)
    write_mask(folder / "faz.png", faz)
    quality = scan_quality(scan.pixels, scan.mm_per_px, vessels, faz)
    row = {"id": case.id} | asdict(quality) | {"notes": list(scan.notes)}
    (folder / "quality.json").write_text(json.dumps(row))


def _put(source: Path, target: Path) -> None:
    import shutil

    from retia.atomic import atomic_file

    # Copied, not moved: the step may be killed here and resumed.
    with atomic_file(target) as part:
        shutil.copyfile(source, part)
