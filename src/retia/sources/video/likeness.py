"""Near duplicates: frames that show the same picture a moment later.

In:  RGB pixels.
Out: a `Likeness` of a few bytes; two of them tell whether their frames look alike.

The hash is the difference hash (N. Krawetz, "Kind of like that", 2013) on 17 x 16 cells: one bit a
cell, whether the picture grows darker to the right. Flat pictures have no such bits, so that the
mean grey is compared too.
"""

from dataclasses import dataclass

import numpy as np

COLUMNS, ROWS = 17, 16
ALIKE_BITS = 12
"""Bits, of 256, in which near duplicates differ at most. A frame of CholecT50 coded worse, moved by
a pixel or under noise differs from itself by 9 at most; from the frame a second later by 38 in the
median, and by 12 or less in 4 of 100."""
ALIKE_GREY = 3.0
"""Difference of mean grey, of 256, at most."""
STILL = 2
"""Cells that differ by less than this, of 256, have no direction."""


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """What of a picture is compared."""

    bits: str
    """256 bits, as 64 hexadecimal digits."""
    grey: float
    """Mean, 0 to 255."""


def likeness(pixels: np.ndarray) -> Likeness:
    """Sum a picture up.

    Args:
        pixels: uint8, shape `(H, W, 3)`.
    """
    cells = thumbnail(pixels, COLUMNS, ROWS)
    falls = (cells[:, :-1] - cells[:, 1:]) > STILL
    return Likeness(bits=np.packbits(falls).tobytes().hex(), grey=round(float(cells.mean()), 2))


def thumbnail(pixels: np.ndarray, columns: int, rows: int) -> np.ndarray:
    """Mean grey of even cells: float32, shape `(rows, columns)`, 0 to 255."""
    from PIL import Image

    small = Image.fromarray(pixels).convert("L").resize((columns, rows), Image.Resampling.BOX)
    return np.asarray(small, np.float32)


def distance_bits(one: Likeness, other: Likeness) -> int:
    """In how many of the 256 bits two pictures differ."""
    return (int(one.bits, 16) ^ int(other.bits, 16)).bit_count()


def alike(one: Likeness, other: Likeness) -> bool:
    """Whether two frames are near duplicates."""
    return abs(one.grey - other.grey) <= ALIKE_GREY and distance_bits(one, other) <= ALIKE_BITS
