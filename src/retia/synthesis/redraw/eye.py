"""One eye of a cohort, drawn again.

In:  its line of `metadata.jsonl`, its graph.
Out: a folder with image, masks and case.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from retia.errors import UserError
from retia.synthesis.redraw.settings import RenderConfig, gan_of

if TYPE_CHECKING:
    import numpy as np

    from retia.records import Case
    from retia.synthesis.cohort.table import StoredEye

LARGEST_PX = 2432


@dataclass(frozen=True)
class Redrawing:
    """One eye to draw: the settings and its line of `metadata.jsonl`."""

    config: RenderConfig
    line: str


def redraw_eye(task: Redrawing, out: Path) -> None:
    """Draw one eye into a folder: image, masks and its case.

    Raises:
        UserError: If its graph is missing, or a size is asked for that masks cannot be shown at.
    """
    from retia.figures import write_png
    from retia.images.image import read_mask, write_mask
    from retia.records import Case
    from retia.records.jsonl import from_plain, to_json
    from retia.synthesis.cohort.table import read_stored_eye
    from retia.synthesis.rasterizer import draw_mask

    config = task.config
    case: Case = from_plain(Case, json.loads(task.line), f"{config.cohort}/metadata.jsonl")
    eye = read_stored_eye(config.cohort, case.id)
    times = times_larger(config, eye)
    image_px, mm_per_px = eye.image_px * times, eye.mm_per_px / times
    write_png(out / "images.png", _image(config, eye, image_px, mm_per_px))
    vessels = draw_mask(*eye.drawn(), image_px, mm_per_px)
    write_mask(out / "vessels.png", vessels)
    faz = eye.faz.mask(image_px, mm_per_px)
    write_mask(out / "faz.png", faz)
    for finding in case.findings:
        if finding.mask is not None:
            (out / "lesions").mkdir(exist_ok=True)
            mask = read_mask(config.cohort / finding.mask)
            write_mask(out / "lesions" / Path(finding.mask).name, _enlarged(mask, times))
    line = to_json(_redrawn(case, times, mm_per_px, vessels, faz))
    (out / "case.json").write_text(line, encoding="utf-8")


def _image(config: RenderConfig, eye: "StoredEye", image_px: int, mm_per_px: float) -> "np.ndarray":
    vessels, blobs = eye.drawn()
    if config.appearance == "gan":
        from retia.synthesis.appearance.gan import draw_gan

        return draw_gan(vessels, blobs, eye.seed, image_px, mm_per_px, gan_of(config))
    from retia.synthesis import appearance
    from retia.synthesis.eye import texture_of

    texture = texture_of(eye.seed, image_px, mm_per_px)
    return appearance.render(
        vessels, blobs, texture, image_px, mm_per_px, config.appearance, config.renderer
    )


def times_larger(config: RenderConfig, eye: "StoredEye") -> int:
    """How many times larger the image is to be."""
    wanted = eye.image_px if config.image_px is None else config.image_px
    if wanted % eye.image_px or not eye.image_px <= wanted <= LARGEST_PX:
        known = ", ".join(str(eye.image_px * n) for n in (1, 2, 4))
        raise UserError(
            f"image_px is {wanted} and the cohort's images have {eye.image_px}. Expected a "
            f"multiple up to {LARGEST_PX}, such as {known}: only then the masks of its lesions "
            "stay exact. For other sizes grow the cohort with that image_px."
        )
    return wanted // eye.image_px


def _enlarged(mask: "np.ndarray", times: int) -> "np.ndarray":
    return mask.repeat(times, axis=0).repeat(times, axis=1)


def _redrawn(
    case: "Case", times: int, mm_per_px: float, vessels: "np.ndarray", faz: "np.ndarray"
) -> "Case":
    """The case of the new image: boxes enlarged, what is measured on masks measured again."""
    from retia.synthesis.cohort.truth import measures_of

    found = {m.name: m for m in measures_of(vessels, faz, mm_per_px)}
    measures = tuple(found.get(m.name, m) for m in case.measures)
    findings = []
    for finding in case.findings:
        if finding.box_px is not None:
            x0, y0, x1, y1 = (float(times * edge) for edge in finding.box_px)
            finding = replace(finding, box_px=(x0, y0, x1, y1))
        findings.append(finding)
    return replace(case, mm_per_px=mm_per_px, measures=measures, findings=tuple(findings))
