"""Vessel segments and round blobs as the share of each pixel that they cover.

In:  capsules (segment plus radius) in millimetres, each with a brightness.
Out: float image: true coverage, also of vessels thinner than a pixel; or a mask.
"""

import math

import numpy as np
from numba import njit

from retia.synthesis.vessels import Vessels

FINE_PX = 4864
"""A pixel is split into 2 to 8 sub-pixels a side, so that the image has about this many."""
THINNEST_PX = 0.5
"""In a mask every vessel is drawn at least this wide (radius), or capillaries would vanish."""

Window = tuple[int, int, int]
"""A square part of an image in pixels: left, top, side."""


@njit(cache=True)
def _stamp(start, end, radius, value, fine):
    """Draw capsules on ``fine``; a sub-pixel whose centre they cover takes the brightest."""
    height, width = fine.shape
    for s in range(len(radius)):
        ax, ay, r, shade = start[s, 0], start[s, 1], radius[s], value[s]
        dx, dy = end[s, 0] - ax, end[s, 1] - ay
        length = math.hypot(dx, dy)
        ux, uy = (dx / length, dy / length) if length > 0 else (1.0, 0.0)
        top = max(0, math.ceil(min(ay, ay + dy) - r - 0.5))
        bottom = min(height - 1, math.floor(max(ay, ay + dy) + r - 0.5))
        for j in range(top, bottom + 1):
            # A capsule is convex: a row meets it in one interval, from its caps and its body.
            y = j + 0.5 - ay
            left, right = np.inf, -np.inf
            if abs(y) <= r:
                half = math.sqrt(r * r - y * y)
                left, right = -half, half
            if abs(y - dy) <= r:
                half = math.sqrt(r * r - (y - dy) * (y - dy))
                left, right = min(left, dx - half), max(right, dx + half)
            low, high = _between(ux, uy * y, 0.0, length)
            low2, high2 = _between(-uy, ux * y, -r, r)
            low, high = max(low, low2), min(high, high2)
            if low <= high:
                left, right = min(left, low), max(right, high)
            if left > right:
                continue
            first = max(0, math.ceil(ax + left - 0.5))
            last = min(width - 1, math.floor(ax + right - 0.5))
            for i in range(first, last + 1):
                if fine[j, i] < shade:
                    fine[j, i] = shade


@njit(cache=True)
def _between(slope, offset, least, most):
    """The x with ``least <= slope * x + offset <= most``, as an interval."""
    if abs(slope) < 1e-12:
        return (-np.inf, np.inf) if least <= offset <= most else (np.inf, -np.inf)
    one, other = (least - offset) / slope, (most - offset) / slope
    return min(one, other), max(one, other)


@njit(cache=True)
def _mean_blocks(fine, times, image):
    scale = 1.0 / (255.0 * times * times)
    height, width = image.shape
    for i in range(height):
        for j in range(width):
            total = 0
            for k in range(i * times, (i + 1) * times):
                for m in range(j * times, (j + 1) * times):
                    total += fine[k, m]
            image[i, j] = total * scale


def _drawn(
    start_px, end_px, radius_px, value, image_px: int, window: Window | None = None
) -> np.ndarray:
    times = int(np.clip(FINE_PX // image_px, 2, 8))
    left, top, side = window or (0, 0, image_px)
    start_px, end_px = start_px - (left, top), end_px - (left, top)
    fine = np.zeros((side * times, side * times), np.uint8)
    shade = np.broadcast_to(np.asarray(value, dtype=np.float64), np.shape(radius_px))
    shade = np.round(255 * np.clip(shade, 0, 1)).astype(np.uint8)
    _stamp(start_px * times, end_px * times, radius_px * times, shade, fine)
    image = np.empty((side, side))
    _mean_blocks(fine, times, image)
    return image


def draw_vessels(
    vessels: Vessels,
    image_px: int,
    mm_per_px: float,
    value: np.ndarray | float = 1.0,
    least_px: float = 0.0,
    window: Window | None = None,
) -> np.ndarray:
    """Draw segments as capsules.

    Where segments overlap the brightest counts, in each sub-pixel. Without ``least_px`` this
    is the area covered, however thin the vessel: right on average, and for one straight line
    to a sub-pixel of its width.

    Args:
        vessels: Segments in mm.
        image_px: Side of the square image.
        mm_per_px: Scale; radius in pixels is ``radius_mm / mm_per_px``.
        value: Brightness of each segment from 0 to 1, ``(S,)`` or one number; 255 levels.
        least_px: No radius is drawn smaller than this, in pixels.
        window: The part of the image that is wanted; all of it when left out.

    Returns:
        ``(image_px, image_px)`` float64, or that of the window; 0 where there is no vessel.
    """
    radius = np.maximum(vessels.radius_mm / mm_per_px, least_px)
    start_px, end_px = vessels.start_mm / mm_per_px, vessels.end_mm / mm_per_px
    return _drawn(start_px, end_px, radius, value, image_px, window)


def draw_discs(
    center_mm: np.ndarray,
    radius_mm: np.ndarray,
    image_px: int,
    mm_per_px: float,
    window: Window | None = None,
) -> np.ndarray:
    """Draw discs of brightness 1; centres ``(N, 2)`` as ``(x, y)``, radii ``(N,)`` in mm."""
    center = np.reshape(np.asarray(center_mm, dtype=np.float64), (-1, 2)) / mm_per_px
    return _drawn(center, center, np.ravel(radius_mm) / mm_per_px, 1.0, image_px, window)


def draw_mask(
    vessels: Vessels,
    blobs: np.ndarray,
    image_px: int,
    mm_per_px: float,
    window: Window | None = None,
) -> np.ndarray:
    """Pixels that are vessel: at least half covered by vessels drawn one pixel wide or wider.

    A line one pixel wide covers at least half of one pixel in every row or column that it
    crosses, so no capillary breaks.

    Args:
        vessels: Segments in mm.
        blobs: Microaneurysms, ``(N, 3)`` as ``(x, y, radius)`` in mm.
        image_px: Side of the square image.
        mm_per_px: Scale.
        window: The part of the image that is wanted; all of it when left out.

    Returns:
        bool ``(image_px, image_px)``, or that of the window.
    """
    flow = draw_vessels(vessels, image_px, mm_per_px, least_px=THINNEST_PX, window=window)
    sacs = draw_discs(blobs[:, :2], blobs[:, 2], image_px, mm_per_px, window)
    return np.maximum(flow, sacs) >= 0.5
