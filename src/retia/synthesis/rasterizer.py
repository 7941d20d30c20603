"""Anti-aliased drawing of vessel segments and round blobs.

In:  capsules (segment plus radius) in millimetres, each with a brightness.
Out: float image: the brightest covering shape wins, edges are covered in part.
"""

import math

import numpy as np
from numba import njit

from retia.synthesis.vessels import Vessels

THINNEST_PX = 0.6
"""Vessels are drawn at least this wide (radius), or capillaries would vanish."""


@njit(cache=True)
def _draw(start, end, radius, value, image):
    height, width = image.shape
    for s in range(len(radius)):
        ax, ay, bx, by = start[s, 0], start[s, 1], end[s, 0], end[s, 1]
        r = radius[s]
        x0, x1 = max(0, int(min(ax, bx) - r - 1)), min(width - 1, int(max(ax, bx) + r + 1))
        y0, y1 = max(0, int(min(ay, by) - r - 1)), min(height - 1, int(max(ay, by) + r + 1))
        dx, dy = bx - ax, by - ay
        length2 = dx * dx + dy * dy
        for i in range(y0, y1 + 1):
            for j in range(x0, x1 + 1):
                px, py = j + 0.5 - ax, i + 0.5 - ay
                t = 0.0
                if length2 > 0:
                    t = min(1.0, max(0.0, (px * dx + py * dy) / length2))
                gap = math.hypot(px - t * dx, py - t * dy) - r
                cover = min(1.0, max(0.0, 0.5 - gap)) * value[s]
                if cover > image[i, j]:
                    image[i, j] = cover


def draw_vessels(
    vessels: Vessels, image_px: int, mm_per_px: float, value: np.ndarray | float = 1.0
) -> np.ndarray:
    """Draw segments as capsules.

    Args:
        vessels: Segments in mm.
        image_px: Side of the square image.
        mm_per_px: Scale; radius in pixels is ``radius_mm / mm_per_px``.
        value: Brightness of each segment, ``(S,)`` or one number.

    Returns:
        ``(image_px, image_px)`` float64; 0 where there is no vessel.
    """
    image = np.zeros((image_px, image_px))
    radius = np.maximum(vessels.radius_mm / mm_per_px, THINNEST_PX)
    values = np.broadcast_to(np.asarray(value, dtype=np.float64), radius.shape).copy()
    _draw(vessels.start_mm / mm_per_px, vessels.end_mm / mm_per_px, radius, values, image)
    return image


def draw_discs(
    center_mm: np.ndarray, radius_mm: np.ndarray, image_px: int, mm_per_px: float
) -> np.ndarray:
    """Draw discs of brightness 1; centres ``(N, 2)`` as ``(x, y)``, radii ``(N,)`` in mm."""
    image = np.zeros((image_px, image_px))
    center = np.reshape(center_mm, (-1, 2)) / mm_per_px
    _draw(center, center, np.ravel(radius_mm) / mm_per_px, np.ones(len(center)), image)
    return image
