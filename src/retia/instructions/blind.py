"""How many questions a majority baseline answers from their words alone.

In:  samples, one by one; nothing of them is kept but counts.
Out: per question kind the share of right answers on the test split.

The baseline learns the best answer to every question text on the training split; numbers in a
question (boxes) count as equal. Where it never met a text, the best answer of its kind. It is the
floor of every score: a set whose floor is high can be answered without the image.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from retia.claims import box_in, iou, normalised
from retia.records import Gold, Sample
from retia.runs import item_seed

_DIGITS = re.compile(r"\d+")
MOST_GUESSES = 200
"""Most numbers tried as the best answer to one question."""


class _Right(NamedTuple):
    """A right answer, small enough to be counted by the thousand."""

    type: str
    value: str | float | tuple[str, ...]
    slack: float


class BlindBaseline:
    """Counts of answers by question; samples are added one by one."""

    def __init__(self) -> None:
        """Begin without any sample."""
        self._learnt: dict[tuple[str, str], Counter[_Right]] = defaultdict(Counter)
        self._of_kind: dict[str, Counter[_Right]] = defaultdict(Counter)
        self._asked: Counter[tuple[str, str, _Right]] = Counter()

    def add(self, sample: Sample) -> None:
        """Learn from a sample of the training split, or keep the questions of a test sample."""
        learning = _is_training(sample)
        if learning is None:
            return
        for asked, answer in zip(sample.messages, sample.messages[1:], strict=False):
            if answer.role != "assistant" or answer.gold is None:
                continue
            kind, right = answer.question_kind or answer.gold.type, _right(answer.gold)
            text = _DIGITS.sub("#", normalised(asked.text))
            if learning:
                self._learnt[kind, text][right] += 1
                self._of_kind[kind][right] += 1
            else:
                self._asked[kind, text, right] += 1

    def accuracy(self) -> dict[str, dict[str, float]]:
        """Per question kind `accuracy` and `n`; kinds without a test question are left out."""
        guesses: dict[tuple[str, str], _Right | None] = {}
        right: Counter[str] = Counter()
        count: Counter[str] = Counter()
        for (kind, text, true), times in self._asked.items():
            if (kind, text) not in guesses:
                learnt = self._learnt.get((kind, text)) or self._of_kind.get(kind)
                guesses[kind, text] = _best(learnt) if learnt else None
            guess = guesses[kind, text]
            count[kind] += times
            right[kind] += times if guess is not None and _agree(guess, true) else 0
        return {
            kind: {"accuracy": round(right[kind] / n, 4), "n": n}
            for kind, n in sorted(count.items())
        }


def blind_accuracy(samples: Iterable[Sample]) -> dict[str, Any]:
    """Accuracy of the question-only majority baseline by question kind; one pass over samples."""
    baseline = BlindBaseline()
    for sample in samples:
        baseline.add(sample)
    return baseline.accuracy()


def _is_training(sample: Sample) -> bool | None:
    """Whether a sample is learnt from; None where it is neither that nor tested.

    Without splits one half of the groups, drawn by their name, is learnt from.
    """
    if sample.split is None:
        return item_seed(0, sample.group) % 2 == 0
    return {"train": True, "test": False}.get(sample.split)


def _right(gold: Gold) -> _Right:
    if gold.type == "number":
        return _Right("number", float(str(gold.value)), gold.tolerance or 0.0)
    if gold.type == "box":
        return _Right("box", str(gold.value), 0.5 if gold.tolerance is None else gold.tolerance)
    if isinstance(gold.value, tuple):
        return _Right(gold.type, tuple(sorted(gold.value)), 0.0)
    return _Right(gold.type, normalised(str(gold.value)), 0.0)


def _agree(guess: _Right, true: _Right) -> bool:
    if guess.type != true.type:
        return False
    if true.type == "number":
        return abs(float(str(guess.value)) - float(str(true.value))) <= true.slack + 1e-9
    if true.type == "box":
        said, box = box_in(f"[{guess.value}]"), box_in(f"[{true.value}]")
        return said is not None and box is not None and iou(said, box) >= true.slack
    return guess.value == true.value


def _best(learnt: Counter[_Right]) -> _Right:
    """The answer that is right most often among those learnt; the first of equals."""
    frequent = [right for right, _ in learnt.most_common(MOST_GUESSES)]
    if frequent[0].type not in ("number", "box"):
        return frequent[0]
    known = learnt.most_common(5 * MOST_GUESSES)
    return max(frequent, key=lambda g: sum(n for true, n in known if _agree(g, true)))
