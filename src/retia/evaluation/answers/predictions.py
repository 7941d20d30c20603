"""Answers: one `Prediction` a question and condition, by a student or read from a file."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from retia.claims import normalised
from retia.errors import UserError
from retia.evaluation.plan.items import Item, Plan
from retia.records.jsonl import iterate_jsonl
from retia.records.record import record

log = logging.getLogger("retia")

Condition = Literal["real", "blank", "shuffled"]
CONDITIONS: tuple[Condition, ...] = ("real", "blank", "shuffled")

_Texts = dict[tuple[str, str], dict[str, str]]
"""(case, condition) to question to text."""


@record
class Prediction:
    """What was answered to one question about one case."""

    case: str
    question: str
    text: str
    condition: Condition = "real"
    question_kind: str = "stage"
    image_of: str | None = None
    """Under `shuffled`: the case whose image was shown."""
    logprob: float | None = None
    """Mean log-probability a token of the text, where the model tells."""
    trouble: str | None = None
    """Why there is no answer; the text is empty then, and wrong."""
    copies: tuple[str, ...] = ()
    """Answers to the same question sampled at temperature, for self-consistency."""


def read_predictions(path: Path, plan: Plan) -> list[Prediction]:
    """Read answers made elsewhere: JSON Lines of `case, question, text` and maybe `condition`.

    A row answers the question of the same text, or else the question that holds its words (the
    samples add how to answer); a case's only row answers the stage question. The stage and the
    questions of a modality are left out where not one of them is answered; otherwise a question
    without an answer is answered by an empty text, which is wrong.

    Raises:
        UserError: If a row lacks `case` or `text`, or no row belongs to the held-out cases.
    """
    texts = _read_texts(path)
    if not any((case.id, "real") in texts for case in plan.cases):
        raise UserError(
            f"{path} answers none of the {len(plan.cases)} held-out cases. "
            f"Expected `case` to be an id such as {plan.cases[0].id!r}."
        )
    predictions: list[Prediction] = []
    for name, items in {"stage": plan.stage, **plan.questions}.items():
        for condition in CONDITIONS:
            predictions += _answers(name, items, condition, texts)
    if not predictions:
        raise UserError(
            f"{path} answers none of the questions about the held-out cases. Expected `question` "
            f"as in the samples, such as {_first(plan).question!r}."
        )
    return predictions


def _first(plan: Plan) -> Item:
    return next(item for items in (plan.stage, *plan.questions.values()) for item in items)


def _read_texts(path: Path) -> _Texts:
    texts: _Texts = {}
    for number, row in iterate_jsonl(path):
        if not isinstance(row, dict) or not all(
            isinstance(row.get(k), str) for k in ("case", "text")
        ):
            raise UserError(f"{path}, line {number}: expected texts `case`, `question` and `text`.")
        key = (row["case"], str(row.get("condition", "real")))
        texts.setdefault(key, {})[str(row.get("question", ""))] = row["text"]
    return texts


def _answers(
    name: str, items: Sequence[Item], condition: Condition, texts: _Texts
) -> list[Prediction]:
    said = [_answer(item, texts.get((item.case.id, condition), {})) for item in items]
    absent = said.count(None)
    if absent == len(said):
        return []
    if absent:
        log.warning(
            "evaluate: %d %s questions have no answer and count as wrong (%s image)",
            *(absent, name, condition),
        )
    return [
        Prediction(
            case=item.case.id,
            question=item.question,
            text=text or "",
            condition=condition,
            question_kind=item.question_kind,
        )
        for item, text in zip(items, said, strict=True)
    ]


def _answer(item: Item, texts: dict[str, str]) -> str | None:
    if item.question in texts:
        return texts[item.question]
    if item.question_kind == "stage":
        return next(iter(texts.values())) if len(texts) == 1 else None
    wanted = f" {normalised(item.question)} "
    within = [q for q in texts if normalised(q) and f" {normalised(q)} " in wanted]
    return texts[max(within, key=len)] if within else None
