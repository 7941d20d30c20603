"""Controls: does the answer change when the image says nothing, or is somebody else's?"""

from collections.abc import Sequence

import numpy as np

from retia.records import Case


def blank(image: np.ndarray) -> np.ndarray:
    """An image of the same size, everywhere as bright as the mean of this one."""
    return np.full_like(image, round(float(image.mean())))


def derange(cases: Sequence[Case], seed: int) -> list[int] | None:
    """Give every case the image of another group, and of another stage where there are enough.

    The result is a permutation: every image is used once. All cases are laid out by stage, shuffled
    within, and turned by the size of the largest stage; cases that then meet their own group swap.

    Returns:
        Per case the index of the case whose image it is shown, or None when that cannot be done
        (too few groups).
    """
    count = len(cases)
    rng = np.random.default_rng(seed)
    stages = [str(c.stage) for c in cases]
    order = sorted(rng.permutation(count).tolist(), key=lambda i: stages[i])
    largest = max((stages.count(s) for s in set(stages)), default=0)
    shift = largest % count if count else 0
    partner = [0] * count
    for place, case in enumerate(order):
        partner[case] = order[(place + (shift or 1)) % count]
    return _repaired(partner, [c.group for c in cases], stages, rng)


def _repaired(
    partner: list[int], groups: list[str], stages: list[str], rng: np.random.Generator
) -> list[int] | None:
    for case in range(len(partner)):
        if groups[partner[case]] != groups[case]:
            continue
        candidates = [
            other
            for other in rng.permutation(len(partner)).tolist()
            if groups[partner[other]] != groups[case] and groups[partner[case]] != groups[other]
        ]
        if not candidates:
            return None

        def kept(other: int, case: int = case) -> int:
            """How many of both keep an image of another stage after the swap."""
            mine = stages[partner[other]] != stages[case]
            theirs = stages[partner[case]] != stages[other]
            return mine + theirs

        best = max(candidates, key=kept)
        partner[case], partner[best] = partner[best], partner[case]
    return partner
