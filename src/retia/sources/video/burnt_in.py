"""Text that a recorder burnt into the picture: names, clocks, instrument names.

In:  some frames of one video.
Out: boxes around lettering that stays where it is while the scene moves, and pictures without it.

Lettering is made of thin strokes that are lighter or darker than what surrounds them, by much. In
one frame reflections and instruments look like that too; over a video they move, and burnt-in
letters do not. What is shown now and then, or at another place each time, is not found.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

STROKE = 1 / 85
"""Widest stroke as a share of the width of the picture: 12 px of 1024."""
CONTRAST = 50
"""Least step, of 256, from a stroke to its surroundings."""
SURE, LIKELY, CHANGING = 0.5, 0.3, 0.5
"""Share of the frames in which a pixel is a stroke: in letters that stay; in letters that change,
as the seconds of a clock do. The latter count beside the former only, and where they fill so much
of the height of their line."""
FEWEST_FRAMES = 8
"""Fewer frames cannot tell what stays."""
LOWEST, HIGHEST = 0.008, 0.09
"""Height of a line of text as a share of the width of the picture."""
PixelBox = tuple[int, int, int, int]


@dataclass
class TextSearch:
    """Counts, pixel by pixel, how often a video shows a stroke."""

    frames: int = 0
    counts: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.uint16))

    def look(self, pixels: np.ndarray) -> None:
        """Count the strokes of one frame: uint8, shape `(H, W, 3)`, all frames of one size."""
        found = strokes(pixels)
        if not self.frames:
            self.counts = np.zeros(found.shape, np.uint16)
        self.counts += found
        self.frames += 1

    def boxes(self) -> list[PixelBox]:
        """Boxes `[x0, y0, x1, y1]` around lines of text; empty when too few frames were seen."""
        if self.frames < FEWEST_FRAMES:
            return []
        return _lines(self.counts / self.frames)


def strokes(pixels: np.ndarray) -> np.ndarray:
    """Which pixels belong to thin strokes: bool, shape `(H, W)`."""
    from scipy import ndimage

    light = pixels.max(axis=-1).astype(np.int16)
    size = max(3, round(STROKE * light.shape[1]))
    thin_light = light - ndimage.grey_opening(light, size=(size, size))
    thin_dark = ndimage.grey_closing(light, size=(size, size)) - light
    return (thin_light > CONTRAST) | (thin_dark > CONTRAST)


def _lines(share: np.ndarray) -> list[PixelBox]:
    """Lines of text in the share of frames in which each pixel is a stroke."""
    from scipy import ndimage

    height, width = share.shape
    reach = max(3, round(2 * STROKE * width))
    joined = ndimage.binary_dilation(share >= SURE, np.ones((3, 2 * reach + 1), bool))
    found: Any = ndimage.label(joined)
    labels: np.ndarray = found[0]
    pad = max(2, round(STROKE * width / 2))
    boxes = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels), 1):
        inside = (labels[rows, columns] == number) & (share[rows, columns] >= SURE)
        ys, xs = np.nonzero(inside)
        y0, y1 = rows.start + int(ys.min()), rows.start + int(ys.max()) + 1
        x0, x1 = columns.start + int(xs.min()), columns.start + int(xs.max()) + 1
        if not (LOWEST * width <= y1 - y0 <= HIGHEST * width and x1 - x0 >= y1 - y0):
            continue
        x0, x1 = _widen(share[y0:y1], x0, x1, reach)
        right, bottom = min(width, x1 + pad), min(height, y1 + pad)
        boxes.append((max(0, x0 - pad), max(0, y0 - pad), right, bottom))
    return boxes


def _widen(band: np.ndarray, x0: int, x1: int, reach: int) -> tuple[int, int]:
    """Take in the letters beside a line that change: strokes in its rows, without a wide gap."""
    columns = np.flatnonzero((band >= LIKELY).mean(axis=0) >= CHANGING)
    while True:
        near = columns[(columns >= x0 - reach) & (columns < x1 + reach)]
        wider = (min([x0, *near]), max([x1 - 1, *near]) + 1)
        if wider == (x0, x1):
            return int(x0), int(x1)
        x0, x1 = wider


def mask(pixels: np.ndarray, boxes: list[PixelBox]) -> np.ndarray:
    """The picture with its boxes black."""
    masked = pixels.copy()
    for x0, y0, x1, y1 in boxes:
        masked[y0:y1, x0:x1] = 0
    return masked
