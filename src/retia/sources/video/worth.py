"""Which frames are most worth a look: weak labels, unsure ones, and those where phases meet.

In:  the frames of an import, in any order.
Out: their ids, the most worth first.
"""

import itertools
from collections.abc import Sequence

from retia.records import Case

NEAR_CHANGE_S = 10.0
"""A frame so near to a change of phase gains nothing more; at the change itself it gains 1."""
APART_S = 5.0
"""One label tells much of what is so near: those frames come later."""
UNLABELLED, WEAK, MODEL = 0.8, 1.0, 0.4
"""Worth of a frame without labels, with one of its clip only, with one of a model."""


def most_worth(cases: Sequence[Case], most: int) -> list[str]:
    """Choose frames for a person to label.

    Args:
        cases: Frames; what a person labelled is never chosen.
        most: How many at most.
    """
    by_video: dict[str, list[Case]] = {}
    for case in sorted(cases, key=_time_s):
        by_video.setdefault(case.group, []).append(case)
    worth = {
        case.id: worth_of(case, _seconds_to_change(case, changes))
        for own in by_video.values()
        for changes in [changes_s(own)]
        for case in own
    }
    waiting = sorted((c for c in cases if worth[c.id] > 0), key=lambda c: (-worth[c.id], c.id))
    chosen: list[str] = []
    seen: dict[str, list[float]] = {}
    while waiting and len(chosen) < most:
        # First those that are apart from each other; what is left comes round by round.
        later = []
        for case in waiting:
            near = any(abs(_time_s(case) - t) < APART_S for t in seen.get(case.group, []))
            if near or len(chosen) == most:
                later.append(case)
                continue
            chosen.append(case.id)
            seen.setdefault(case.group, []).append(_time_s(case))
        waiting, seen = later, {}
    return chosen


def worth_of(case: Case, to_change_s: float | None) -> float:
    """How much a look at a frame would tell; 0 where a person has looked, or none is needed.

    Args:
        case: The frame.
        to_change_s: Seconds to the next change of phase; None where there is none.
    """
    sources = set(case.label_sources.values())
    if "manual" in sources:
        return 0.0
    near = 0.0 if to_change_s is None else max(0.0, 1 - to_change_s / NEAR_CHANGE_S)
    if not (case.labels or case.looked_for):
        return UNLABELLED + near
    unsure = 1 - min(case.label_confidences.values(), default=1.0)
    return unsure + near + (WEAK if "weak" in sources else MODEL if "model" in sources else 0.0)


def changes_s(own: Sequence[Case]) -> list[float]:
    """Times halfway between two frames of one video that follow each other with other phases."""
    known = [(_time_s(c), c.labels["phase"]) for c in own if "phase" in c.labels]
    pairs = itertools.pairwise(known)
    return [(before[0] + after[0]) / 2 for before, after in pairs if before[1] != after[1]]


def _seconds_to_change(case: Case, changes: Sequence[float]) -> float | None:
    return min((abs(_time_s(case) - change) for change in changes), default=None)


def _time_s(case: Case) -> float:
    return case.time_s or 0.0
