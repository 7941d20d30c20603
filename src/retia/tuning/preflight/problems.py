"""What preflight finds, and how it refuses."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retia.errors import CheckFailedError

log = logging.getLogger("retia")

SHOWN = 3
"""Samples named per problem."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One kind of problem and the samples that have it."""

    check: str
    text: str
    samples: tuple[str, ...]
    """Ids of samples; of images their paths, of groups their names."""
    fatal: bool = True

    @property
    def line(self) -> str:
        """One line for the user."""
        named = ", ".join(self.samples[:SHOWN]) + (", …" if len(self.samples) > SHOWN else "")
        return f"{self.check}: {self.text} ({len(self.samples)}: {named})"


def named(check: str, text: str, samples: Iterable[str], fatal: bool = True) -> list[Problem]:
    """The problem as a list, which is empty where no sample has it."""
    found = tuple(dict.fromkeys(samples))
    return [Problem(check=check, text=text, samples=found, fatal=fatal)] if found else []


def refuse(problems: Sequence[Problem]) -> None:
    """Log warnings; refuse when a problem is fatal.

    Raises:
        CheckFailedError: With one line per fatal problem.
    """
    for problem in problems:
        if not problem.fatal:
            log.warning("preflight: %s", problem.line)
    fatal = [p.line for p in problems if p.fatal]
    if fatal:
        raise CheckFailedError("preflight found what would ruin the run:\n" + "\n".join(fatal))
