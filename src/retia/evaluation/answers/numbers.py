"""Answers that are numbers: how far off, to which side, and how many gave a number at all.

In:  scored answers.
Out: a `NumberRow` each, and numbers per quantity: a question kind with its unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retia.claims.matching import number_in
from retia.evaluation.answers.scores import QuestionRow
from retia.statistics import mean_interval

Settings = dict[str, Any]
"""`resamples`, `level`, `seed` of the intervals."""


@dataclass(frozen=True, kw_only=True)
class NumberRow:
    """One answer to a question for a number."""

    case: str
    question: str
    quantity: str
    """What was asked for, with its unit: `faz_area, mm²`."""
    cluster: str
    true: float
    said: float | None
    """In the unit of the right answer; None where no such number is given."""
    within: bool
    """Whether it lies within the tolerance of the question."""

    @property
    def error(self) -> float | None:
        """Said minus true."""
        return None if self.said is None else self.said - self.true


def number_rows(rows: Sequence[QuestionRow], clusters: Sequence[str]) -> list[NumberRow]:
    """Every answer to a question for a number, read."""
    found = []
    for row, cluster in zip(rows, clusters, strict=True):
        gold = row.item.gold
        if gold.type == "number":
            unit = f", {gold.unit}" if gold.unit else ""
            found.append(
                NumberRow(
                    case=row.item.case.id,
                    question=row.item.question,
                    quantity=f"{row.item.question_kind}{unit}",
                    cluster=cluster,
                    true=float(str(gold.value)),
                    said=number_in(row.said, gold.unit),
                    within=row.right,
                )
            )
    return found


def number_numbers(rows: Sequence[NumberRow], settings: Settings) -> dict[str, dict[str, Any]]:
    """Numbers per quantity; areas and counts are never averaged together.

    An answer without a number has no error; it counts against `answered` and `within_tolerance`,
    so read the errors beside these. `median_error` is what always saying the median of the right
    numbers would be off by, on the same answers: a student no better than that has read nothing.

    Args:
        rows: Of one voice.
        settings: Of the intervals.

    Returns:
        Per quantity `questions` and, with intervals, `answered` (share that gives a number),
        `within_tolerance` (share of all), `absolute_error`, `bias` (mean of said minus true) and
        `median_error`.
    """
    numbers = {}
    for quantity in dict.fromkeys(row.quantity for row in rows):
        own = [row for row in rows if row.quantity == quantity]
        clusters = [row.cluster for row in own]
        given = [row for row in own if row.said is not None]
        true = np.array([row.true for row in given])
        errors = np.array([row.said for row in given], dtype=float) - true
        median = float(np.median([row.true for row in own]))
        within = [row.cluster for row in given]
        numbers[quantity] = {
            "questions": len(own),
            "answered": mean_interval([row.said is not None for row in own], clusters, **settings),
            "within_tolerance": mean_interval([row.within for row in own], clusters, **settings),
            "absolute_error": mean_interval(np.abs(errors), within, **settings),
            "bias": mean_interval(errors, within, **settings),
            "median_error": mean_interval(np.abs(true - median), within, **settings),
        }
    return numbers
