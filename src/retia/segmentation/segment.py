"""`retia segment`: images in, vessel and FAZ masks out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retia.runs import StepConfig, open_step


@dataclass(frozen=True, kw_only=True)
class SegmentConfig(StepConfig):
    """What `retia segment` takes."""

    images: Path
    """Folder of images, or of cases with `metadata.jsonl`, or one image."""
    mm_per_px: float | None = None
    """Side of a pixel in mm, for images whose metadata do not tell it."""


def segment(config: SegmentConfig) -> dict[str, Any] | None:
    """Find vessels and FAZ in OCTA images.

    Writes `vessels/<id>.png`, `faz/<id>.png` (0 or 255), `quality.jsonl` and `metadata.jsonl`
    (the cases; images stay where they are).

    Returns:
        Number of images done and skipped.

    Raises:
        UserError: If there is no image, or one has no scale.
        ItemsFailedError: At the end, if some images could not be read.
    """
    with open_step("segment", config, {"images": config.images}) as step:
        if step.done:
            return None
        import json

        from retia.images import read_image_folder, reroot
        from retia.records import write_cases
        from retia.runs.step import write_lines

        cases = read_image_folder(config.images, config.mm_per_px)
        done = step.map(segment_case, {c.id: (config, c) for c in cases}, "segmenting")
        quality = []
        for id, folder in done.items():
            quality.append(json.loads((folder / "quality.json").read_text()))
            for kind in ("vessels", "faz"):
                target = step.out / kind / f"{id}.png"
                target.parent.mkdir(exist_ok=True)
                target.write_bytes((folder / f"{kind}.png").read_bytes())
        write_lines(step.out / "quality.jsonl", quality)
        write_cases(step.out, [reroot(c, config.images, step.out) for c in cases if c.id in done])
        step.summary = {"images": len(done), "skipped": len(cases) - len(done)}
    return step.summary


def segment_case(item: tuple[SegmentConfig, Any], out: Path) -> None:
    """Segment the image of one case into its folder."""
    import json

    import numpy as np

    from retia.figures import write_png
    from retia.images import read_image
    from retia.images.quality import rate_quality
    from retia.segmentation.masks import segment_image

    config, case = item
    root = config.images.parent if config.images.is_file() else config.images
    scan = read_image(root / case.file_name, case.mm_per_px, case.laterality)
    vessels, faz = segment_image(scan.pixels, case.mm_per_px)
    write_png(out / "vessels.png", vessels.astype(np.uint8) * 255)
    write_png(out / "faz.png", faz.astype(np.uint8) * 255)
    quality = rate_quality(scan.pixels, faz)
    (out / "quality.json").write_text(
        json.dumps({"id": case.id, "notes": list(scan.notes)} | quality)
    )
