"""Errors meant for the user: shown as one line, without a traceback.

Everything else is a bug and keeps its traceback.
"""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Bad input or usage: what is wrong, the value seen, what was expected, what to do.

    The command line prints it after `error:` and exits with 2.
    """


class ItemsFailedError(Exception):
    """A step finished, but some of its items could not be done and were skipped.

    The command line prints it after `warning:` and exits with 1.
    """


class CheckFailedError(Exception):
    """A check that was asked for did not pass; the command line exits with 1."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean ...?` when a known word is close to `word`, else an empty text."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean `{close[0]}`?" if close else ""
