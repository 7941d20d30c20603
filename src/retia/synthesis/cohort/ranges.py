"""Chances and ranges of the lesions, for cohorts that follow no profile.

In:  ranges as the recipes of other simulators state them.
Out: the `Disease` of one eye; its stage is then that of the lesions it got.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retia.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from retia.synthesis.disease import Disease

RANGES = "ranges"
"""The profile that draws from these ranges."""


@dataclass(frozen=True, kw_only=True)
class LesionRanges:
    """Each range is (least, most); both are drawn evenly in between."""

    dropout_probability: float = 0.5
    """Chance that an eye has capillary dropout."""
    dropout_count: tuple[int, int] = (1, 6)
    """Regions of dropout in an eye that has any."""
    dropout_radius_mm: tuple[float, float] = (0.3, 0.5)
    """Radius of the first, largest region."""
    dropout_smaller: tuple[float, float] = (0.5, 0.9)
    """Radius of the other regions, as a share of the least radius of the first."""
    dropout_grade: tuple[float, float] = (0.2, 1.0)
    """0 leaves nearly all capillaries, 1 closes all."""
    microaneurysm_probability: float = 0.5
    """Chance that an eye has microaneurysms."""
    microaneurysm_count: tuple[int, int] = (1, 10)
    """Microaneurysms in an eye that has any."""
    microaneurysm_needs_dropout: bool = True
    """Eyes without dropout get none."""
    neovascularization_probability: float = 0.4
    """Chance of new vessels; they grow at the border of dropout alone."""
    neovascularization_count: tuple[int, int] = (1, 2)
    """Tufts in an eye that has any."""
    neovascularization_diameter_mm: tuple[float, float] = (0.26, 0.6)
    """Diameter of a tuft."""
    irma_probability: float = 0.0
    """Chance of IRMA; they too need dropout."""
    irma_count: tuple[int, int] = (1, 2)
    """Channels in an eye that has any."""
    irma_grade: tuple[float, float] = (0.2, 1.0)
    """How wide and winding they are."""
    tortuosity_probability: float = 0.5
    """Chance of winding vessels."""
    tortuosity_count: tuple[int, int] = (1, 3)
    """Winding vessels in an eye that has any."""
    tortuosity_grade: tuple[float, float] = (0.0, 1.0)
    """How much they wind."""
    calibre_probability: float = 0.0
    """Chance of vessels of changed calibre."""
    calibre_count: tuple[int, int] = (1, 2)
    """Such vessels in an eye that has any."""
    calibre_grade: tuple[float, float] = (0.2, 1.0)
    """How much the calibre has changed."""
    faz_enlargement_probability: float = 0.0
    """Chance that the avascular zone is enlarged."""
    faz_area_mm2: tuple[float, float] = (0.48, 0.85)
    """Area of an enlarged avascular zone."""
    faz_irregularity_probability: float = 0.0
    """Chance of notches in its rim."""
    faz_irregularity_grade: tuple[float, float] = (0.2, 1.0)
    """How deep the notches are."""

    def check(self) -> None:
        """Refuse chances and ranges that are none.

        Raises:
            UserError: Naming the setting, its value and what was expected.
        """
        for field in dataclasses.fields(self):
            value, name = getattr(self, field.name), f"lesions.{field.name}"
            if field.name.endswith("_probability"):
                if not 0 <= value <= 1:
                    raise UserError(f"{name} is {value}. Expected a probability, 0 to 1.")
            elif isinstance(value, tuple):
                low, high = value
                top = 1.0 if field.name.endswith(("_grade", "_smaller")) else math.inf
                if not 0 <= low <= high <= top or not math.isfinite(high):
                    limit = "1" if top == 1 else "more"
                    raise UserError(
                        f"{name} is {list(value)}. Expected a least and a most, 0 to {limit}, the "
                        "least first."
                    )

    def draw(self, rng: "np.random.Generator") -> "Disease":
        """Draw the lesions of one eye."""
        from retia.synthesis.disease import CALIBRE_FORMS, Disease

        def number(of: tuple[int, int]) -> int:
            return int(rng.integers(of[0], of[1] + 1))

        def drawn(of: tuple[float, float]) -> float:
            return float(rng.uniform(*of))

        def several(name: str, of: tuple[float, float], wanted: bool = True) -> tuple[float, ...]:
            count = number(getattr(self, f"{name}_count"))
            return tuple(drawn(of) for _ in range(count)) if has[name] and wanted else ()

        # Every chance is drawn for every eye: one setting never shifts the chances of another.
        has = {
            name.removesuffix("_probability"): chance < getattr(self, name)
            for name, chance in zip(_CHANCES, rng.random(len(_CHANCES)), strict=True)
        }
        dropout = []
        for region in range(number(self.dropout_count) if has["dropout"] else 0):
            least = self.dropout_radius_mm[0]
            first = region == 0
            radius = drawn(self.dropout_radius_mm) if first else least * drawn(self.dropout_smaller)
            dropout.append((radius, drawn(self.dropout_grade)))
        bare = not dropout
        sacs = has["microaneurysm"] and not (bare and self.microaneurysm_needs_dropout)
        forms = rng.choice(CALIBRE_FORMS, len(CALIBRE_FORMS), replace=True)
        grades = several("calibre", self.calibre_grade)
        return Disease(
            dropout=tuple(dropout),
            microaneurysms=number(self.microaneurysm_count) if sacs else 0,
            tufts=several("neovascularization", self.neovascularization_diameter_mm, not bare),
            irma=several("irma", self.irma_grade, not bare),
            tortuosity=several("tortuosity", self.tortuosity_grade),
            calibre=tuple((str(forms[i % len(forms)]), grade) for i, grade in enumerate(grades)),
            faz_area_mm2=drawn(self.faz_area_mm2) if has["faz_enlargement"] else None,
            faz_irregularity=(
                drawn(self.faz_irregularity_grade) if has["faz_irregularity"] else None
            ),
        )


_CHANCES = tuple(
    f.name for f in dataclasses.fields(LesionRanges) if f.name.endswith("_probability")
)
