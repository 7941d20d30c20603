"""The effect of a region on an answer, measured against random regions.

    delta_roi    = score(original) - score(region removed)
    delta_random = mean over random regions of score(original) - score(that region removed)
    effect       = delta_roi - delta_random

where `score` is the mean log-probability per token of the answer, teacher-forced. The second line
takes off what any removal of that size would do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from retia.counterfactuals.fills import Fill, remove
from retia.counterfactuals.regions import random_regions
from retia.students.conversation import Question

Scorer = Callable[[Sequence[np.ndarray], Sequence[Question], Sequence[str]], Sequence[float]]
"""Images, questions and answers to one score an answer, as `retia.students.score` gives it."""


@dataclass(frozen=True, kw_only=True)
class Edits:
    """An image, the same without a region, and the same without random regions of that shape."""

    original: np.ndarray
    removed: np.ndarray
    random: tuple[np.ndarray, ...]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What an answer loses, in nats per token."""

    delta_roi: float
    delta_random: float

    @property
    def effect(self) -> float:
        """What the region takes beyond a random one: above 0 where the answer rests on it."""
        return self.delta_roi - self.delta_random


def make_edits(
    image: np.ndarray, mask: np.ndarray, fill: Fill, regions: int, seed: int
) -> Edits | None:
    """Remove a region and, each alone, random regions of its shape.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        mask: The region; bool, shape `(H, W)`.
        fill: How to remove, the same way everywhere.
        regions: Number of random regions.
        seed: Of their places and of the fill.

    Returns:
        None where the region cannot be judged: it is empty, or too large for a random one beside
        it.
    """
    if not mask.any():
        return None
    others = random_regions(image, mask, regions, seed)
    if not others:
        return None
    return Edits(
        original=image,
        removed=remove(image, mask, fill, seed),
        random=tuple(remove(image, r, fill, seed + 1 + i) for i, r in enumerate(others)),
    )


def effects(
    scorer: Scorer,
    edits: Sequence[Edits | None],
    questions: Sequence[Question],
    answers: Sequence[str],
) -> list[Effect | None]:
    """Measure many answers in one call of the scorer.

    Args:
        scorer: Scores answers.
        edits: Per answer, from `make_edits`; the same object may stand several times.
        questions: One an answer.
        answers: The texts whose grounds are sought.

    Returns:
        One an answer; None where there are no edits.
    """
    rows = [
        (image, question, answer)
        for edit, question, answer in zip(edits, questions, answers, strict=True)
        if edit is not None
        for image in (edit.original, edit.removed, *edit.random)
    ]
    images, asked, said = zip(*rows, strict=True) if rows else ((), (), ())
    scores = iter(scorer(images, asked, said) if rows else ())
    measured: list[Effect | None] = []
    for edit in edits:
        if edit is None:
            measured.append(None)
            continue
        original, removed = next(scores), next(scores)
        random = np.mean([next(scores) for _ in edit.random])
        measured.append(Effect(delta_roi=original - removed, delta_random=float(original - random)))
    return measured
