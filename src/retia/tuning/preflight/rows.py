"""The lines of `samples.jsonl`, read one by one: a broken one is named, the others are checked."""

import json
from pathlib import Path

from retia.errors import UserError
from retia.records import Sample
from retia.records.jsonl import from_plain
from retia.records.sample import SAMPLES
from retia.tuning.preflight.problems import Problem


def read_rows(folder: Path) -> tuple[list[Sample], list[Problem]]:
    """Read what can be read.

    Returns:
        The samples, and a problem for each sort of broken line, with the numbers of the lines.

    Raises:
        UserError: If there is no such file.
    """
    path = folder / SAMPLES
    if not path.is_file():
        raise UserError(
            f"{path} does not exist. Run `retia write` or `retia import samples` first."
        )
    samples: list[Sample] = []
    broken: dict[str, list[str]] = {}
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                samples.append(from_plain(Sample, json.loads(line), ""))
            except (ValueError, UserError) as error:
                broken.setdefault(_reason(error), []).append(f"line {number}")
    problems = [
        Problem(check="rows", text=reason, samples=tuple(places))
        for reason, places in broken.items()
    ]
    return samples, problems


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return "no valid JSON"
    return str(error).removeprefix(": ").rstrip(".")
