"""How good the answers to the questions of one modality are, beyond `MEASURES`.

In:  scored answers of one voice.
Out: `AnswerNumbers`: both conventions, numbers, boxes, tools and anatomy.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from retia.evaluation.answers.boxes import box_numbers
from retia.evaluation.answers.conventions import convention_numbers
from retia.evaluation.answers.numbers import number_numbers, number_rows
from retia.evaluation.answers.scores import QuestionRow
from retia.evaluation.answers.things import thing_numbers, thing_rows
from retia.taxonomy import read_vocabulary

Settings = dict[str, Any]
"""`resamples`, `level`, `seed` of the intervals."""


@dataclass(frozen=True, kw_only=True)
class AnswerNumbers:
    """Numbers that only some questions have; empty or None where none of these was asked."""

    conventions: dict[str, dict[str, Any]]
    """`closed` and `open` after LLaVA-Med and strictly, see `convention_numbers`."""
    quantities: dict[str, dict[str, Any]]
    """Per quantity, see `number_numbers`."""
    boxes: dict[str, Any] | None
    """See `box_numbers`."""
    things: dict[str, dict[str, Any]]
    """Of surgical frames `tool` and `anatomy`, see `thing_numbers`."""

    def as_json(self) -> dict[str, Any]:
        """All numbers, intervals as dictionaries."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The headline numbers for people."""
        lines = []
        for sort, own in self.conventions.items():
            lines.append(f"  {sort} questions, LLaVA-Med: {own['llava_med']}")
            lines.append(f"  {sort} questions, strict: {own['strict']}")
        for quantity, own in self.quantities.items():
            lines.append(f"  {quantity.replace('_', ' ')}, absolute error: {own['absolute_error']}")
            lines.append(f"  {quantity.replace('_', ' ')}, bias: {own['bias']}")
        if self.boxes is not None:
            lines.append(f"  boxes, mAP at .5: {self.boxes['mean_average_precision']}")
        return lines


def answer_numbers(
    rows: Sequence[QuestionRow], clusters: Sequence[str], settings: Settings
) -> AnswerNumbers:
    """Measure the answers of one voice to the questions of one modality.

    Args:
        rows: At least one.
        clusters: What the intervals resample, one a row (`question_audit.clusters_of`).
        settings: Of the intervals.
    """
    surgical = bool(read_vocabulary(rows[0].item.case.modality).phases)
    return AnswerNumbers(
        conventions=convention_numbers(rows, clusters, settings),
        quantities=number_numbers(number_rows(rows, clusters), settings),
        boxes=box_numbers(rows, clusters, settings),
        things=thing_numbers(thing_rows(rows, clusters), settings) if surgical else {},
    )
