"""From probabilities to clean masks.

In:  probabilities or masks, the scale.
Out: bool masks: the central zone in one piece, vessels without specks.
"""

import cv2
import numpy as np
from scipy.ndimage import binary_fill_holes

from retia.images.distance import distance_px

SMALLEST_MM2 = 0.0008
"""Specks below 8 px of a 3 mm scan are noise."""
REACH_MM = 1.0
"""How quickly a part of the zone loses weight with its distance from the centre."""
NEAR_MM, RULED_OUT = 0.06, 0.02
"""How far a zone is widened at most, and the probability below which it is not."""
SMALLEST_ZONE_MM2 = 0.01
"""No avascular zone is smaller."""


def without_specks(mask: np.ndarray, mm_per_px: float) -> np.ndarray:
    """Leave out parts that are too small for a vessel; bool, same shape."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] * mm_per_px**2 >= SMALLEST_MM2
    large[0] = False
    return large[np.asarray(labels, np.int32)]


def widened_zone(
    zone: np.ndarray, wider: np.ndarray, p: np.ndarray, mm_per_px: float
) -> np.ndarray:
    """Widen the network's zone by what the dark place reaches beyond it.

    The network draws the zone of unfamiliar scans too small; how dark a place is tells its rim
    better there, but runs out into lost capillaries. So of the dark place only what lies near, and
    what the network does not rule out, is added.

    Args:
        zone: That of the network, bool `(H, W)`, not empty.
        wider: The dark place of `segment_faz`, bool `(H, W)`.
        p: Probability of the zone, `(H, W)`.
        mm_per_px: Scale.

    Returns:
        bool `(H, W)`.
    """
    near = (distance_px(~zone) * mm_per_px <= NEAR_MM) & (p >= RULED_OUT)
    return np.asarray(binary_fill_holes(zone | (wider & near)), bool)


def central_zone(p: np.ndarray, level: float, mm_per_px: float) -> np.ndarray:
    """The one part of a zone's map that is likeliest the FAZ, without holes.

    Args:
        p: Probability of the FAZ, float `(H, W)`.
        level: From which a pixel counts.
        mm_per_px: Scale.

    Returns:
        bool `(H, W)`; empty where no part is large enough.
    """
    _, labels, stats, centres = cv2.connectedComponentsWithStats(
        (p >= level).astype(np.uint8), connectivity=4
    )
    area_mm2 = stats[:, cv2.CC_STAT_AREA] * mm_per_px**2
    middle = np.array(p.shape[::-1]) / 2
    away_mm = np.hypot(*(centres - middle).T) * mm_per_px
    weight = area_mm2 * np.exp(-((away_mm / REACH_MM) ** 2))
    weight[0] = 0
    weight[area_mm2 < SMALLEST_ZONE_MM2] = 0
    if not weight.any():
        return np.zeros(p.shape, bool)
    return np.asarray(binary_fill_holes(labels == int(weight.argmax())), bool)
