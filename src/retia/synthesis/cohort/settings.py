"""What `retia grow` takes, and what of it makes no sense."""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal

from retia.errors import UserError, did_you_mean
from retia.runs import StepConfig
from retia.synthesis.cohort.ranges import RANGES, LesionRanges
from retia.synthesis.faz import HEALTHY_AREA_MM2
from retia.synthesis.growth import GrowthConfig

SMALLEST_PX = 96
"""In smaller images the smallest microaneurysms would hold no pixel."""


@dataclass(frozen=True, kw_only=True)
class EyeSettings:
    """What all eyes of a cohort have in common."""

    image_px: int = 304
    """Side of the images."""
    field_mm: float = 3.0
    """Side of the field."""
    appearance: Literal["learned", "noise", "plain"] = "learned"
    """How vessels become an image: learned from rendered OCTA, a physical noise model, or as they
    are."""
    fovea_shift_mm: float = 0.0
    """The fovea lies up to this far from its place in the middle of the field."""
    faz_area_mm2: tuple[float, float] = HEALTHY_AREA_MM2
    """Mean and standard deviation of the area of healthy avascular zones."""
    twins: bool = False
    """For every lesion also write the same eye without it."""
    growth: GrowthConfig = field(default_factory=GrowthConfig)
    """How vessels grow; patients and eyes vary around it."""
    variety: float = 1.0
    """How much they vary in trunks, branching and capillary density; 0 grows all alike."""
    lesions: LesionRanges = field(default_factory=LesionRanges)
    """Chances and ranges of the lesions, for the profile `ranges`."""


@dataclass(frozen=True, kw_only=True)
class GrowConfig(EyeSettings, StepConfig):
    """What `retia grow` takes."""

    count: int = 100
    """Number of eyes. Two eyes make a patient."""
    profile: str = "balanced"
    """Which patients: shares of the stages; `ranges` draws from `lesions` whatever the stage."""
    train: float = 0.7
    """Share of patients for training."""
    validation: float = 0.1
    """Share of patients for choosing; the rest is for testing."""
    pack: bool = False
    """Also write Parquet files that hold images and cases, for `datasets.load_dataset`."""

    @property
    def eye_settings(self) -> EyeSettings:
        """The part that each eye needs to know."""
        names = [f.name for f in dataclasses.fields(EyeSettings)]
        return EyeSettings(**{name: getattr(self, name) for name in names})


MAY_BE_ZERO = ("margin_mm", "bridge_mm", "inertia", "least_bend", "first_bend", "expansion")
"""Growth parameters that switch something off at 0; the others must be above it."""

SHARES = ("inertia", "least_bend", "expansion")
"""Growth parameters that are parts of a whole."""


def check_settings(config: GrowConfig, profiles: tuple[str, ...]) -> None:
    """Refuse what cannot be grown, before anything is written.

    Raises:
        UserError: Naming the setting, its value and what was expected.
    """
    if config.count < 1:
        raise UserError(f"count is {config.count}. Expected at least 1 eye.")
    if not SMALLEST_PX <= config.image_px <= 2048:
        raise UserError(f"image_px is {config.image_px}. Expected {SMALLEST_PX} to 2048.")
    if not 2 <= config.field_mm <= 12:
        raise UserError(f"field_mm is {config.field_mm}. Expected 2 to 12 mm; scans have 3 or 6.")
    _check_zone(config)
    shares = (config.train, config.validation)
    if not (all(s >= 0 for s in shares) and sum(shares) <= 1):  # so that NaN is refused too
        raise UserError(
            f"train is {config.train} and validation {config.validation}. Expected shares of "
            "patients, not below 0 and not above 1 together."
        )
    if config.profile not in profiles:
        raise UserError(
            f"profile is {config.profile!r}.{did_you_mean(config.profile, profiles)} "
            f"Expected one of {', '.join(profiles)}."
        )
    if config.profile != RANGES and config.lesions != LesionRanges():
        raise UserError(
            f"lesions are set and profile is {config.profile!r}. Expected profile {RANGES!r}: "
            "other profiles draw lesions of their own."
        )
    config.lesions.check()
    if not 0 <= config.variety <= 2:
        raise UserError(f"variety is {config.variety}. Expected 0 to 2.")
    if config.growth.field_mm not in (GrowthConfig().field_mm, config.field_mm):
        raise UserError(
            f"growth.field_mm is {config.growth.field_mm} and field_mm {config.field_mm}. "
            "Expected field_mm alone: it holds for growth and image."
        )
    _check_growth(dataclasses.asdict(config.growth), "growth")


def _check_zone(config: GrowConfig) -> None:
    """Refuse avascular zones that do not fit into the field."""
    mean, sd = config.faz_area_mm2
    if not (mean > 0 and 0 <= sd <= mean / 2):
        raise UserError(
            f"faz_area_mm2 is {list(config.faz_area_mm2)}. Expected a mean above 0 mm² and a "
            "standard deviation of at most half of it."
        )
    largest_mm2 = mean + 2 * sd
    if config.profile == RANGES and config.lesions.faz_enlargement_probability > 0:
        largest_mm2 = max(largest_mm2, config.lesions.faz_area_mm2[1])
    # Lobes reach half as far again as a circle of this area; the fovea itself varies by 0.12 mm.
    reach_mm = 1.5 * math.sqrt(largest_mm2 / math.pi) + 0.12
    room_mm = config.field_mm / 2 - reach_mm
    if not 0 <= config.fovea_shift_mm <= room_mm:
        raise UserError(
            f"the avascular zone, of up to {largest_mm2:.3g} mm² and shifted by up to "
            f"fovea_shift_mm {config.fovea_shift_mm:g}, does not fit into a field_mm of "
            f"{config.field_mm:g}. Expected a shift of 0 to {max(room_mm, 0):.2g} mm and a zone "
            "smaller than the field."
        )


def _check_growth(value: Any, name: str) -> None:
    """Refuse numbers that no growth can have, wherever they stand."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_growth(inner, f"{name}.{key}")
        return
    if isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            _check_growth(inner, f"{name}.{number}")
        return
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        last = name.split(".")[-1]
        least = "0 or more" if last in MAY_BE_ZERO else "more than 0"
        if not math.isfinite(value) or value < 0 or (value == 0 and last not in MAY_BE_ZERO):
            raise UserError(f"{name} is {value}. Expected {least}.")
        if last in SHARES and value > 1:
            raise UserError(f"{name} is {value}. Expected a share, 0 to 1.")
