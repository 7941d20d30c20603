"""JSON Lines in and out, with errors that name file, line and field.

In:  dataclasses and files of one JSON object a line.
Out: the same, the other way round. Absent (None, empty) optional fields are not written.
"""

import dataclasses
import functools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pydantic

from retia.atomic import atomic_file
from retia.errors import UserError, did_you_mean


@functools.cache
def adapter(kind: type) -> pydantic.TypeAdapter[Any]:
    """Return the validator of a record class (unknown keys and non-finite numbers are errors)."""
    return pydantic.TypeAdapter(kind)


def to_json(record: Any) -> str:
    """One line of JSON: fields in their order, floats as Python writes them, no empty optionals.

    Raises:
        UserError: If a number is NaN or infinite.
    """
    try:
        return json.dumps(to_plain(record), ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise UserError(
            f"{type(record).__name__} {getattr(record, 'id', '')} holds a number that is not "
            f"finite ({error}). Numbers in records must be finite."
        ) from error


def to_plain(value: Any) -> Any:
    """Dataclasses to dictionaries, tuples to lists; drops fields that hold their empty default."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((f, getattr(value, f.name)) for f in dataclasses.fields(value))
        return {f.name: to_plain(v) for f, v in pairs if not _is_empty_default(f, v)}
    if isinstance(value, dict):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(v) for v in value]
    return value


def _is_empty_default(field: dataclasses.Field[Any], value: Any) -> bool:
    if field.default is not dataclasses.MISSING:
        return value is None or value == ()
    # An empty dictionary says no more than a missing one.
    return field.default_factory is not dataclasses.MISSING and not value


def from_plain(kind: type, value: Any, where: str) -> Any:
    """Validate a plain object as a record.

    Args:
        kind: The record class.
        value: What `json.loads` gave.
        where: Named in the error: file and line.

    Raises:
        UserError: If a field is missing, unknown or of the wrong type.
    """
    try:
        return adapter(kind).validate_python(value)
    except pydantic.ValidationError as error:
        raise UserError(f"{where}: {describe(error, kind)}") from None


def describe(error: pydantic.ValidationError, kind: type) -> str:
    """The first problem of a validation error in one line: field, value seen, what was expected."""
    first = error.errors()[0]
    place = ".".join(str(p) for p in first["loc"]) or kind.__name__
    if first["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        known = [f.name for f in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []
        return f"unknown key `{place}`.{did_you_mean(str(first['loc'][-1]), known)}"
    if first["type"] in ("missing", "missing_argument"):
        return f"`{place}` is missing."
    return f"`{place}` is {first['input']!r:.80}. {first['msg']}."


def iterate_jsonl(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield (line number, object) of a JSON Lines file; blank lines are skipped.

    Raises:
        UserError: If the file is missing or a line is no JSON.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist. Expected a JSON Lines file there.")
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield number, json.loads(line, parse_constant=_refuse_constant)
                except ValueError as error:
                    raise UserError(f"{path}, line {number}: no valid JSON ({error}).") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a finite number")


def read_records(path: Path, kind: type) -> list[Any]:
    """Read a JSON Lines file of one record class.

    Raises:
        UserError: Naming file, line and field of the first problem.
    """
    return list(iterate_records(path, kind))


def iterate_records(path: Path, kind: type) -> Iterator[Any]:
    """Yield the records of a JSON Lines file one by one; otherwise as `read_records`."""
    for number, value in iterate_jsonl(path):
        where = f"{path}, line {number}"
        try:
            record = from_plain(kind, value, where)
        except UserError as error:
            text = str(error)
            raise UserError(text if text.startswith(where) else f"{where}: {text}") from None
        yield record


def write_records(path: Path, records: Iterable[Any]) -> None:
    """Write records as JSON Lines, atomically."""
    with atomic_file(path) as part:
        part.write_text("".join(to_json(r) + "\n" for r in records), encoding="utf-8")
