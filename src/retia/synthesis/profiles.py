"""Cohort profiles: which stages and which kinds of lesion a cohort has, and how often.

In:  the name of a profile, a random generator.
Out: stage and grade of an eye.
"""

from dataclasses import dataclass

import numpy as np

from retia.errors import UserError, did_you_mean

ALL_KINDS = frozenset(
    {
        *("capillary_dropout", "microaneurysm", "neovascularization", "irma", "tortuosity"),
        *("faz_enlargement", "faz_irregularity", "calibre_change"),
    }
)
"""Every kind of lesion that can be grown."""

STAGED = (
    ("healthy", None),
    ("npdr", "mild"),
    ("npdr", "moderate"),
    ("npdr", "severe"),
    ("pdr", None),
)
"""Stages with their grades, in the order of a profile's shares."""


@dataclass(frozen=True)
class Profile:
    """Shares of the eyes, in the order of `STAGED`; they sum to 1. And the kinds they may have."""

    shares: tuple[float, float, float, float, float]
    kinds: frozenset[str] = ALL_KINDS


PROFILES = {
    "clinic": Profile((0.30, 0.15, 0.20, 0.15, 0.20)),
    "balanced": Profile((1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 3)),
    "screening": Profile((0.70, 0.17, 0.08, 0.03, 0.02)),
    "dropout_only": Profile((0.25, 0.25, 0.25, 0.25, 0.0), frozenset({"capillary_dropout"})),
    "pdr": Profile((0.0, 0.0, 0.0, 0.2, 0.8)),
}


def read_profile(name: str) -> Profile:
    """Return a profile.

    Raises:
        UserError: If there is none with this name.
    """
    if name not in PROFILES:
        raise UserError(
            f"there is no profile {name!r}.{did_you_mean(name, PROFILES)} "
            f"Known: {', '.join(PROFILES)}."
        )
    return PROFILES[name]


def draw_stage(rng: np.random.Generator, profile: str = "clinic") -> tuple[str, str | None]:
    """Draw stage and grade of an eye; the grade is None outside NPDR.

    Raises:
        UserError: If the profile is unknown.
    """
    return STAGED[int(rng.choice(len(STAGED), p=read_profile(profile).shares))]
