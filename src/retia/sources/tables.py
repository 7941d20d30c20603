"""Tables of other people's labels: CSV, JSON, JSON Lines and Parquet as rows, and what is skipped.

In:  a file.
Out: rows by column name, each with the place it came from; rows that cannot be read are named.
"""

import csv
import io
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retia.errors import UserError, did_you_mean
from retia.runs import Step

log = logging.getLogger("retia")

TABLES = (".csv", ".tsv", ".jsonl", ".json", ".parquet")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a table."""

    values: dict[str, Any]
    where: str
    """File and line, for errors."""


@contextmanager
def or_skip(step: Step, id: str) -> Iterator[None]:
    """Skip the item whose `UserError` is raised inside: named, counted, exit code 1 at the end."""
    try:
        yield
    except UserError as error:
        skip(step, id, str(error))


def skip(step: Step, id: str, problem: str) -> None:
    """Name an item that is left out."""
    log.warning("%s skipped: %s", id, problem)
    step.failures.append({"id": id, "error": problem})


def read_table(step: Step, path: Path, columns: Sequence[str] = ()) -> list[Row]:
    """Read a table; lines that are no rows are skipped and named.

    Args:
        step: The running step, which counts them.
        path: `.csv`, `.tsv` (first line: names), `.jsonl`, `.json` (a list) or `.parquet`.
        columns: Names that must be there.

    Raises:
        UserError: If the file is missing, is no table, or lacks a column.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist. Expected a table: {', '.join(TABLES)}.")
    readers = {".csv": _csv, ".tsv": _csv, ".jsonl": _lines, ".json": _list, ".parquet": _parquet}
    if path.suffix.lower() not in readers:
        raise UserError(f"{path} ends in {path.suffix!r}. Expected one of {', '.join(TABLES)}.")
    rows, unit = [], "entry" if path.suffix.lower() in (".json", ".parquet") else "line"
    for number, value in readers[path.suffix.lower()](path, columns):
        where = f"{path}, {unit} {number}"
        if isinstance(value, dict):
            rows.append(Row(values=value, where=where))
        else:
            skip(step, where, f"{where}: {value}")
    known = {key for row in rows for key in row.values}
    for name in columns if rows else ():
        if name not in known:
            raise missing_column(path, name, known)
    return rows


def missing_column(path: Path, name: str, known: Sequence[str] | set[str]) -> UserError:
    """The error for a column that a table lacks."""
    names = sorted(map(str, known))
    return UserError(
        f"{path} has no column `{name}`.{did_you_mean(name, names)} Its columns: "
        f"{', '.join(names)}."
    )


def _csv(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 ({error}). Save it as UTF-8.") from None
    rows = csv.reader(
        io.StringIO(text, newline=""), delimiter="\t" if path.suffix == ".tsv" else ","
    )
    names = [name.strip() for name in next(rows, [])]
    for column in columns:
        if column not in names:
            raise missing_column(path, column, names)
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(names):
            yield rows.line_num, f"{len(row)} cells. Expected {len(names)}, as in the first line."
        else:
            cells = (cell.strip() for cell in row)
            yield rows.line_num, dict(zip(names, cells, strict=True))


def _lines(path: Path, _: Sequence[str]) -> Iterator[tuple[int, Any]]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    value = json.loads(line)
                except ValueError as error:
                    value = f"no valid JSON ({error})."
                yield number, _row(value)


def _list(path: Path, _: Sequence[str]) -> Iterator[tuple[int, Any]]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is no valid JSON ({error}).") from None
    if not isinstance(values, list):
        raise UserError(f"{path} holds {type(values).__name__}, expected a list of objects.")
    yield from ((number, _row(value)) for number, value in enumerate(values, 1))


def _row(value: Any) -> Any:
    return value if isinstance(value, (dict, str)) else f"{value!r:.60}. Expected an object."


def _parquet(path: Path, _: Sequence[str]) -> Iterator[tuple[int, Any]]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(f"{path} is no valid Parquet file ({error}).") from None
    number = 0
    for batch in table.iter_batches(batch_size=256):
        for value in batch.to_pylist():
            number += 1
            yield number, value
