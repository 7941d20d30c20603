"""Counterfactual twins: the same eye without one of its lesions, exact to the pixel.

In:  `Eye`, its plan and findings.
Out: a folder for each lesion: image, masks, the pixels that may differ, and the twin's case.

Ids and masks of the findings that stay are those of the eye itself.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retia.atomic import atomic_file
from retia.figures import write_png
from retia.images.image import write_mask
from retia.records import Case, Finding
from retia.records.jsonl import to_json
from retia.synthesis.cohort.plan import EyePlan
from retia.synthesis.cohort.truth import case_of
from retia.synthesis.pathology.lesion import with_faz

if TYPE_CHECKING:
    from retia.synthesis.eye import Eye

PICTURES = ("images", "influence", "vessels", "faz")
"""Folders of the twins; a twin has one picture in each."""


def write_twins(
    eye: "Eye", plan: EyePlan, findings: Sequence[Finding], image: np.ndarray, out: Path
) -> None:
    """Write the twins of one eye, each into a folder named after the finding it lacks.

    A lesion whose removal changes no pixel has no twin: there would be nothing to compare.

    Args:
        eye: The eye.
        plan: Its plan.
        findings: One for each lesion.
        image: The eye as it is, uint8 ``(H, W)``.
        out: Folder to write into.
    """
    for number, lacking in enumerate(findings):
        without = {number}
        twin = eye.image(without)
        if np.array_equal(twin, image):
            continue
        vessels = eye.vessel_mask(without)
        faz = with_faz(eye.healthy_faz, eye.chosen(without)).mask(eye.image_px, eye.mm_per_px)
        folder = out / lacking.id
        folder.mkdir(parents=True)
        write_png(folder / "images.png", twin)
        write_mask(folder / "influence.png", eye.influence(without))
        write_mask(folder / "vessels.png", vessels)
        write_mask(folder / "faz.png", faz)
        with atomic_file(folder / "case.json") as part:
            part.write_text(to_json(_twin_case(eye, plan, findings, lacking, vessels, faz)))


def _twin_case(
    eye: "Eye",
    plan: EyePlan,
    findings: Sequence[Finding],
    lacking: Finding,
    vessels: np.ndarray,
    faz: np.ndarray,
) -> Case:
    kept = [replace(f, mask=f"../{f.mask}") for f in findings if f is not lacking]
    id = f"{plan.id}-without-{lacking.id}"
    return replace(
        case_of(eye, plan, kept, vessels, faz),
        id=id,
        file_name=f"images/{id}.png",
        twin_of=plan.id,
        without=lacking.id,
    )
