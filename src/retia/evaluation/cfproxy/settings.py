"""Settings of the medical-VQA source's protocol: light, so that `--help` is instant."""

from dataclasses import dataclass
from typing import Literal

from retia.counterfactuals.fills import Fill
from retia.errors import UserError
from retia.evaluation.plan.protocols import Protocol

RegionSource = Literal["annotated", "model"]
"""Who says where: the data set's annotators, or the model itself."""

THRESHOLDS = (0.3, 0.4, 0.5, 0.6)
"""Of the caption-question score; the source's own."""


@dataclass(frozen=True, kw_only=True)
class CfproxySettings:
    """How the protocol is run."""

    prompt: Protocol = "own"
    """Wording whose replies are measured further: as in the samples, the answer alone, or caption,
    reasons, box and answer. Accuracy, parse rate and box rate are measured for all three."""
    region: RegionSource | None = None
    """Whose region is removed; left out: the annotated one where there is one, else the box of
    the reply. The source knows `model` only."""
    shrink: float = 0.2
    """Share by which a reply's own box shrinks about its centre, as in the source's main figure; a
    rim of what the box holds stays. Annotated regions are removed whole."""
    fill: Fill = "inpaint"
    """How a region is removed; `inpaint` is the source's, Telea's with a radius of 3 pixels."""
    random_regions: int = 5
    """Random regions of the same shape a question; the source draws one, which may overlap."""
    thresholds: tuple[float, ...] = THRESHOLDS
    """Of the caption-question score."""

    def __post_init__(self) -> None:
        """Refuse settings that cannot work.

        Raises:
            UserError: Naming the field.
        """
        if not 0 <= self.shrink < 1:
            raise UserError(f"shrink is {self.shrink}. It is a share, at least 0 and below 1.")
        if self.random_regions < 1:
            raise UserError(f"random_regions is {self.random_regions}. Expected 1 or more.")
        if any(not 0 <= at <= 1 for at in self.thresholds):
            raise UserError(f"thresholds are {self.thresholds}. Expected numbers in [0, 1].")
