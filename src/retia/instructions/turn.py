"""One question with its answer, typed gold, region and evidence."""

from dataclasses import dataclass

from retia.records import Gold
from retia.records.case import Box


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One question and its answer."""

    question_kind: str
    question: str
    answer: str
    gold: Gold
    roi_px: Box | None = None
    evidence: tuple[tuple[str, ...], ...] = ()
