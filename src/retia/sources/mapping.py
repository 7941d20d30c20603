"""Which column of a table says what: rows of anybody's CSV or JSON Lines as cases.

In:  a YAML file. `columns` gives, for a field of a case, the name of the column (an inner one as
     `meta.site`); `values` what the words of a column mean; `constants` what holds for all rows,
     `label` the column of a grade that is read by a scale:

         columns: {file_name: image, group: patient, stage: dx, labels.site: hospital,
                   measures.faz_area_mm2: faz, question: ask, answer: reply}
         values: {stage: {n: healthy, d: npdr}}
         constants: {modality: octa, mm_per_px: 0.00987}
         label: icdr_grade

Out: one case a row; rows about one image with `question` and `answer` become its questions.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from retia.errors import UserError, did_you_mean
from retia.records import Case
from retia.records.jsonl import from_plain
from retia.runs.config import read_yaml, to_config
from retia.sources.label_maps import LabelMap
from retia.sources.questions import gold_type, tidy
from retia.sources.tables import Row, missing_column
from retia.taxonomy import GRADES, read_vocabulary

FIELDS = tuple(f.name for f in dataclasses.fields(Case) if f.name not in ("questions", "findings"))
INNER = ("labels", "measures", "question", "answer", "topic", "closed")
NUMBERS = ("mm_per_px", "age", "time_s")
EMPTY = ("", None)


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The content of a mapping file."""

    columns: dict[str, str]
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    constants: dict[str, str | float] = field(default_factory=dict)
    label: str | None = None
    """Column of a grade that is read by a scale, beside `columns`."""


PLAIN = Columns(
    columns={"file_name": "path", "group": "subject", "laterality": "eye"}, label="label"
)
"""What `path,label[,subject,eye]` says."""


def read_mapping(path: Path) -> Columns:
    """Read a mapping file.

    Raises:
        UserError: If it is no mapping, or names a field that a case does not have.
    """
    raw = read_yaml(path)
    raw["values"] = {
        key: {_text(w): v for w, v in words.items()} if isinstance(words, dict) else words
        for key, words in (raw.get("values") or {}).items()
    }
    mapping = to_config(Columns, raw, str(path))
    for key in (*mapping.columns, *mapping.values, *mapping.constants):
        if key.split(".")[0] not in (*FIELDS, *INNER):
            raise UserError(
                f"{path}: a case has no field `{key}`.{did_you_mean(key, FIELDS)} Known: "
                f"{', '.join((*FIELDS, 'labels.NAME', 'measures.NAME', *INNER[2:]))}."
            )
    if "file_name" not in mapping.columns:
        raise UserError(f"{path}: `columns` has no `file_name`. Expected the column of the image.")
    return mapping


def check_columns(mapping: Columns, rows: list[Row], table: Path, optional: bool) -> Columns:
    """Hold the columns against the table.

    Args:
        mapping: What is wanted.
        rows: Of the table.
        table: Named in the error.
        optional: Whether columns beside that of the image may be missing.

    Raises:
        UserError: If a column is missing.
    """
    there = {key for row in rows for key in row.values}
    columns = {}
    for key, name in mapping.columns.items():
        if name in there or name.split(".")[0] in there:
            columns[key] = name
        elif key == "file_name" or not optional:
            raise missing_column(table, name, there)
    return dataclasses.replace(mapping, columns=columns)


def case_of(row: Row, mapping: Columns, base: Mapping[str, Any], scale: LabelMap | None) -> Case:
    """One row as a case.

    Args:
        row: Of the table.
        mapping: Its columns.
        base: Fields that hold unless the row says otherwise: `modality`, `split`.
        scale: How the label is read; None keeps it as it is.

    Raises:
        UserError: If a value is unknown or of the wrong type; nothing is coerced.
    """
    told: dict[str, Any] = dict(base) | dict(mapping.constants)
    for key, column in mapping.columns.items():
        value = inside(row.values, column)
        if value not in EMPTY:
            told[key] = _meaning(key, value, mapping.values.get(key), row.where)
    if told.get("file_name") in EMPTY:
        raise UserError(f"{row.where}: no image is named. Expected a path.")
    plain: dict[str, Any] = {"labels": {}, "measures": []}
    for key, value in told.items():
        head, _, name = key.partition(".")
        if head == "labels":
            plain["labels"][name] = _text(value)
        elif head == "measures":
            number = _number(value, key, row.where)
            plain["measures"].append({"name": name, "value": number, "source": "annotation"})
        elif key not in INNER:
            plain[key] = _number(value, key, row.where) if key in NUMBERS else _text(value)
    if "question" in told:
        plain["questions"] = [_question(told, row.where)]
    label = inside(row.values, mapping.label) if mapping.label else None
    if label not in EMPTY:
        plain["labels"]["label"] = _text(label)
        if scale is not None:
            plain["stage"], plain["grade"] = scale.stage_of(_text(label), row.where)
    name = PurePosixPath(plain["file_name"])
    plain.setdefault("id", "_".join((*name.parts[:-1], name.stem)).lstrip("."))
    plain.setdefault("group", plain["id"])
    case = from_plain(Case, plain, row.where)
    check_stage(case, row.where)
    return case


def check_stage(case: Case, where: str) -> None:
    """Hold stage and grade against the vocabulary.

    Raises:
        UserError: If one is unknown.
    """
    stages = read_vocabulary(case.modality).stages
    if case.stage is not None and case.stage not in stages:
        raise UserError(
            f"{where}: stage is {case.stage!r}.{did_you_mean(case.stage, stages)} Expected "
            f"{', '.join(stages) or 'none'}; say under `values` what its words mean."
        )
    if case.grade is not None and case.grade not in GRADES:
        raise UserError(f"{where}: grade is {case.grade!r}. Expected {', '.join(GRADES)}.")


def _meaning(key: str, value: Any, words: Mapping[str, str] | None, where: str) -> Any:
    if words is None:
        return value
    if _text(value) not in words:
        raise UserError(
            f"{where}: {key} is {value!r}.{did_you_mean(_text(value), words)} Known: "
            f"{', '.join(words)}."
        )
    return words[_text(value)]


def inside(values: Mapping[str, Any], column: str) -> Any:
    """The value of a column; `meta.site` is `site` in `meta`, where no column is called so."""
    if column in values:
        return values[column]
    inner: Any = values
    for part in column.split("."):
        inner = inner.get(part) if isinstance(inner, Mapping) else None
    return inner


def _question(told: Mapping[str, Any], where: str) -> dict[str, Any]:
    for key in ("question", "answer"):
        if told.get(key) in EMPTY:
            raise UserError(f"{where}: `{key}` is empty. Expected its words.")
    text, answer = tidy(_text(told["question"])), tidy(_text(told["answer"]))
    closed = _text(told.get("closed", "")).lower() in ("closed", "true", "yes", "1")
    kind = gold_type(text, answer, closed)
    return {"text": text, "answer": answer, "kind": kind, "topic": told.get("topic")}


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).strip()


def _number(value: Any, key: str, where: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise UserError(f"{where}: {key} is {value!r}. Expected a number.") from None
