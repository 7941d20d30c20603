"""Pixels of any depth to grey of 8 bit, and the sizes that are allowed: for every file format."""

import numpy as np

from retia.errors import UserError

SMALLEST_PX = 32
MAX_MEGAPIXELS = 64.0
COLOURED = 8
"""Channels may differ by this many grey levels (JPEG does that) and still count as grey."""


class ColouredError(UserError):
    """A picture that must be grey is coloured; `grey` holds it without its colours."""

    def __init__(self, message: str, grey: np.ndarray) -> None:
        """Keep the picture: who must show it all the same need not read it again."""
        super().__init__(message)
        self.grey = grey


def check_size(name: str, size: tuple[int, int], max_megapixels: float, smallest_px: int) -> None:
    """Refuse an image by its size `(width, height)`, before its pixels are decoded.

    Raises:
        UserError: If a side is too short, or it has too many pixels.
    """
    width, height = size
    if min(size) < smallest_px:
        raise UserError(
            f"{name} is {width} x {height} px. Expected at least {smallest_px} px a side; "
            "use the scan at its original size."
        )
    if width * height > max_megapixels * 1e6:
        raise UserError(
            f"{name} is {width} x {height} px, {width * height / 1e6:.0f} megapixels. Expected at "
            f"most {max_megapixels:g}; crop or shrink it, or raise max_megapixels."
        )


def from_rgb(name: str, rgb: np.ndarray) -> np.ndarray:
    """Grey stored as RGB, uint8 `(H, W, 3)`, as uint8 `(H, W)`.

    Raises:
        ColouredError: If it is coloured.
    """
    wide = rgb.astype(np.int16)
    grey = wide.mean(axis=2).round().astype(np.uint8)
    spread = int((wide.max(axis=2) - wide.min(axis=2)).max())
    if spread > COLOURED:
        raise ColouredError(
            f"{name} is coloured (channels differ by up to {spread} grey levels). "
            "OCTA images are grey; export the angiogram without a colour map.",
            grey,
        )
    return grey


def from_deep(name: str, deep: np.ndarray) -> np.ndarray:
    """Numbers of any depth, `(H, W)`, as uint8.

    Raises:
        UserError: If some are no finite numbers, or below 0.
    """
    deep = deep.astype(np.float64)
    if not np.isfinite(deep).all():
        raise UserError(f"{name} holds pixels that are not finite. Expected numbers only.")
    if deep.min() < 0:
        raise UserError(
            f"{name} holds pixels down to {deep.min():g}. Expected brightness, 0 and above; "
            "export the angiogram without an offset."
        )
    top = float(deep.max())
    # 12 and 14 bit data come in 16 bit files: the depth is the smallest that holds the maximum.
    full = next((f for f in (1.0, 255.0, 4095.0, 16383.0, 65535.0) if top <= f), top)
    return (deep / full * 255).round().astype(np.uint8)
