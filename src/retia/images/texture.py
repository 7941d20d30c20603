"""What an OCT angiogram looks like, in numbers: fine bright lines everywhere, and larger shapes.

In:  pixels and their scale.
Out: `Texture` (is there a vessel network?) and the lines that motion leaves.

An angiogram differs from other pictures in four ways at once: its bright ridges carry much of its
contrast, they fill the whole field, no few places hold most of them, and there are shapes beyond
the size of a capillary loop (large vessels, the foveal avascular zone), which noise, print and
weaves lack. Ridges come from the Hessian matrix (Frangi et al. 1998).
"""

from dataclasses import dataclass

import cv2
import numpy as np

COARSE_MM = 0.01
"""Finer images are shrunk to this scale: capillaries are as wide as one such pixel."""
TILE_MM = 0.4
SHAPE_MM = 0.5
"""Structure above this size is no capillary loop."""
RIDGE_PX = 1.2
SHIFT_PX = 12
"""The farthest jump of the eye between two lines that is looked for."""
BACKGROUND_PX = 8.0
"""Broad shading, which tells nothing of jumps, is what a Gaussian this wide leaves."""


@dataclass(frozen=True, kw_only=True)
class Texture:
    """What tells an angiogram from other pictures; all without a unit."""

    ridges: float
    """Strength of bright ridges over the standard deviation of the image."""
    ridge_excess: float
    """Energy of bright ridges over that of dark valleys; 1 for noise."""
    peakedness: float
    """Kurtosis of the ridges: high where few places hold nearly all of them."""
    evenness: float
    """Fine contrast of the median tile over that of the mean tile."""
    emptiest: float
    """Fine contrast of the 10th percentile of the tiles over that of the mean tile."""
    shapes: float
    """Share of the variance in structure larger than `SHAPE_MM`."""


def measure_texture(pixels: np.ndarray, mm_per_px: float | None = None) -> Texture:
    """Measure the texture of an image.

    Args:
        pixels: uint8, shape `(H, W)`.
        mm_per_px: Scale; without it the longer side is taken for 3 mm.
    """
    image, scale = coarse(pixels, mm_per_px)
    smooth = cv2.GaussianBlur(image, (0, 0), RIDGE_PX)
    dx, dy = (cv2.Sobel(smooth, cv2.CV_32F, *axis) / 8 for axis in ((1, 0), (0, 1)))
    xx, xy, yy = (
        cv2.Sobel(first, cv2.CV_32F, *axis) / 8
        for first, axis in ((dx, (1, 0)), (dx, (0, 1)), (dy, (0, 1)))
    )
    mean, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    # A ridge curves in one direction: what a blob curves in both is taken off.
    bright = np.maximum(half - mean - np.abs(mean + half), 0)
    dark = np.maximum(mean + half - np.abs(mean - half), 0)
    energy = float((bright**2).mean())
    tiles = _tiles(dx**2 + dy**2, scale)
    typical = float(tiles.mean()) + 1e-12
    return Texture(
        ridges=energy**0.5 / (float(image.std()) + 1e-6),
        ridge_excess=energy / (float((dark**2).mean()) + 1e-12),
        peakedness=float((bright**4).mean()) / (energy**2 + 1e-18),
        evenness=float(np.median(tiles)) / typical,
        emptiest=float(np.percentile(tiles, 10)) / typical,
        shapes=_share_of_shapes(image, scale),
    )


def coarse(pixels: np.ndarray, mm_per_px: float | None) -> tuple[np.ndarray, float]:
    """Shrink an image to capillary scale: float32 in [0, 1], with the scale it now has."""
    scale: float = mm_per_px or 3 / max(pixels.shape)
    image = pixels.astype(np.float32) / 255
    if scale < 0.95 * COARSE_MM:
        height, width = (max(8, round(side * scale / COARSE_MM)) for side in pixels.shape)
        return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), COARSE_MM
    return image, scale


def _tiles(values: np.ndarray, mm_per_px: float) -> np.ndarray:
    rows, cols = (max(2, round(side * mm_per_px / TILE_MM)) for side in values.shape)
    return cv2.resize(values, (cols, rows), interpolation=cv2.INTER_AREA)


def _share_of_shapes(image: np.ndarray, mm_per_px: float) -> float:
    height, width = image.shape
    # The window keeps the edges of the image from counting as structure.
    window = np.outer(np.hanning(height), np.hanning(width))
    power = np.abs(np.fft.rfft2((image - image.mean()) * window)) ** 2
    per_mm = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]) / mm_per_px
    return float(power[per_mm < 1 / SHAPE_MM].sum() / (power.sum() + 1e-9))


def brightest_line(image: np.ndarray) -> float:
    """How far one row stands out from its neighbours, over the mean brightness.

    Args:
        image: Float, shape `(H, W)`, in [0, 1]; transposed for columns.

    Returns:
        The largest median difference of a row to the rows two above and below. A vessel along a
        row covers a part of it, and the median of the row does not see it.
    """
    around = (image[:-4] + image[4:]) / 2
    off = np.abs(np.median(image[2:-2] - around, axis=1))
    return float(off.max()) / max(float(image.mean()), 1e-3)


def count_jumps(image: np.ndarray, gain: float) -> int:
    """Count the places where a row continues the one above only after a sideways shift.

    Neighbouring rows of an eye at rest are most alike where they stand: a vessel moves by less
    than a pixel from one to the next.

    Args:
        image: Float, shape `(H, W)`; transposed for columns.
        gain: By how much a shift of 2 px or more must raise the correlation of two rows.
    """
    detail = image - cv2.GaussianBlur(image, (0, 0), BACKGROUND_PX)
    width = image.shape[1]
    if width < 4 * SHIFT_PX:
        return 0
    still, below = detail[:-1, SHIFT_PX : width - SHIFT_PX], detail[1:]
    moved = np.array(
        [
            _correlation(still, below[:, shift : shift + still.shape[1]])
            for shift in range(2 * SHIFT_PX + 1)
        ]
    )
    near = moved[SHIFT_PX - 1 : SHIFT_PX + 2].max(axis=0)
    return int((moved.max(axis=0) - near > gain).sum())


def _correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    return (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1) + 1e-12)
