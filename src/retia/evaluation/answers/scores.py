"""One answer to one question, read and scored against its right answer.

In:  an `Item` and the text that was answered.
Out: a `QuestionRow` with one score in [0, 1] per measure that applies to it.

Closed questions (yes or no, a choice) are right or wrong. Open ones are scored three ways, which
lie far apart on the same answers: exact match, token recall (Li et al. 2023, LLaVA-Med) and token
F1 (Rajpurkar et al. 2016).
"""

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
from retia.claims.places import places_in
from retia.evaluation.plan.items import Item
from retia.records import Answer, Gold
from retia.taxonomy import read_vocabulary

MEASURES = {
    "accuracy": "All questions, right",
    "closed_accuracy": "Closed questions (yes or no, choice), right",
    "open_exact_match": "Open questions, exact match",
    "open_token_recall": "Open questions, token recall",
    "open_token_f1": "Open questions, token F1",
    "set_f1": "Sets, F1",
    "box_iou": "Boxes, intersection over union",
    "parsed": "Structured answers that are valid JSON",
    "consistent": "Answer follows from its reasons",
}
"""Measure to what it is called in the report; in this order."""


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

    @property
    def right(self) -> bool:
        """Whether the answer is the right one."""
        return self.scores["accuracy"] == 1.0


def read_answer(item: Item, text: str) -> QuestionRow:
    """Score a student's answer; a structured one that cannot be parsed is wrong everywhere."""
    modality = item.case.modality
    answer = parse_answer(text, strict=True, modality=modality)
    lost = item.structured and answer is None
    said = answer.answer if answer else "" if lost else text
    scores = _scores(item.gold, "" if lost else text, said, answer, modality)
    judged = None
    if item.structured:
        scores["parsed"] = float(not lost)
        if applicable(item.case):
            judged = agreement(judge_text("" if lost else text, item.case)[1], item.case)
    if answer is not None and answer.reasoning:
        follows: bool | None = consistent(answer, modality)
        if follows is not None:
            scores["consistent"] = float(follows)
    return QuestionRow(item=item, text=text, said=said, scores=scores, agreement=judged)


def read_guess(item: Item, text: str) -> QuestionRow:
    """Score a baseline's guess: plain text, whatever form the student must answer in."""
    scores = _scores(item.gold, text, text, None, item.case.modality)
    return QuestionRow(item=item, text=text, said=text, scores=scores, agreement=None)


def _scores(
    gold: Gold, text: str, said: str, answer: Answer | None, modality: str
) -> dict[str, float]:
    right = bool(text.strip()) and answer_matches(text, gold, modality)
    scores = {"accuracy": float(right)}
    match gold.type:
        case "yes_no" | "choice":
            scores["closed_accuracy"] = float(right)
        case "text":
            scores["open_exact_match"] = float(right)
            scores["open_token_recall"] = token_recall(said, str(gold.value))
            scores["open_token_f1"] = token_f1(said, str(gold.value))
        case "number":
            # A number is right or wrong as a whole: half of its digits are worth nothing.
            for measure in ("open_exact_match", "open_token_recall", "open_token_f1"):
                scores[measure] = float(right)
        case "set":
            scores["set_f1"] = set_f1(said, gold, right, modality)
        case "box":
            scores["box_iou"] = _overlap(said, gold, answer)
    return scores


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


def _overlap(said: str, gold: Gold, answer: Answer | None) -> float:
    true = box_in(f"[{gold.value}]")
    box = answer.boxes[0] if answer is not None and answer.boxes else box_in(said)
    return 0.0 if true is None or box is None else iou(box, true)
