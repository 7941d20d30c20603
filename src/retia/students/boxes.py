"""Boxes in text: pixels of the stored image to what a model family writes, and back.

In:  text with boxes `[x0, y0, x1, y1]`.
Out: the same text with the other numbers. This is the only place that converts.
"""

import re
from typing import Literal

Convention = Literal["relative_1000", "pixels", "resized_pixels"]
"""Integers 0-1000 of the image's sides; pixels of the stored image; pixels as the model saw it."""

_NUMBER = r"\s*(\d+(?:\.\d+)?)\s*"
BOX = re.compile(rf"\[{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}\]")


def to_family(
    text: str,
    size: tuple[int, int],
    convention: Convention,
    resized: tuple[int, int] | None = None,
) -> str:
    """Rewrite pixel boxes for a model family.

    Args:
        text: With boxes in pixels of the stored image.
        size: (height, width) of the stored image.
        convention: How the family writes boxes.
        resized: (height, width) the model sees; `resized_pixels` needs it.
    """
    x, y = _scale(size, convention, resized)
    return BOX.sub(lambda match: _write(match, x, y), text)


def from_family(
    text: str,
    size: tuple[int, int],
    convention: Convention,
    resized: tuple[int, int] | None = None,
) -> str:
    """Rewrite a family's boxes in pixels of the stored image; arguments as in `to_family`."""
    x, y = _scale(size, convention, resized)
    return BOX.sub(lambda match: _write(match, 1 / x, 1 / y), text)


def _scale(
    size: tuple[int, int], convention: Convention, resized: tuple[int, int] | None
) -> tuple[float, float]:
    height, width = size
    if convention == "pixels":
        return 1.0, 1.0
    if convention == "relative_1000":
        return 1000 / width, 1000 / height
    if resized is None:
        raise ValueError("`resized_pixels` needs the size the model sees")
    return resized[1] / width, resized[0] / height


def _write(match: re.Match[str], x: float, y: float) -> str:
    scaled = [float(n) * s for n, s in zip(match.groups(), (x, y, x, y), strict=True)]
    return "[" + ", ".join(str(round(n)) for n in scaled) + "]"
