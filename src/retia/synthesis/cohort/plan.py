"""What is decided of every eye before it is grown.

In:  `GrowConfig`.
Out: `EyePlan`, one after the other; and the traits of an eye, drawn from its plan.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from retia.runs import item_seed
from retia.synthesis.cohort.ranges import RANGES
from retia.synthesis.cohort.settings import EyeSettings, GrowConfig

if TYPE_CHECKING:
    import numpy as np

    from retia.synthesis.disease import Disease
    from retia.synthesis.growth import GrowthConfig

GOLDEN = 0.6180339887
"""Multiples of it fill [0, 1) evenly, however many there are."""


@dataclass(frozen=True, kw_only=True)
class EyePlan:
    """What is decided of an eye before it is grown; stage and grade are what is aimed at."""

    id: str
    group: str
    split: str
    stage: str | None
    grade: str | None
    profile: str
    laterality: str
    seed: int
    patient_seed: int
    settings: EyeSettings

    @property
    def image_px(self) -> int:
        """Side of the image."""
        return self.settings.image_px


def plan_cohort(config: GrowConfig) -> list[EyePlan]:
    """All plans of a cohort; a longer cohort begins like a shorter one."""
    return list(plan_eyes(config))


def plan_eyes(config: GrowConfig) -> Iterator[EyePlan]:
    """Decide stage, split, side and seeds of every eye, one eye after the other.

    Stages are dealt to patients by the shares of the profile; both eyes of a patient share the
    stage aimed at; the exact stage of an eye is that of its lesions. Splits go round within each
    stage in the same order for all, so that every split holds every stage as early as it can.
    """
    settings = config.eye_settings
    stages, grades = shares_of(config.profile)
    dealt = deal(stages)
    dealt_grades = deal(grades)
    seen = dict.fromkeys(stages, 0)
    for patient in range(-(-config.count // 2)):
        stage = next(dealt)
        position = (seen[stage] * GOLDEN + 0.85) % 1
        seen[stage] += 1
        held = config.train + config.validation
        split = "train" if position < config.train else "validation"
        split = "test" if position >= held else split
        group = f"patient-{patient:05d}"
        for side in (0, 1):
            number = 2 * patient + side
            # Dealt before the cohort may end, so that its length changes no eye.
            grade = next(dealt_grades) if stage == "npdr" else None
            if number < config.count:
                id = f"{number:06d}"
                yield EyePlan(
                    id=id,
                    group=group,
                    split=split,
                    stage=stage or None,
                    grade=grade,
                    profile=config.profile,
                    laterality=("OD", "OS")[side],
                    seed=item_seed(config.seed, id),
                    patient_seed=item_seed(config.seed, group),
                    settings=settings,
                )


def deal(shares: Mapping[str, float]) -> Iterator[str]:
    """Yield names for ever, so that after any number of them each has had its share.

    The name furthest behind its share is next (the method of Webster 1832, one seat at a time).
    """
    given = dict.fromkeys(shares, 0)
    for _ in itertools.count():
        name = max(shares, key=lambda n: shares[n] / (given[n] + 0.5))
        given[name] += 1
        yield name


def profiles() -> tuple[str, ...]:
    """Names of all profiles."""
    from retia.synthesis.profiles import PROFILES

    return (*PROFILES, RANGES)


def shares_of(profile: str) -> tuple[dict[str, float], dict[str, float]]:
    """Shares of the stages over patients, and of the grades over their eyes of NPDR."""
    from retia.synthesis.profiles import STAGED, read_profile

    if profile == RANGES:
        return {"": 1.0}, {}
    stages: dict[str, float] = {}
    grades: dict[str, float] = {}
    for (stage, grade), share in zip(STAGED, read_profile(profile).shares, strict=True):
        stages[stage] = stages.get(stage, 0.0) + share
        if grade:
            grades[grade] = share
    return stages, grades


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What makes an eye this eye."""

    disease: "Disease"
    growth: "GrowthConfig"
    tilt_rad: float


def draw_traits(plan: EyePlan) -> Traits:
    """Draw the traits of an eye: some are the patient's, some its own."""
    import numpy as np

    from retia.synthesis.disease import draw_disease

    own, patient = np.random.default_rng([plan.seed, 1]), np.random.default_rng(plan.patient_seed)
    if plan.profile == RANGES:
        disease = plan.settings.lesions.draw(own)
    else:
        disease = draw_disease(own, str(plan.stage), plan.grade, plan.profile)
    tilt_rad = float(patient.uniform(-0.3, 0.3))
    return Traits(
        disease=disease,
        growth=_varied(plan.settings, patient, own),
        # The two eyes of a patient mirror each other.
        tilt_rad=tilt_rad if plan.laterality == "OD" else -tilt_rad,
    )


def _varied(
    settings: EyeSettings, patient: "np.random.Generator", own: "np.random.Generator"
) -> "GrowthConfig":
    """Growth of one eye: trunks and branching are the patient's, capillary density is the eye's."""
    growth, variety = replace(settings.growth, field_mm=settings.field_mm), settings.variety
    more_arteries, more_veins = (round(variety * patient.uniform(-2, 2)) for _ in range(2))
    exponent = variety * patient.uniform(-0.15, 0.15)
    # Varies more than most lesions do: vessel density alone must not tell the stage.
    wider = 1 + variety * own.uniform(-0.08, 0.16)
    modes = [
        replace(mode, murray_exponent=mode.murray_exponent + exponent) for mode in growth.modes
    ]
    fine = modes[-1]
    modes[-1] = replace(
        fine,
        sink_query_mm=fine.sink_query_mm * wider,
        sink_gap_mm=fine.sink_gap_mm * wider,
        sink_reach_mm=fine.sink_reach_mm * wider,
    )
    return replace(
        growth,
        arteries=max(2, growth.arteries + more_arteries),
        veins=max(2, growth.veins + more_veins),
        modes=tuple(modes),
    )
