"""Capillary dropout: small vessels lost inside an irregular region, larger ones spared.

In:  a healthy eye, a place, a size and a grade in [0, 1].
Out: a `Lesion` whose density ratio was measured, not chosen.
"""

import numpy as np

from retia.synthesis.faz import Faz, pixel_centers
from retia.synthesis.pathology.lesion import Lesion, fed
from retia.synthesis.vessels import Vessels

SPARED_RADIUS_MM = 0.0085
"""Vessels wider than this stay open in a region of dropout."""


def draw_dropout(
    rng: np.random.Generator,
    healthy: Vessels,
    vessel_mask: np.ndarray,
    region: Faz,
    faz: Faz,
    grade: float,
    mm_per_px: float,
) -> Lesion:
    """Close the capillaries of a region, patch by patch, its core first.

    Patches of neighbouring capillaries go together with all that hangs from them, so
    that intercapillary areas merge: some enlarged ones at a low grade, non-perfusion
    with a few surviving threads at a high one.

    Args:
        rng: Decides which patches go first.
        healthy: Segments of the healthy eye.
        vessel_mask: Vessel mask of the healthy eye, bool ``(H, W)``; what "before" means.
        region: Outline of the region.
        faz: Avascular zone, which does not count as part of the region.
        grade: 0 leaves nearly all capillaries, 1 closes all.
        mm_per_px: Scale.

    Returns:
        The lesion, with ``area_mm2``. `measured` adds ``density_ratio``.
    """
    middle = healthy.middle_mm
    inside = region.rim_distance(middle) < 0
    small = inside & (healthy.radius_mm < SPARED_RADIUS_MM)
    reach = np.hypot(*(middle - region.center_mm).T)
    depth = np.clip(-region.rim_distance(middle) / np.maximum(reach, 0.05), 0, 1)
    score = patches(rng, middle) - 1.2 * depth
    for s in np.flatnonzero(small):  # parents come first: what hangs from a patch goes with it
        up = healthy.parent[s]
        if up >= 0 and small[up]:
            score[s] = min(score[s], score[up] + 0.15)
    order = np.flatnonzero(small)[np.argsort(score[small], kind="stable")]
    share = np.cumsum(healthy.length_mm[order]) / max(healthy.length_mm[order].sum(), 1e-9)
    gone = np.zeros(len(healthy), bool)
    gone[order[share <= 0.12 + 0.88 * grade]] = True
    gone |= ~fed(healthy, ~gone) & (region.rim_distance(middle) < 0.05)
    size = len(vessel_mask)
    centers = pixel_centers(size, mm_per_px)
    mask = (region.rim_distance(centers) < 0) & (faz.rim_distance(centers) >= 0)
    border = np.abs(region.rim_distance(middle)) < 0.04
    border &= ((middle > 0) & (middle < size * mm_per_px)).all(axis=1)  # what the image shows
    return Lesion(
        kind="capillary_dropout",
        mask=mask,
        values={"area_mm2": float(mask.sum() * mm_per_px**2)},
        removed=gone,
        segments=tuple(np.flatnonzero(border & ~gone)[:4].tolist()),
    )


def patches(rng: np.random.Generator, points_mm: np.ndarray, waves: int = 14) -> np.ndarray:
    """Smooth random numbers of standard deviation 1 that vary over about 0.1 mm, ``(...)``."""
    angle = rng.uniform(0, 2 * np.pi, waves)
    number = 2 * np.pi / rng.uniform(0.14, 0.42, waves)
    wave = number * np.stack([np.cos(angle), np.sin(angle)])
    phase = rng.uniform(0, 2 * np.pi, waves)
    return np.sqrt(2 / waves) * np.cos(points_mm @ wave + phase).sum(-1)


def density_ratio(mask: np.ndarray, before: np.ndarray, after: np.ndarray) -> float:
    """Vessel pixels inside a region after, divided by those before (1.0 where there were none)."""
    return float(after[mask].sum() / max(1, before[mask].sum())) if before[mask].any() else 1.0
