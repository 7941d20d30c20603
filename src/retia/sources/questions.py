"""The questions of medical VQA data sets as typed questions, whatever the set's own spelling."""

import re
from typing import Any

from retia.errors import UserError
from retia.records.case import GoldType

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_OR = re.compile(r"\b(?:or|vs|versus)\b", re.IGNORECASE)


def tidy(text: str) -> str:
    """The words with single blanks (some answers hold tabs, line breaks and double blanks)."""
    return " ".join(text.split())


def gold_type(question: str, answer: str, closed: bool) -> GoldType:
    """What kind of thing the answer is.

    Args:
        question: Its words.
        answer: Its words, tidied.
        closed: Whether the data set says that the answer is one of few.

    Returns:
        `yes_no` for exactly these two words (`maybe` is a text); `number` where the whole answer
        is one; `choice` where the question is closed and itself names what to choose from; else
        `text`.
    """
    if answer.lower().rstrip(".") in ("yes", "no"):
        return "yes_no"
    if _NUMBER.fullmatch(answer):
        return "number"
    if closed and _OR.search(question):
        return "choice"
    return "text"


def text_of(row: dict[str, Any], key: str, where: str) -> str:
    """A text of a row, tidied; numbers become text.

    Raises:
        UserError: If it is missing, empty or of another type.
    """
    value = row.get(key)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:g}"
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{where}: `{key}` is {value!r:.80}. Expected a text that is not empty.")
    return tidy(value)
