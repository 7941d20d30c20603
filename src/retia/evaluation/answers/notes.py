"""What was amiss with the answers: counted, with the first few by name.

In:  cases and answers.
Out: `Note`s, for the console, `audit.json` and the page alike. Nothing is left out without one.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from retia.evaluation.answers.predictions import Prediction
from retia.records import Case

log = logging.getLogger("retia")

NAMED = 3
"""Of each sort so many are named."""


@dataclass(frozen=True, kw_only=True)
class Note:
    """One sort of thing that was amiss."""

    what: str
    """In words, such as `rows about cases that are not in the samples`."""
    count: int
    first: tuple[str, ...]
    """Names of the first ones."""

    def __str__(self) -> str:
        """All of it in one line."""
        more = ", …" if self.count > len(self.first) else ""
        return f"{self.count} {self.what}: {', '.join(self.first)}{more}"


class Tally:
    """Collects what is amiss, by sort."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._names: dict[str, list[str]] = defaultdict(list)

    def add(self, what: str, name: str) -> None:
        """Count one thing of a sort."""
        self._names[what].append(name)

    def notes(self) -> list[Note]:
        """One note a sort, in the order in which they first came up."""
        return [
            Note(what=what, count=len(names), first=tuple(names[:NAMED]))
            for what, names in self._names.items()
        ]


def prediction_notes(predictions: Iterable[Prediction]) -> list[Note]:
    """What is amiss with the answers themselves: those that never came, and empty ones.

    All of them count as wrong answers.
    """
    tally = Tally()
    for one in predictions:
        name = f"{one.case} ({one.condition} image, {one.question_kind})"
        if one.trouble is not None:
            reason = one.trouble.split(":")[0].replace("_", " ")
            tally.add(f"questions got no answer ({reason}) and count as wrong", name)
        elif not one.text.strip():
            tally.add("answers are empty and count as wrong", name)
    return tally.notes()


def image_notes(cases: Sequence[Case], folder: Path) -> list[Note]:
    """Which cases have no image file; nothing can be asked about them, and nothing shown.

    Args:
        cases: Those asked about.
        folder: That their paths are relative to.
    """
    tally = Tally()
    for case in cases:
        if not (folder / case.file_name).is_file():
            tally.add("cases have no image file", f"{case.id} ({case.file_name})")
    return tally.notes()


def tell(notes: Iterable[Note]) -> None:
    """One line a note on the console."""
    for note in notes:
        log.warning("evaluate: %s", note)
