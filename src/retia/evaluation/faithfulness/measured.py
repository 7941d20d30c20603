"""What one probe measured: scores in nats per token, and what was answered when asked again.

A record: one line of `counterfactuals.jsonl`.
"""

from dataclasses import dataclass, field

from retia.evaluation.faithfulness.probes import Probe
from retia.records.record import record

NO_SCORES = "this predictor offers no scores"
NO_ROOM = "no room for random regions beside it"


@record
class FillScores:
    """The score of the answer once something is gone."""

    removed: float
    """Without the region."""
    random: tuple[float, ...]
    """Without each of the random ones."""


@record
class Dose:
    """The same for a part of the region, and as large parts of random ones."""

    share: float
    removed: float
    random: tuple[float, ...]


@record
class Measured:
    """One probe. Scores are mean log-probabilities a token of the answer, teacher-forced."""

    key: str
    area_share: float
    """Of the image."""
    reason: str | None = None
    """Why there are no scores."""
    original: float | None = None
    again: float | None = None
    """The same image once more."""
    noise: float | None = None
    """With noise of one grey level."""
    fills: dict[str, FillScores] = field(default_factory=dict)
    """By fill; `twin` against transplanted tissue, `other twin` against the twin that lacks
    another finding."""
    kept: FillScores | None = None
    """Nothing but the region, and nothing but each random one."""
    doses: tuple[Dose, ...] = ()
    """Under the main fill; the full dose is the fill itself."""
    main: str | None = None
    """The main fill."""
    seed: int = 0
    """Of the region's fill; random regions count on from it."""
    asked: str | None = None
    """How the region was removed when the model was asked again."""
    answers: dict[str, str] = field(default_factory=dict)
    """Greedy answers: `again`, `noise`, `removed`, `random`."""
    troubles: dict[str, str] = field(default_factory=dict)
    """Why there is no such answer."""


@dataclass(frozen=True, kw_only=True)
class ProbeRow:
    """A probe and what it measured."""

    probe: Probe
    measured: Measured

    def delta(self, score: float) -> float:
        """What the answer lost, in nats per token."""
        assert self.measured.original is not None
        return self.measured.original - score
