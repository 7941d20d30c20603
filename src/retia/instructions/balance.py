"""Yes-or-no questions of which as many are answered yes as no, for every kind and split."""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence

from retia.instructions.facts import LOCATED
from retia.records import Case
from retia.runs import item_seed

SHARE = 0.6
"""Share of the eyes that are given a yes-or-no question: other question kinds need room too."""


def known_lesions(case: Case) -> dict[str, bool]:
    """Lesions that can be asked for one by one, and whether they are there."""
    there = {f.kind for f in case.findings}
    return {k: k in there for k in LOCATED if k in there or k in case.looked_for}


def plan_presence(
    cases: Sequence[Case],
    seed: int,
    known: Callable[[Case], dict[str, bool]] = known_lesions,
    share: float = SHARE,
) -> dict[str, list[tuple[str, bool]]]:
    """Choose for each case which kinds to ask for, and so which answer is right.

    Per kind and split, yes and no never differ by more than 1: knowing the question alone gives
    nothing away. Cases that would tip the balance are given none.

    Args:
        cases: Of one modality.
        seed: Base seed.
        known: What can be asked for of a case, and whether it is there.
        share: Share of the cases that are asked at all.

    Returns:
        Per case id, pairs of kind and whether it is there.
    """
    plan: dict[str, list[tuple[str, bool]]] = {case.id: [] for case in cases}
    lead: Counter[tuple[str | None, str]] = Counter()
    asked: Counter[tuple[str | None, str]] = Counter()
    order = sorted(cases, key=lambda c: item_seed(seed, f"{c.id}/presence"))
    for case in order[: math.ceil(share * len(order))]:
        rng = random.Random(item_seed(seed, f"{case.id}/presence/kind"))
        options = [
            (abs(lead[case.split, k] + sign), asked[case.split, k], rng.random(), k, there)
            for k, there in known(case).items()
            for sign in [1 if there else -1]
        ]
        if not options:
            continue
        imbalance, _, _, kind, present = min(options)
        if imbalance <= 1:
            plan[case.id].append((kind, present))
            lead[case.split, kind] += 1 if present else -1
            asked[case.split, kind] += 1
    return plan
