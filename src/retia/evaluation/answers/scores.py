"""One answer to one question, read and scored against its right answer.

In:  an `Item` and the text that was answered.
Out: a `QuestionRow` with one score in [0, 1] per measure that applies to it.

Closed questions (yes or no, a choice) are right or wrong; whether they are is read in three ways:
as reward and audit read them, by equality, and as LLaVA-Med does (Li et al. 2023), by occurrence.
Open ones are scored in several, which lie far apart on the same answers: exact match, token recall
(LLaVA-Med), token F1 (Rajpurkar et al. 2016), BLEU-1 and similarity.
"""

from collections.abc import Callable
from dataclasses import dataclass

from retia.claims import (
    ActionClaim,
    Agreement,
    agreement,
    answer_matches,
    box_in,
    consistent,
    extract,
    iou,
    judge_text,
    normalised,
    parse_answer,
    phases_in,
    token_f1,
    token_recall,
)
from retia.claims.applicable import applicable
from retia.claims.matching import bleu_1, number_in, yes_no_in
from retia.claims.places import places_in
from retia.evaluation.answers.similarity import Embed, character_cosine, embedding_cosine
from retia.evaluation.plan.items import Item
from retia.records import Answer, Gold
from retia.records.case import Box
from retia.taxonomy import read_vocabulary

MEASURES = {
    "accuracy": "All questions, right",
    "answered": "Answers that can be read as what was asked for",
    "closed_accuracy": "Closed questions (yes or no, choice), right",
    "closed_exact_match": "Closed questions, exact match",
    "closed_contains": "Closed questions, right answer occurs in the text",
    "open_exact_match": "Open questions, exact match",
    "open_token_recall": "Open questions, token recall",
    "open_token_f1": "Open questions, token F1",
    "open_bleu_1": "Open questions, BLEU-1",
    "open_character_cosine": "Open questions, cosine of character n-grams (spelling)",
    "open_embedding_cosine": "Open questions, cosine of word vectors (meaning)",
    "set_f1": "Sets, F1",
    "box_iou": "Boxes, intersection over union",
    "parsed": "Structured answers that are valid JSON",
    "consistent": "Answer follows from its reasons",
}
"""Measure to what it is called in the report; in this order."""

OPEN: dict[str, Callable[[str, str], float]] = {
    "open_token_recall": token_recall,
    "open_token_f1": token_f1,
    "open_bleu_1": bleu_1,
    "open_character_cosine": character_cosine,
}
"""Measures of an open answer: what was said and the right answer in, a number in [0, 1] out."""


@dataclass(frozen=True, kw_only=True)
class QuestionRow:
    """One answer."""

    item: Item
    text: str
    said: str
    """What counts: the `answer` of a JSON answer, else the whole text; empty when it cannot be
    read."""
    scores: dict[str, float]
    """Those of `MEASURES` that apply."""
    agreement: Agreement | None
    """Its claims held against the case; None without reasons or without a vocabulary."""
    box: Box | None = None
    """The box that it gives where one was asked for, in pixels of the stored image."""
    confidence: float | None = None
    """How sure the student was of it, larger is surer; None where it did not tell."""

    @property
    def right(self) -> bool:
        """Whether the answer is the right one."""
        return self.scores["accuracy"] == 1.0


def read_answer(
    item: Item, text: str, confidence: float | None = None, embed: Embed | None = None
) -> QuestionRow:
    """Score a student's answer; a structured one that cannot be parsed is wrong everywhere.

    Args:
        item: What was asked.
        text: What was answered.
        confidence: How sure the student was, such as a mean log-probability; orders boxes.
        embed: Word vectors; without, there is no `open_embedding_cosine`.
    """
    modality = item.case.modality
    answer = parse_answer(text, strict=True, modality=modality)
    lost = item.structured and answer is None
    said = answer.answer if answer else "" if lost else text
    box = _box(item.gold, said, answer)
    scores = _scores(item.gold, "" if lost else text, said, box, modality, embed)
    judged = None
    if item.structured:
        scores["parsed"] = float(not lost)
        if applicable(item.case):
            judged = agreement(judge_text("" if lost else text, item.case)[1], item.case)
    if answer is not None and answer.reasoning:
        follows: bool | None = consistent(answer, modality)
        if follows is not None:
            scores["consistent"] = float(follows)
    return QuestionRow(
        item=item,
        text=text,
        said=said,
        scores=scores,
        agreement=judged,
        box=box,
        confidence=confidence,
    )


def read_guess(item: Item, text: str, embed: Embed | None = None) -> QuestionRow:
    """Score a baseline's guess: plain text, whatever form the student must answer in."""
    box = _box(item.gold, text, None)
    scores = _scores(item.gold, text, text, box, item.case.modality, embed)
    return QuestionRow(item=item, text=text, said=text, scores=scores, agreement=None, box=box)


def _scores(
    gold: Gold, text: str, said: str, box: Box | None, modality: str, embed: Embed | None
) -> dict[str, float]:
    right = bool(text.strip()) and answer_matches(text, gold, modality)
    scores = {"accuracy": float(right), "answered": float(_answered(gold, said, box, modality))}
    match gold.type:
        case "yes_no" | "choice":
            told, value = normalised(said), normalised(str(gold.value))
            scores["closed_accuracy"] = float(right)
            scores["closed_exact_match"] = float(told == value)
            scores["closed_contains"] = float(bool(value) and value in told)
        case "text":
            scores["open_exact_match"] = float(right)
            scores |= {name: score(said, str(gold.value)) for name, score in OPEN.items()}
            if embed is not None:
                cosine = embedding_cosine(said, str(gold.value), embed)
                scores["open_embedding_cosine"] = cosine
        case "number":
            # A number is right or wrong as a whole: half of its digits are worth nothing.
            for measure in ("open_exact_match", *OPEN):
                scores[measure] = float(right)
            if embed is not None:
                scores["open_embedding_cosine"] = float(right)
        case "set":
            scores["set_f1"] = set_f1(said, gold, right, modality)
        case "box":
            true = box_in(f"[{gold.value}]")
            scores["box_iou"] = 0.0 if true is None or box is None else iou(box, true)
    return scores


def _answered(gold: Gold, said: str, box: Box | None, modality: str) -> bool:
    """Whether an answer of the type that was asked for can be read at all, right or wrong."""
    match gold.type:
        case "yes_no":
            # Yes and no of other languages are no worse than ours: any words will do there.
            ours = normalised(str(gold.value)) in ("yes", "no")
            return bool(yes_no_in(said, modality) if ours else normalised(said))
        case "number":
            return number_in(said, gold.unit) is not None
        case "box":
            return box is not None
        case _:
            return bool(normalised(said))


def set_f1(said: str, gold: Gold, right: bool, modality: str) -> float:
    """F1 of the elements said against those of the right set.

    Elements are what the set names: surgical phases, actions of instruments, kinds (others of the
    same category count as too many), places of the retina, else the parts between commas. An
    empty set is right or wrong as a whole.
    """
    values = gold.value if isinstance(gold.value, tuple) else (str(gold.value),)
    for read in (phases_in, _actions, _kinds, _places, _parts):
        true = {element for value in values for element in read(value, modality)}
        if true:
            found = read(said, modality)
            if read is _kinds:
                known = read_vocabulary(modality).kinds
                wanted = {known[kind].category for kind in true}
                found = {kind for kind in found if known[kind].category in wanted}
            return 2 * len(true & found) / (len(true) + len(found))
    return float(right)


def _actions(text: str, modality: str) -> set[str]:
    claims = (c for c in extract(text, modality) if isinstance(c, ActionClaim) and c.polarity)
    return {f"{c.kind} {c.verb} {c.target}" for c in claims}


def _kinds(text: str, modality: str) -> set[str]:
    kinds = read_vocabulary(modality).kinds
    return {c.kind for c in extract(text, modality) if c.polarity and c.kind in kinds}


def _places(text: str, modality: str) -> set[str]:
    zones = [place.zone for place in places_in(text)] if modality == "octa" else []
    return {name for zone in zones if (name := zone.quadrant or zone.ring)}


def _parts(text: str, _: str) -> set[str]:
    parts = (normalised(p) for half in text.split(",") for p in half.split(" and "))
    return {part for part in parts if part}


def _box(gold: Gold, said: str, answer: Answer | None) -> Box | None:
    """The first box of an answer, where one was asked for."""
    if gold.type != "box":
        return None
    return answer.boxes[0] if answer is not None and answer.boxes else box_in(said)
