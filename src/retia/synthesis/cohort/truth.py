"""The truth of a grown eye as records: findings and case.

In:  `Eye` and its plan.
Out: `Finding` for each lesion, `Case` for the eye or for its twin without one lesion.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from retia.anatomy import locate
from retia.records import Case, Finding, Measure
from retia.synthesis.cohort.plan import EyePlan
from retia.synthesis.profiles import ALL_KINDS
from retia.taxonomy import read_vocabulary, stage_of

if TYPE_CHECKING:
    from retia.synthesis.eye import Eye


def looked_for() -> tuple[str, ...]:
    """Kinds that can be grown, in the order of the vocabulary: absent ones are truly absent."""
    return tuple(kind for kind in read_vocabulary("octa").kinds if kind in ALL_KINDS)


def findings_of(eye: "Eye", plan: EyePlan) -> tuple[Finding, ...]:
    """One finding for each lesion, in the order of the lesions."""
    vocabulary = read_vocabulary("octa")
    fovea = (
        float(eye.faz.center_mm[0] / eye.mm_per_px),
        float(eye.faz.center_mm[1] / eye.mm_per_px),
    )
    findings = []
    for number, lesion in enumerate(eye.lesions, 1):
        rows, columns = np.nonzero(lesion.mask)
        x0, y0, x1, y1 = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        middle = (float(columns.mean()), float(rows.mean()))
        is_faz = lesion.kind.startswith("faz_")
        zone = None if is_faz else locate(middle, fovea, eye.mm_per_px, plan.laterality)
        values = {key: round(float(value), 6) for key, value in lesion.values.items()}
        findings.append(
            Finding(
                id=f"f{number}",
                kind=lesion.kind,
                source="simulator",
                severity=vocabulary.kind(lesion.kind).severity(values),
                box_px=(float(x0), float(y0), float(x1), float(y1)),
                mask=f"lesions/{plan.id}/f{number}.png",
                zone=zone,
                values=values,
                attributes=dict(lesion.traits),
                evidence=(
                    f"grown/region/f{number}",
                    *(f"grown/segment/{s}" for s in lesion.segments),
                ),
            )
        )
    return tuple(findings)


def measures_of(vessels: np.ndarray, faz: np.ndarray, mm_per_px: float) -> tuple[Measure, ...]:
    """What is measured on the true masks of an eye, bool ``(H, W)`` each."""
    area_mm2, density = float(faz.sum()) * mm_per_px**2, float(vessels.mean())
    return (
        Measure(name="faz_area_mm2", value=round(area_mm2, 6), source="simulator", unit="mm²"),
        Measure(name="vessel_density", value=round(density, 6), source="simulator"),
    )


def case_of(
    eye: "Eye",
    plan: EyePlan,
    findings: Sequence[Finding],
    vessels: np.ndarray,
    faz: np.ndarray,
) -> Case:
    """The case of a grown eye.

    Args:
        eye: The eye.
        plan: Its plan.
        findings: What it has.
        vessels: Its vessel mask, bool ``(H, W)``.
        faz: Mask of its avascular zone, bool ``(H, W)``.
    """
    stage, grade = stage_of(findings)
    return Case(
        file_name=f"images/{plan.id}.png",
        id=plan.id,
        group=plan.group,
        split=plan.split,
        modality="octa",
        mm_per_px=eye.mm_per_px,
        laterality="OD" if plan.laterality == "OD" else "OS",
        stage=stage,
        grade=grade,
        looked_for=looked_for(),
        measures=measures_of(vessels, faz, eye.mm_per_px),
        findings=tuple(findings),
    )
