"""The disease of one eye: which lesions, how many, how severe, for a target stage.

In:  a stage and grade, a random generator.
Out: `Disease`, numbers only; `synthesis/eye.py` makes the lesions.

Ranges overlap on purpose: no single number (vessel density, FAZ area, count) tells the stage.
"""

from dataclasses import dataclass

import numpy as np

from retia.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Disease:
    """What is wished for an eye; places that do not exist are left out."""

    dropout: tuple[tuple[float, float], ...] = ()
    """Each region's (radius in mm, grade in [0, 1])."""
    microaneurysms: int = 0
    tufts: tuple[float, ...] = ()
    """Diameter of each neovascular tuft in mm."""
    faz_area_mm2: float | None = None
    """Area of an enlarged FAZ; None keeps the healthy one."""


def draw_disease(rng: np.random.Generator, stage: str, grade: str | None) -> Disease:
    """Draw the lesions of an eye.

    Args:
        rng: Source of all draws.
        stage: `healthy`, `npdr` or `pdr`.
        grade: `mild`, `moderate` or `severe` for `npdr`; else ignored.

    Returns:
        What to make.

    Raises:
        UserError: If stage or grade is unknown.
    """
    if stage == "healthy":
        return Disease()
    if stage == "pdr":
        return Disease(
            dropout=_regions(rng, rng.integers(1, 4), (0.24, 0.46), (0.45, 1.0)),
            microaneurysms=int(rng.integers(0, 7)),
            tufts=tuple(rng.uniform(0.26, 0.6, rng.choice([1, 2, 3], p=[0.5, 0.33, 0.17]))),
            faz_area_mm2=_wide_faz(rng, 0.4),
        )
    if stage != "npdr" or grade not in ("mild", "moderate", "severe"):
        raise UserError(
            f"stage {stage!r} with grade {grade!r} cannot be grown. Expected healthy, pdr, "
            "or npdr with mild, moderate or severe."
        )
    if grade == "mild":
        return Disease(
            dropout=_regions(rng, rng.integers(0, 2), (0.22, 0.34), (0.3, 0.42)),
            microaneurysms=int(rng.integers(1, 6)),
        )
    if grade == "moderate":
        return Disease(
            dropout=_regions(rng, rng.integers(1, 3), (0.24, 0.36), (0.6, 0.9)),
            microaneurysms=int(rng.integers(1, 9)),
            faz_area_mm2=_wide_faz(rng, 0.25),
        )
    return Disease(
        dropout=_regions(rng, rng.integers(3, 5), (0.3, 0.46), (0.5, 1.0)),
        microaneurysms=int(rng.integers(2, 11)),
        faz_area_mm2=_wide_faz(rng, 0.4),
    )


def _regions(
    rng: np.random.Generator,
    count: int | np.integer,
    radius_mm: tuple[float, float],
    grade: tuple[float, float],
) -> tuple[tuple[float, float], ...]:
    return tuple((float(rng.uniform(*radius_mm)), float(rng.uniform(*grade))) for _ in range(count))


def _wide_faz(rng: np.random.Generator, chance: float) -> float | None:
    area, drawn = float(rng.uniform(0.48, 0.85)), rng.random() < chance
    return area if drawn else None
