"""`answers.csv`: every scored answer of an audit as one row, for spreadsheets and for `compare`.

In:  rows, or a file of them.
Out: the file, or its rows.
"""

import csv
import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retia.atomic import atomic_file
from retia.errors import UserError

FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, kw_only=True)
class AnswerRow:
    """One answer, read and scored; the columns of the file in their order."""

    part: str
    """`stage`, or the modality of the question."""
    case: str
    group: str
    """What the intervals of the audit resampled: patient, eye, video or a piece of one."""
    condition: str
    """`real`, `blank`, `shuffled`, or a baseline."""
    question: str
    question_kind: str
    gold: str
    said: str
    """What counted as the answer; empty when it could not be read."""
    right: bool
    parsed: bool | None = None
    """Whether it was valid JSON; None where none was asked for."""
    logprob: float | None = None
    """Mean log-probability a token, where the model tells."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it the same item in another audit: part, condition, case, question."""
        return self.part, self.condition, self.case, self.question


COLUMNS = tuple(field.name for field in dataclasses.fields(AnswerRow))


def write_answers(path: Path, rows: Iterable[AnswerRow]) -> None:
    """Write the file, atomically; flags as `true` and `false`, unknown values as nothing."""
    with atomic_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow(_cell(getattr(row, name)) for name in COLUMNS)


def _cell(value: str | bool | float | None) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def read_answers(path: Path) -> list[AnswerRow]:
    """Read the file back.

    Raises:
        UserError: If it is missing, lacks a column, holds a value of the wrong kind, or holds an
            item twice; with the number of the line.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist. Expected the file that `retia evaluate` writes.")
    rows: dict[tuple[str, str, str, str], AnswerRow] = {}
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        absent = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if absent:
            raise UserError(
                f"{path} lacks the column `{absent[0]}`. Expected {', '.join(COLUMNS)}."
            )
        for cells in reader:
            row = _row(cells, f"{path}, line {reader.line_num}")
            if row.key in rows:
                raise UserError(
                    f"{path}, line {reader.line_num}: the {row.condition} answer about case "
                    f"{row.case!r} to {row.question!r} stands here a second time. Expected one."
                )
            rows[row.key] = row
    return list(rows.values())


def _row(cells: dict[str, str | None], where: str) -> AnswerRow:
    texts = {name: cells[name] or "" for name in COLUMNS}
    plain = {n: t for n, t in texts.items() if n not in ("right", "parsed", "logprob")}
    parsed, logprob = texts["parsed"], texts["logprob"]
    return AnswerRow(
        **plain,
        right=_flag("right", texts["right"], where),
        parsed=_flag("parsed", parsed, where) if parsed else None,
        logprob=_number("logprob", logprob, where) if logprob else None,
    )


def _flag(name: str, text: str, where: str) -> bool:
    if text not in FLAGS:
        raise UserError(f"{where}: `{name}` is {text!r}. Expected true or false.")
    return FLAGS[text]


def _number(name: str, text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f"{where}: `{name}` is {text!r}. Expected a finite number, or nothing.")
    return value
