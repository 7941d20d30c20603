"""Mirror an image and the words about it, so that both stay true.

In:  text about an image; which axes are mirrored.
Out: the text about the mirrored image.

A mirrored right eye is a left eye: where the text names the laterality, a horizontal mirror swaps
it and nasal stays nasal; where it does not, nasal and temporal swap. A vertical mirror swaps
superior and inferior. Clock hours and boxes are mapped. Texts must be mirrored as one
conversation, since the laterality may be named in another turn.
"""

import re
from collections.abc import Sequence

from retia.anatomy import QUADRANTS

FLIPS = ((False, False), (True, False), (False, True), (True, True))
"""(horizontal, vertical)."""

_LATERALITY = ("OD", "OS"), ("right eye", "left eye"), ("Right eye", "Left eye")
_SIDES = ("nasal", "temporal"), ("left", "right"), ("Nasal", "Temporal"), ("Left", "Right")
_VERTICAL = (
    ("superior", "inferior"),
    ("Superior", "Inferior"),
)
_CLOCK = re.compile(r"\b(\d{1,2})(?= o.clock)")
_BOX = re.compile(r"\[(\d+), (\d+), (\d+), (\d+)\]")
_NAMED = re.compile(r"\b(OD|OS|[Rr]ight eye|[Ll]eft eye)\b")
_QUADRANT = "|".join(QUADRANTS)
_LIST = re.compile(rf"\b(?:{_QUADRANT})(?:, (?:{_QUADRANT}))*(?: and (?:{_QUADRANT}))\b")


def flip_texts(
    texts: Sequence[str], horizontal: bool, vertical: bool, side: int = 1000
) -> list[str]:
    """Rewrite the turns of one conversation for the mirrored image.

    Args:
        texts: All turns, with boxes in units of `side`.
        horizontal: Left and right change places.
        vertical: Top and bottom change places.
        side: Width and height of the frame that boxes are written in.
    """
    pairs: list[tuple[str, str]] = []
    if vertical:
        pairs += _VERTICAL
    if horizontal:
        named = any(_NAMED.search(t) for t in texts)
        pairs += _LATERALITY if named else _SIDES
    swap = {a: b for a, b in pairs} | {b: a for a, b in pairs}
    words = re.compile(r"\b(" + "|".join(sorted(swap, key=len, reverse=True)) + r")\b")

    def rewrite(text: str) -> str:
        if swap:
            text = words.sub(lambda m: swap[m[0]], text)
        text = _CLOCK.sub(lambda m: str(flip_hour(int(m[1]), horizontal, vertical)), text)
        text = _BOX.sub(lambda m: _flip_box(m, horizontal, vertical, side), text)
        return _LIST.sub(_in_order, text)

    return [rewrite(t) for t in texts]


def flip_hour(hour: int, horizontal: bool, vertical: bool) -> int:
    """The clock hour (1-12) at the mirrored place."""
    if horizontal:
        hour = -hour
    if vertical:
        hour = 6 - hour
    return hour % 12 or 12


def _in_order(match: re.Match[str]) -> str:
    """Enumerate quadrants in the order in which every text enumerates them."""
    words = sorted(re.findall(_QUADRANT, match[0]), key=QUADRANTS.index)
    return ", ".join(words[:-1]) + " and " + words[-1]


def _flip_box(match: re.Match[str], horizontal: bool, vertical: bool, side: int) -> str:
    x0, y0, x1, y1 = (int(n) for n in match.groups())
    if horizontal:
        x0, x1 = side - x1, side - x0
    if vertical:
        y0, y1 = side - y1, side - y0
    return f"[{x0}, {y0}, {x1}, {y1}]"
