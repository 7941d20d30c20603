"""Frames of a video in their order."""

import itertools
from collections.abc import Sequence

from retia.records import Case


def adjacent(cases: Sequence[Case]) -> list[tuple[int, int]]:
    """Places of frames that follow each other in a video, among those that were asked about.

    A frame that was asked about more than once stands for its first time; frames without a time
    follow nothing.
    """
    first = {case.id: place for place, case in reversed(list(enumerate(cases)))}
    timed = [(cases[p].group, cases[p].time_s or 0.0, p) for p in first.values()]
    timed = sorted(entry for entry in timed if cases[entry[2]].time_s is not None)
    return [(a[2], b[2]) for a, b in itertools.pairwise(timed) if a[0] == b[0]]
