"""Grades of other people as stages: what each word of a scale means, and nothing beyond it.

In:  a label such as `3` or `Early NPDR`.
Out: stage and grade of the taxonomy; a label that is not on the scale is an error, never a guess.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from retia.errors import UserError, did_you_mean
from retia.taxonomy.surgery import fold


@dataclass(frozen=True, kw_only=True)
class LabelMap:
    """One scale."""

    name: str
    stages: dict[str, tuple[str, str | None]]
    """Label, folded, to stage and grade."""

    def knows(self, label: str) -> bool:
        """Whether a label is on the scale."""
        return fold(label) in self.stages

    def stage_of(self, label: str, where: str) -> tuple[str, str | None]:
        """Stage and grade of a label.

        Args:
            label: As written; case and blanks do not matter.
            where: Begins the error.

        Raises:
            UserError: If it is not on the scale.
        """
        if not self.knows(label):
            raise UserError(
                f"{where}: label {label!r} is not on the scale `{self.name}`."
                f"{did_you_mean(fold(label), self.stages)} Known: {', '.join(self.stages)}."
            )
        return self.stages[fold(label)]


_NAMES: dict[str, tuple[str, str | None]] = {
    "healthy": ("healthy", None),
    "normal": ("healthy", None),
    "no dr": ("healthy", None),
    "mild": ("npdr", "mild"),
    "mild npdr": ("npdr", "mild"),
    "moderate": ("npdr", "moderate"),
    "moderate npdr": ("npdr", "moderate"),
    "severe": ("npdr", "severe"),
    "severe npdr": ("npdr", "severe"),
    "npdr": ("npdr", None),
    "pdr": ("pdr", None),
    "proliferative dr": ("pdr", None),
}
ICDR = LabelMap(
    name="icdr",
    stages={
        "0": ("healthy", None),
        "1": ("npdr", "mild"),
        "2": ("npdr", "moderate"),
        "3": ("npdr", "severe"),
        "4": ("pdr", None),
    },
)
"""International Clinical Diabetic Retinopathy scale (Wilkinson et al. 2003), by number."""
MAPS = {
    "icdr": ICDR,
    # Diabetes without retinopathy is a healthy retina here; early and late name no grade of ICDR.
    "cohort": LabelMap(
        name="cohort",
        stages={
            "healthy": ("healthy", None),
            "dm": ("healthy", None),
            "early npdr": ("npdr", None),
            "late npdr": ("npdr", None),
            "pdr": ("pdr", None),
        },
    ),
    "stage": LabelMap(name="stage", stages=_NAMES),
}


def choose_map(labels: Iterable[str], where: str) -> LabelMap:
    """The first scale that knows every label.

    Raises:
        UserError: If none does.
    """
    labels = sorted(set(labels))
    for scale in MAPS.values():
        if all(map(scale.knows, labels)):
            return scale
    best = max(MAPS.values(), key=lambda scale: sum(map(scale.knows, labels)))
    bad = [label for label in labels if not best.knows(label)]
    raise UserError(
        f"{where}: no scale knows all its labels; `{best.name}` knows most, but not "
        f"{', '.join(map(repr, bad[:5]))}. Known scales: {', '.join(MAPS)}. Pass --scale "
        f"{best.name} to skip such rows, or --scale none to keep the labels as they are."
    )
