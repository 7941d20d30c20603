"""The disease of one eye: which lesions, how many, how severe, for a target stage.

In:  a stage and grade, a cohort profile, a random generator.
Out: `Disease`, numbers only; `synthesis/pathology/` makes the lesions.

Ranges overlap on purpose: no single number (vessel density, FAZ area, count) tells the stage.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from retia.errors import UserError, did_you_mean

CALIBRE_FORMS = ("dilation", "beading", "narrowing")


@dataclass(frozen=True, kw_only=True)
class Disease:
    """What is wished for an eye; what finds no place is left out. `Disease()` is healthy.

    All grades lie in [0, 1]; a grade of 0 is the mildest form that can be seen.

    Raises:
        UserError: If a grade is not in [0, 1], a size not above 0, a count below 0 or a form of
            calibre unknown.
    """

    dropout: tuple[tuple[float, float], ...] = ()
    """Each region's (radius in mm, grade); see `pathology.dropout.target_ratio`."""
    microaneurysms: int = 0
    tufts: tuple[float, ...] = ()
    """Diameter of each neovascular tuft in mm; needs dropout."""
    irma: tuple[float, ...] = ()
    """Grade of each channel; needs dropout."""
    tortuosity: tuple[float, ...] = ()
    """Grade of each winding vessel; see `pathology.tortuosity.times_longer`."""
    calibre: tuple[tuple[str, float], ...] = ()
    """Each changed vessel's (one of `CALIBRE_FORMS`, grade)."""
    faz_area_mm2: float | None = None
    """Area of an enlarged FAZ; None keeps the healthy one."""
    faz_irregularity: float | None = None
    """Grade of its notches; None for none."""

    def __post_init__(self) -> None:
        """Refuse what cannot be made."""
        _check_grades("dropout", [grade for _, grade in self.dropout])
        _check_grades("irma", self.irma)
        _check_grades("tortuosity", self.tortuosity)
        _check_grades("calibre", [grade for _, grade in self.calibre])
        _check_grades("faz_irregularity", _one(self.faz_irregularity))
        _check_sizes("dropout", "radius", [radius for radius, _ in self.dropout])
        _check_sizes("tufts", "diameter", self.tufts)
        _check_sizes("faz_area_mm2", "area", _one(self.faz_area_mm2))
        if self.microaneurysms < 0:
            raise UserError(f"microaneurysms is {self.microaneurysms}. Expected 0 or more.")
        for form, _ in self.calibre:
            if form not in CALIBRE_FORMS:
                raise UserError(
                    f"calibre has the form {form!r}.{did_you_mean(form, CALIBRE_FORMS)} "
                    f"Expected one of {', '.join(CALIBRE_FORMS)}."
                )


def _one(value: float | None) -> tuple[float, ...]:
    return () if value is None else (value,)


def _check_grades(name: str, grades: Any) -> None:
    for grade in grades:
        if not 0 <= grade <= 1:
            raise UserError(f"{name} has the grade {grade}. Expected 0 to 1.")


def _check_sizes(name: str, what: str, sizes: Any) -> None:
    for size in sizes:
        if not 0 < size < math.inf:
            raise UserError(f"{name} has the {what} {size}. Expected a number above 0.")


def draw_disease(
    rng: np.random.Generator, stage: str, grade: str | None, profile: str = "clinic"
) -> Disease:
    """Draw the lesions of an eye.

    Every stage first gets what makes it that stage, then what may come along.

    Args:
        rng: Source of all draws.
        stage: `healthy`, `npdr` or `pdr`.
        grade: `mild`, `moderate` or `severe` for `npdr`; else ignored.
        profile: One of `profiles.PROFILES`; `dropout_only` draws no other lesion.

    Returns:
        What to make.

    Raises:
        UserError: If stage, grade or profile is unknown, or the profile has no such eyes.
    """
    from retia.synthesis.profiles import read_profile

    kinds = read_profile(profile).kinds
    named = {"healthy": "healthy", "pdr": "pdr", "npdr": grade}.get(stage)
    if named not in _MAKERS:
        raise UserError(
            f"stage {stage!r} with grade {grade!r} cannot be grown. Expected healthy, pdr, "
            "or npdr with mild, moderate or severe."
        )
    if named == "pdr" and "neovascularization" not in kinds:
        raise UserError(f"profile {profile!r} has no lesion that makes an eye PDR.")
    return _MAKERS[named](rng, kinds)


def _healthy(rng: np.random.Generator, kinds: frozenset[str]) -> Disease:
    return Disease()


def _mild(rng: np.random.Generator, kinds: frozenset[str]) -> Disease:
    """At most 5 microaneurysms, only mild dropout: often no more than one of them."""
    wish = _company(rng, kinds, winding=0.25, changed=0.12, wide=0.12, notched=0.2, faz_mm2=0.62)
    if "microaneurysm" in kinds:
        sacs = rng.choice(6, p=[0.15, 0.33, 0.2, 0.14, 0.1, 0.08])
        wish |= {"microaneurysms": int(sacs)}
    only = not any(wish.values())
    if rng.random() < (1.0 if only and "microaneurysm" not in kinds else 0.4):
        wish |= {"dropout": _regions(rng, int(rng.integers(1, 3)), (0.2, 0.37), (0.0, 0.33))}
    elif only:
        wish |= {"microaneurysms": 1}
    return Disease(**wish)


def _moderate(rng: np.random.Generator, kinds: frozenset[str]) -> Disease:
    """Graded dropout, or many microaneurysms, or a faint IRMA, or a very large FAZ."""
    wish = _company(rng, kinds, winding=0.35, changed=0.2, wide=0.2, notched=0.3, faz_mm2=0.68)
    reasons = {
        "capillary_dropout": 0.5,
        "microaneurysm": 0.32,
        "irma": 0.1,
        "faz_enlargement": 0.08,
    }
    reason = _choice(rng, {kind: share for kind, share in reasons.items() if kind in kinds})
    mild = _regions(rng, int(rng.integers(1, 3)), (0.22, 0.37), (0.0, 0.33))
    if reason == "capillary_dropout":
        wish["dropout"] = (
            *_regions(rng, 1, (0.24, 0.4), (0.45, 1.0)),
            *_regions(rng, int(rng.integers(0, 2)), (0.22, 0.34), (0.0, 0.9)),
        )
    elif reason == "irma" or rng.random() < 0.6:
        wish["dropout"] = mild
    if "microaneurysm" in kinds:
        few, many = (7, 16) if reason == "microaneurysm" else (0, 9)
        wish["microaneurysms"] = int(rng.integers(few, many))
    if reason == "irma":
        wish["irma"] = (float(rng.uniform(0.0, 0.05)),)
    if reason == "faz_enlargement":
        wish["faz_area_mm2"] = float(rng.uniform(0.72, 0.9))
    return Disease(**wish)


def _severe(rng: np.random.Generator, kinds: frozenset[str]) -> Disease:
    """Dropout of more than 1 mm² in all, or prominent IRMA beside less of it."""
    wish = _advanced(rng, kinds)
    reason = _choice(rng, {"area": 0.6} | ({"irma": 0.4} if "irma" in kinds else {}))
    if reason == "area":
        wish["dropout"] = _large_regions(rng)
    else:
        wish["dropout"] = _regions(rng, int(rng.integers(1, 3)), (0.28, 0.42), (0.1, 0.9))
        wish["irma"] = tuple(rng.uniform(0.6, 1.0, rng.integers(1, 4)).tolist())
    return Disease(**wish)


def _pdr(rng: np.random.Generator, kinds: frozenset[str]) -> Disease:
    """Tufts at the border of dropout, which may be little or much."""
    wish = _advanced(rng, kinds)
    few = _regions(rng, int(rng.integers(1, 4)), (0.22, 0.42), (0.1, 1.0))
    wish["dropout"] = _large_regions(rng) if rng.random() < 0.35 else few
    count = rng.choice([1, 2, 3], p=[0.5, 0.33, 0.17])
    wish["tufts"] = tuple(rng.uniform(0.24, 0.6, count).tolist())
    if "irma" in kinds and rng.random() < 0.4:
        wish["irma"] = tuple(rng.uniform(0.0, 1.0, rng.integers(1, 3)).tolist())
    return Disease(**wish)


_MAKERS = {
    "healthy": _healthy,
    "mild": _mild,
    "moderate": _moderate,
    "severe": _severe,
    "pdr": _pdr,
}


def _advanced(rng: np.random.Generator, kinds: frozenset[str]) -> dict[str, Any]:
    """What comes along with severe NPDR and with PDR."""
    wish = _company(rng, kinds, winding=0.5, changed=0.4, wide=0.35, notched=0.4, faz_mm2=0.9)
    if "microaneurysm" in kinds:
        wish["microaneurysms"] = int(rng.integers(0, 15))
    return wish


def _company(
    rng: np.random.Generator,
    kinds: frozenset[str],
    *,
    winding: float,
    changed: float,
    wide: float,
    notched: float,
    faz_mm2: float,
) -> dict[str, Any]:
    """Lesions that never make a stage by themselves, each with its chance."""
    wish: dict[str, Any] = {}
    if rng.random() < winding and "tortuosity" in kinds:
        wish["tortuosity"] = tuple(rng.uniform(0.0, 1.0, rng.integers(1, 4)).tolist())
    if rng.random() < changed and "calibre_change" in kinds:
        forms = rng.choice(CALIBRE_FORMS, rng.integers(1, 3))
        wish["calibre"] = tuple((str(form), float(rng.random())) for form in forms)
    if rng.random() < wide and "faz_enlargement" in kinds:
        wish["faz_area_mm2"] = float(rng.uniform(0.45, faz_mm2))
    if rng.random() < notched and "faz_irregularity" in kinds:
        wish["faz_irregularity"] = float(rng.random())
    return wish


def _regions(
    rng: np.random.Generator,
    count: int,
    radius_mm: tuple[float, float],
    grade: tuple[float, float],
) -> tuple[tuple[float, float], ...]:
    return tuple((float(rng.uniform(*radius_mm)), float(rng.uniform(*grade))) for _ in range(count))


def _large_regions(rng: np.random.Generator) -> tuple[tuple[float, float], ...]:
    """Regions of any grade that together cover 1.2 to 2 mm², also where the border cuts some."""
    while True:
        regions = _regions(rng, int(rng.integers(3, 6)), (0.26, 0.48), (0.1, 1.0))
        if 1.2 < sum(math.pi * radius**2 for radius, _ in regions) < 2.0:
            return regions


def _choice(rng: np.random.Generator, shares: dict[str, float]) -> str:
    weights = np.array(list(shares.values()))
    return str(rng.choice(list(shares), p=weights / weights.sum()))
