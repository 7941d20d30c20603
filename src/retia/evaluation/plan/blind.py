"""Blind baselines: what can be answered without looking, learnt from the training questions.

In:  the training questions of a modality.
Out: per question the majority answer of its kind, and the answer that its words alone suggest.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from retia.claims import box_in, iou, normalised
from retia.evaluation.plan.items import Item
from retia.records import Gold


class Blind:
    """Both baselines, fitted."""

    def __init__(self, training: Sequence[Item]) -> None:
        """Count answers by kind and by question; earlier ones win ties.

        Args:
            training: At least one question.
        """
        by_kind: dict[tuple[str, str], list[Gold]] = defaultdict(list)
        by_type: dict[str, list[Gold]] = defaultdict(list)
        by_question: dict[str, list[Gold]] = defaultdict(list)
        for item in training:
            by_kind[item.question_kind, item.gold.type].append(item.gold)
            by_type[item.gold.type].append(item.gold)
            by_question[normalised(item.question)].append(item.gold)
        self.by_kind = {key: most_frequent(golds) for key, golds in by_kind.items()}
        self.by_type = {key: most_frequent(golds) for key, golds in by_type.items()}
        self.overall = most_frequent([item.gold for item in training])
        self.by_question = {text: most_frequent(golds) for text, golds in by_question.items()}
        self.questions = [(text, frozenset(text.split())) for text in self.by_question]

    def majority(self, item: Item) -> str:
        """The most frequent answer to questions of this kind and type."""
        kind = self.by_kind.get((item.question_kind, item.gold.type))
        return kind or self.by_type.get(item.gold.type) or self.overall

    def question_only(self, item: Item) -> str:
        """The most frequent answer to the same question, else to the most similar one.

        Similar: the largest share of common words (Jaccard). Without a single common word, the
        majority answer.
        """
        text = normalised(item.question)
        if text in self.by_question:
            return self.by_question[text]
        words = frozenset(text.split())
        shares = [len(words & own) / len(words | own) for _, own in self.questions]
        best = int(np.argmax(shares))
        return self.by_question[self.questions[best][0]] if shares[best] else self.majority(item)


def most_frequent(golds: Iterable[Gold]) -> str:
    """The most frequent answer as text; of boxes, which hardly repeat, the median box."""
    golds = list(golds)
    boxes = [box_in(f"[{gold.value}]") for gold in golds if gold.type == "box"]
    if len(boxes) == len(golds):
        sides = np.median(np.array([b for b in boxes if b is not None]).reshape(-1, 4), axis=0)
        return f"[{', '.join(f'{side:g}' for side in sides)}]"
    return Counter(gold_text(gold) for gold in golds).most_common(1)[0][0]


def gold_text(gold: Gold) -> str:
    """A right answer as it would be written."""
    if gold.type == "box":
        return f"[{gold.value}]"
    if isinstance(gold.value, tuple):
        return ", ".join(gold.value) or "none"
    if gold.type == "number":
        return f"{float(gold.value):g}{' ' + gold.unit if gold.unit else ''}"
    return str(gold.value)


def best_constant(golds: Sequence[Gold]) -> float:
    """Accuracy of the one answer that is right most often: what a blind student can reach.

    One answer a type of gold: that a number is asked for is no secret.
    """
    by_type: dict[str, list[Gold]] = defaultdict(list)
    for gold in golds:
        by_type[gold.type].append(gold)
    right = {"number": _best_number, "box": _best_box}
    return sum(right.get(t, _best_text)(own) for t, own in by_type.items()) / len(golds)


def _best_text(golds: Sequence[Gold]) -> int:
    texts = Counter(normalised(" ".join(map(str, np.atleast_1d(g.value)))) for g in golds)
    return texts.most_common(1)[0][1]


def _best_number(golds: Sequence[Gold]) -> int:
    values = np.array([float(str(g.value)) for g in golds])
    slack = np.array([g.tolerance or 0.0 for g in golds]) + 1e-9
    return max(int((np.abs(v - values) <= slack).sum()) for v in np.unique(values))


def _best_box(golds: Sequence[Gold]) -> int:
    boxes = [(box_in(f"[{g.value}]"), 0.5 if g.tolerance is None else g.tolerance) for g in golds]
    known = [(box, bound) for box, bound in boxes if box is not None]
    return max(
        (sum(iou(guess, box) >= bound for box, bound in known) for guess, _ in known), default=0
    )
