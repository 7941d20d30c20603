"""Answers made elsewhere: JSON Lines of `case, question, text`, matched to what is asked.

In:  a file and a `Plan`.
Out: one `Prediction` a question that the file speaks of, and `Note`s about all else in it.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydantic

from retia.claims import normalised
from retia.errors import UserError
from retia.evaluation.answers.notes import Note, Tally
from retia.evaluation.answers.predictions import CONDITIONS, Condition, Prediction
from retia.evaluation.plan.items import Item, Plan
from retia.records.jsonl import adapter, describe, iterate_jsonl
from retia.records.record import record

LEAST_CONFIDENCE = 1e-300
"""Stands for 0, whose logarithm no file can hold."""
NO_ROW = "no_row: the file of predictions does not answer this question"


@record
class Row:
    """One line of the file."""

    case: str
    text: str
    question: str = ""
    condition: str = "real"
    logprob: float | None = None
    confidence: float | None = None
    """From 0 to 1; in place of `logprob`."""
    copies: tuple[str, ...] = ()
    trouble: str | None = None
    image_of: str | None = None
    question_kind: str = ""
    """Not read: the question says it. Files of `retia evaluate` have it."""


Rows = dict[str, tuple[int, Row]]
"""Question to line number and row."""


def read_predictions(path: Path, plan: Plan) -> tuple[list[Prediction], list[Note]]:
    """Read answers made elsewhere.

    A row answers the question of the same text, or else the question that holds its words (the
    samples add how to answer); a case's only row answers the stage question. The stage and the
    questions of a modality are left out under a condition where not one of them is answered;
    otherwise a question without an answer is answered by an empty text, which is wrong.

    Args:
        path: JSON Lines of `case, question, text`, and maybe `condition`, `logprob` or
            `confidence`, `copies`, `trouble`, `image_of`.
        plan: What is asked.

    Returns:
        The answers, in the order of the plan, and what was amiss with the file.

    Raises:
        UserError: If a row cannot be read, two rows answer the same question differently, or no row
            answers anything that is asked.
    """
    tally = Tally()
    rows = _read(path, plan, tally)
    predictions: list[Prediction] = []
    used: set[int] = set()
    others: dict[str, list[Item]] = defaultdict(list)
    for item in (item for part in plan.questions.values() for item in part):
        others[item.case.id].append(item)
    for items in (plan.stage, *plan.questions.values()):
        for condition in CONDITIONS:
            found = [
                _match(item, rows.get((item.case.id, condition), {}), others[item.case.id])
                for item in items
            ]
            lines = {pair[0] for pair in found if pair is not None}
            used |= lines
            if lines:
                predictions += _answers(items, condition, found)
    if not predictions:
        first = next(item for part in (plan.stage, *plan.questions.values()) for item in part)
        amiss = "; ".join(map(str, tally.notes()))
        raise UserError(
            f"{path} answers none of the {len(plan.cases)} held-out cases' questions"
            f"{f' ({amiss})' if amiss else ''}. Expected `case` as in the samples, such as "
            f"{first.case.id!r}, and `question`, such as {first.question!r}."
        )
    for (case, _), own in rows.items():
        for question, (number, _) in own.items():
            if number not in used:
                tally.add(
                    "rows answer a question that was not asked and were left out",
                    f"{case}: {question[:60]!r} (line {number})",
                )
    return predictions, tally.notes()


def _read(path: Path, plan: Plan, tally: Tally) -> dict[tuple[str, str], Rows]:
    """The rows about held-out cases, by case and condition."""
    held_out = {case.id for case in plan.cases}
    known = held_out | {case.id for case in plan.pool}
    rows: dict[tuple[str, str], Rows] = defaultdict(dict)
    columns: set[str] = set()
    for number, value in iterate_jsonl(path):
        row = _row(path, number, value)
        columns |= set(value) - set(Row.__dataclass_fields__)
        where = f"{row.case} (line {number})"
        if row.case not in known:
            tally.add("rows are about cases that are not in the samples and were left out", where)
        elif row.case not in held_out:
            tally.add("rows are about cases that are not held out and were left out", where)
        elif row.condition not in CONDITIONS:
            tally.add(
                f"rows have a condition other than {', '.join(CONDITIONS)} and were left out",
                f"{row.condition!r} (line {number})",
            )
        else:
            own = rows[row.case, row.condition]
            earlier, first = own.setdefault(row.question, (number, row))
            if first != row:
                raise UserError(
                    f"{path}, lines {earlier} and {number}: two different rows about case "
                    f"{row.case!r}, {row.condition} image, question {row.question[:60]!r}. "
                    "Expected one: remove the other."
                )
            if earlier != number:
                tally.add("rows repeat an earlier row and were left out", where)
    for column in sorted(columns):
        tally.add("columns mean nothing here and were not read", column)
    return rows


def _row(path: Path, number: int, value: Any) -> Row:
    where = f"{path}, line {number}"
    if not isinstance(value, dict):
        raise UserError(f"{where}: expected an object with `case`, `question` and `text`.")
    known = {k: v for k, v in value.items() if k in Row.__dataclass_fields__}
    try:
        row: Row = adapter(Row).validate_python(known)
    except pydantic.ValidationError as error:
        raise UserError(
            f"{where}: {describe(error, Row)} Expected texts `case`, `question` and `text`."
        ) from None
    if row.trouble is not None and row.text:
        raise UserError(f"{where}: both `text` and `trouble`. Expected no text where none came.")
    if row.logprob is not None and row.confidence is not None:
        raise UserError(f"{where}: both `logprob` and `confidence`. Expected one of them.")
    if row.logprob is not None and row.logprob > 0:
        raise UserError(
            f"{where}: `logprob` is {row.logprob}. Expected the logarithm of a probability: 0 or "
            "less."
        )
    if row.confidence is not None and not 0 <= row.confidence <= 1:
        raise UserError(
            f"{where}: `confidence` is {row.confidence}. Expected a number from 0 to 1."
        )
    return row


def _match(item: Item, rows: Rows, others: Sequence[Item]) -> tuple[int, Row] | None:
    """The row that answers an item; `others` are the case's questions beside the stage."""
    if item.question in rows:
        return rows[item.question]
    if item.question_kind == "stage":
        # A row that answers another question of the case is no answer to this one.
        taken = any(_match(other, rows, ()) for other in others)
        return next(iter(rows.values())) if len(rows) == 1 and not taken else None
    wanted = f" {normalised(item.question)} "
    within = [q for q in rows if normalised(q) and f" {normalised(q)} " in wanted]
    return rows[max(within, key=len)] if within else None


def _answers(
    items: Sequence[Item], condition: Condition, found: Sequence[tuple[int, Row] | None]
) -> list[Prediction]:
    predictions = []
    for item, pair in zip(items, found, strict=True):
        row = pair[1] if pair is not None else Row(case=item.case.id, text="", trouble=NO_ROW)
        predictions.append(
            Prediction(
                case=item.case.id,
                question=item.question,
                text=row.text,
                condition=condition,
                question_kind=item.question_kind,
                image_of=row.image_of,
                logprob=_logprob(row),
                trouble=row.trouble,
                copies=row.copies,
            )
        )
    return predictions


def _logprob(row: Row) -> float | None:
    if row.confidence is None:
        return row.logprob
    return math.log(max(row.confidence, LEAST_CONFIDENCE))
