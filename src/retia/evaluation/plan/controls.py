"""Controls: does the answer change when the image says nothing, or is somebody else's?"""

from collections.abc import Sequence

import numpy as np

from retia.records import Case


def blank(image: np.ndarray) -> np.ndarray:
    """An image of the same size, everywhere of the mean brightness (or colour) of this one.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
    """
    import cv2

    channels = 1 if image.ndim == 2 else image.shape[2]
    empty = np.empty_like(image)
    empty[...] = np.round(cv2.mean(image)[:channels])
    return empty


def label_of(case: Case) -> str:
    """What a foreign image should differ in: the stage, the phase of an operation, or the organ."""
    return case.stage or case.labels.get("phase") or case.labels.get("organ") or ""


def foreign_images(cases: Sequence[Case], pool: Sequence[Case], seed: int) -> list[Case] | None:
    """Choose for every case the case whose image it is shown.

    The images of the cases are dealt out anew where that can be done (see `derange`). With too few
    groups, such as a single video, they are drawn from other groups of the pool.

    Args:
        cases: Those asked about, each once.
        pool: All cases of the same modality, of any split.
        seed: Of the draw.

    Returns:
        One a case, never of its own group; None where the pool holds a single group.
    """
    partner = derange(cases, seed)
    if partner is not None:
        return [cases[i] for i in partner]
    rng = np.random.default_rng(seed)
    shown = []
    for case in cases:
        others = [other for other in pool if other.group != case.group]
        unlike = [other for other in others if label_of(other) != label_of(case)]
        if not others:
            return None
        choice = unlike or others
        shown.append(choice[int(rng.integers(len(choice)))])
    return shown


def derange(cases: Sequence[Case], seed: int) -> list[int] | None:
    """Give every case the image of another group, and of another label where there are enough.

    The label is the stage, the phase or the organ. The result is a permutation: every image is
    used once. All cases are laid out by label, shuffled within, and turned by the size of the
    largest; cases that then meet their own group swap.

    Returns:
        Per case the index of the case whose image it is shown, or None when that cannot be done
        (too few groups).
    """
    count = len(cases)
    rng = np.random.default_rng(seed)
    labels = [label_of(c) for c in cases]
    order = sorted(rng.permutation(count).tolist(), key=lambda i: labels[i])
    largest = max((labels.count(s) for s in set(labels)), default=0)
    shift = largest % count if count else 0
    partner = [0] * count
    for place, case in enumerate(order):
        partner[case] = order[(place + (shift or 1)) % count]
    return _repaired(partner, [c.group for c in cases], labels, rng)


def _repaired(
    partner: list[int], groups: list[str], labels: list[str], rng: np.random.Generator
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
            """How many of both keep an image of another label after the swap."""
            mine = labels[partner[other]] != labels[case]
            theirs = labels[partner[case]] != labels[other]
            return mine + theirs

        best = max(candidates, key=kept)
        partner[case], partner[best] = partner[best], partner[case]
    return partner
