"""How sure an answer is: three ways to tell, each a number in [0, 1] or why there is none.

In:  an `Item` and the `Prediction` about it.
Out: a confidence. `logprob` is e to the power of the mean log-probability a token of the answer (or
what a file of answers states in its place); `self_consistency` the share of sampled answers that
say what the greedy one says; `caption_question` a score of caption against question.
"""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from difflib import SequenceMatcher

from retia.claims import answer_matches, box_in, normalised, parse_answer, stage_in
from retia.claims.matching import number_in, yes_no_in
from retia.evaluation.answers.predictions import Prediction
from retia.evaluation.plan.items import Item
from retia.instructions.turn import AS_JSON
from retia.records import Gold

_LITTLE = """
and are can does for from has have how into is its not that the there this was were what when where
which who why will with you
"""
LITTLE_WORDS = frozenset(_LITTLE.split())
"""Of a question, these are not looked for in the caption; nor are words of one or two letters."""
TERMS_WEIGHT, LIKENESS_WEIGHT = 0.7, 0.3
_PARTS = re.compile(r"[,;]|\band\b")


def confidence_of(name: str, item: Item, prediction: Prediction) -> float | str:
    """One of `CONFIDENCES` in one answer, or the reason why there is none.

    An answer that is not there has none: the score of an empty text would be the highest.
    """
    if prediction.trouble or not prediction.text.strip():
        return prediction.trouble or "no answer"
    return CONFIDENCES[name](item, prediction)


def logprob_confidence(_: Item, prediction: Prediction) -> float | str:
    """How likely the answer is to the model, as a geometric mean over its tokens, in [0, 1]."""
    if prediction.logprob is None:
        return "no log-probability"
    if math.isnan(prediction.logprob) or prediction.logprob > 1e-6:
        return f"log-probability is {prediction.logprob:g}, expected at most 0"
    return min(1.0, math.exp(prediction.logprob))


def self_consistency(item: Item, prediction: Prediction) -> float | str:
    """Share of sampled answers that say what the greedy one says, in [0, 1].

    The greedy answer takes the place of the right one, and the copies are held against it by the
    rule that judges answers: the same stage, the same number within the tolerance, and so on.
    """
    if not prediction.copies:
        return "no sampled answers"
    greedy = _as_gold(item, prediction.text)
    if greedy is None:
        return "the answer cannot be read"
    same = [_matches(item, copy, greedy) for copy in prediction.copies]
    return sum(same) / len(same)


def _matches(item: Item, copy: str, greedy: Gold) -> bool:
    modality = item.case.modality
    if item.structured and parse_answer(copy, strict=True, modality=modality) is None:
        return False
    return bool(copy.strip()) and answer_matches(copy, greedy, modality)


def _as_gold(item: Item, text: str) -> Gold | None:
    """What an answer says in the form of a right answer; None where it cannot be read."""
    modality = item.case.modality
    answer = parse_answer(text, strict=True, modality=modality)
    if item.structured and answer is None:
        return None
    said = text if answer is None else answer.answer
    value: str | float | tuple[str, ...] | None
    match item.gold.type:
        case "stage":
            value = stage_in(said, modality)
        case "yes_no":
            value = yes_no_in(said, modality) or normalised(said)
        case "number":
            value = number_in(said, item.gold.unit)
        case "box":
            box = box_in(text if answer is None else str([*map(list, answer.boxes)]))
            value = None if box is None else ",".join(f"{side:g}" for side in box)
        case "set":
            value = tuple(part.strip() for part in _PARTS.split(said)) if said.strip() else None
        case "choice" | "text":
            value = said.strip()
    return None if value is None or value == "" else replace(item.gold, value=value)


def caption_confidence(item: Item, prediction: Prediction) -> float | str:
    """How much of the question the caption of a JSON answer takes up, in [0, 1]."""
    answer = parse_answer(prediction.text, strict=True, modality=item.case.modality)
    if answer is None or not answer.caption.strip():
        return "no caption"
    return caption_question(item.question.removesuffix(AS_JSON), answer.caption)


def caption_question(question: str, caption: str) -> float:
    """Score of a caption against its question, in [0, 1], as the medical-VQA source makes it.

    0.7 times the share of the question's terms that the caption says, plus 0.3 times their partial
    ratio. Terms are words here (the source looks for substrings, so that `rib` is in `describe`).
    It looks at neither image nor answer: a caption that repeats the question is sure.
    """
    asked, told = normalised(question), normalised(caption)
    terms = {word for word in asked.split() if len(word) > 2} - LITTLE_WORDS
    covered = len(terms & set(told.split())) / len(terms) if terms else 0.0
    return TERMS_WEIGHT * covered + LIKENESS_WEIGHT * partial_ratio(asked, told)


def partial_ratio(first: str, second: str) -> float:
    """Likeness of the shorter text to the stretch of the longer one that is most like it.

    2 M / T of `difflib` with M matching and T all characters. Stretches are tried where a matching
    block begins, so the result can lie below that of a library which tries every stretch.
    """
    short, long = sorted((first, second), key=len)
    if not short:
        return 0.0
    blocks = SequenceMatcher(None, short, long, autojunk=False).get_matching_blocks()
    starts = {max(0, block.b - block.a) for block in blocks if block.size}
    stretches = (long[start : start + len(short)] for start in starts)
    ratios = (SequenceMatcher(None, short, s, autojunk=False).ratio() for s in stretches)
    return max(ratios, default=0.0)


CONFIDENCES: dict[str, Callable[[Item, Prediction], float | str]] = {
    "logprob": logprob_confidence,
    "self_consistency": self_consistency,
    "caption_question": caption_confidence,
}
"""Confidence to what tells it of an answer, or the reason why it cannot."""
