"""Two runs on the same items: who is right more often, and is that more than luck?

In:  the scored answers of both.
Out: a `Pair`: per part, condition and kind of question the paired difference with its interval,
and McNemar's exact test. Items of one run only are counted and named, never dropped in silence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from retia.evaluation.answers.predictions import CONDITIONS
from retia.evaluation.answers.table import AnswerRow
from retia.statistics import Interval, balanced_accuracy, mean_interval, paired_difference
from retia.statistics.significance import holm, mcnemar

ALL = "all"
"""Stands for every kind of question together."""
NAMED = 3
"""So many items are named where something is counted."""
Settings = dict[str, Any]
"""`resamples`, `level`, `seed` of the intervals."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One table row: items that both runs answered."""

    part: str
    condition: str
    kind: str
    """Kind of question; `all` for all of the part."""
    items: int
    groups: int
    reference: Interval
    """Share right of the reference."""
    other: Interval
    difference: Interval
    """The other minus the reference, paired by item."""
    balanced_difference: Interval | None
    """The same of the balanced accuracy; of the stage only."""
    won: int
    """Items that the other alone has right."""
    lost: int
    """Items that the reference alone has right."""
    p: float
    """McNemar, exact; takes items as independent."""
    p_corrected: float
    """After Holm, over the rows of the same table."""


@dataclass(frozen=True, kw_only=True)
class Unpaired:
    """Items that could not be compared."""

    why: str
    condition: str
    count: int
    first: tuple[str, ...]
    """`case: question` of the first few."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One run held against the reference."""

    reference: str
    other: str
    overall: list[Compared]
    """Per part and condition."""
    kinds: list[Compared]
    """Per part and kind of question, on the real image."""
    unpaired: list[Unpaired]


def compare_answers(
    reference: tuple[str, Sequence[AnswerRow]],
    other: tuple[str, Sequence[AnswerRow]],
    settings: Settings,
) -> Pair:
    """Hold the answers of one run against those of another, item by item.

    Args:
        reference: Name and answers.
        other: Name and answers; positive differences speak for it.
        settings: Of the intervals.

    Returns:
        The numbers; both lists are empty when no item is shared.
    """
    # What a blind baseline says belongs to the samples, not to a run.
    one, two = (
        {row.key: row for row in rows if row.condition in CONDITIONS}
        for _, rows in (reference, other)
    )
    shared = [key for key in one if key in two]
    alike = [key for key in shared if (one[key].gold, one[key].group) == _truth(two[key])]
    pairs = [(one[key], two[key]) for key in alike]
    kept = set(alike)
    lost = [
        (f"in {reference[0]} only", [row for key, row in one.items() if key not in two]),
        (f"in {other[0]} only", [row for key, row in two.items() if key not in one]),
        ("another right answer or group", [one[key] for key in shared if key not in kept]),
    ]
    overall = _by(pairs, lambda row: (row.part, row.condition, ALL), settings)
    real = [(a, b) for a, b in pairs if a.condition == "real"]
    kinds = _by(real, lambda row: (row.part, row.condition, row.question_kind), settings)
    return Pair(
        reference=reference[0],
        other=other[0],
        overall=_corrected(overall),
        kinds=_corrected(kinds),
        unpaired=[
            Unpaired(why=why, condition=condition, count=len(own), first=_first(own))
            for why, rows in lost
            for condition in CONDITIONS
            if (own := [row for row in rows if row.condition == condition])
        ],
    )


def _truth(row: AnswerRow) -> tuple[str, str]:
    return row.gold, row.group


def _first(rows: Sequence[AnswerRow]) -> tuple[str, ...]:
    return tuple(f"{row.case}: {row.question}" for row in rows[:NAMED])


def _by(
    pairs: Sequence[tuple[AnswerRow, AnswerRow]],
    key: Callable[[AnswerRow], tuple[str, str, str]],
    settings: Settings,
) -> list[Compared]:
    found: dict[tuple[str, str, str], list[tuple[AnswerRow, AnswerRow]]] = {}
    for pair in pairs:
        found.setdefault(key(pair[0]), []).append(pair)
    return [_compared(names, found[names], settings) for names in sorted(found, key=_order)]


def _order(names: tuple[str, str, str]) -> tuple[bool, str, int, str]:
    """The stage first, each part on its own image first."""
    part, condition, kind = names
    return part != "stage", part, [*CONDITIONS].index(condition), kind


def _compared(
    names: tuple[str, str, str],
    pairs: Sequence[tuple[AnswerRow, AnswerRow]],
    settings: Settings,
) -> Compared:
    part, condition, kind = names
    groups = [a.group for a, _ in pairs]
    one = np.array([a.right for a, _ in pairs])
    two = np.array([b.right for _, b in pairs])
    test = mcnemar(two, one)
    return Compared(
        part=part,
        condition=condition,
        kind=kind,
        items=len(pairs),
        groups=len(set(groups)),
        reference=mean_interval(one, groups, **settings),
        other=mean_interval(two, groups, **settings),
        difference=mean_interval(two.astype(float) - one, groups, **settings),
        balanced_difference=_balanced(pairs, groups, settings) if part == "stage" else None,
        won=test.only_first,
        lost=test.only_second,
        p=test.p,
        p_corrected=test.p,
    )


def _balanced(
    pairs: Sequence[tuple[AnswerRow, AnswerRow]], groups: Sequence[str], settings: Settings
) -> Interval:
    # Which wrong stage was said does not matter here: a right answer is the truth itself.
    truth = np.array([a.gold for a, _ in pairs])
    one = np.array([a.gold if a.right else "" for a, _ in pairs])
    two = np.array([b.gold if b.right else "" for _, b in pairs])
    return paired_difference(balanced_accuracy, [truth, two], [truth, one], groups, **settings)


def _corrected(rows: Sequence[Compared]) -> list[Compared]:
    p_values = holm([row.p for row in rows])
    return [replace(row, p_corrected=p) for row, p in zip(rows, p_values, strict=True)]


def verdict(row: Compared, names: Mapping[str, str]) -> str:
    """One sentence: which of the two is right more often?

    Args:
        row: All items of one part on the real image.
        names: `reference` and `other` as shown to people.
    """
    gap = row.difference
    counts = f"{row.items} items of {row.groups} groups"
    if gap.low is None or gap.high is None:
        return f"{counts} allow no verdict: {gap.note}."
    if gap.low <= 0 <= gap.high:
        return f"No difference is shown on {counts}: {gap}."
    better = names["other"] if gap.low > 0 else names["reference"]
    return f"{better} is right more often on {counts}: difference {gap}."
