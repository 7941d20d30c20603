"""Cutting a text into sentences without losing where they stood."""

import re

_END = re.compile(r"[.!?]+(?=[\s\"')\]]|$)|\n+|;")
_PLAIN = (
    dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
    | {ord("\u2019"): "'"}
    | dict.fromkeys(map(ord, "*`"), " ")
)


def fold(text: str) -> str:
    """Lower-case a text, plain dashes, no Markdown; every character keeps its position."""
    plain = text.translate(_PLAIN)
    lowered = plain.lower()
    if len(lowered) == len(plain):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in plain)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Half-open spans of the sentences, their end marks included, white space not.

    A full stop inside a number ends nothing.
    """
    spans, start = [], 0
    for end in [m.end() for m in _END.finditer(text)] + [len(text)]:
        piece = text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if right > left:
            spans.append((left, right))
        start = end
    return spans


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [text[a:b] for a, b in sentence_spans(text)]
