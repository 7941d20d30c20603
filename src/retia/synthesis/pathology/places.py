"""Where lesions go: regions of dropout, hosts of tufts.

In:  a healthy eye and what is there already.
Out: outlines; numbers of segments.
"""

from collections.abc import Sequence

import numpy as np

from retia.synthesis.faz import Faz, wavy_rim
from retia.synthesis.pathology.dropout import outline_mm
from retia.synthesis.pathology.healthy import LARGE, Healthy
from retia.synthesis.rasterizer import THINNEST_PX

TRIES = 120
FEW_LARGE = 0.08
"""A region whose larger vessels hold less than this share of its vessel pixels is taken at once."""
BETWEEN_MM = 0.08
"""So much perfused tissue stays between regions, and between a region and the FAZ."""


def draw_regions(
    rng: np.random.Generator, eye: Healthy, faz: Faz, wishes: Sequence[tuple[float, float]]
) -> list[tuple[Faz, float]]:
    """Outlines of regions that overlap neither each other nor the avascular zone.

    Args:
        rng: Decides places and shapes.
        eye: The healthy eye.
        faz: Its avascular zone as other lesions have made it.
        wishes: (radius in mm, grade) of each region.

    Returns:
        (outline, grade) of each that found a place: the one with the fewest larger vessels
        among those tried, the same for every grade.
    """
    found: list[tuple[Faz, float]] = []
    for radius, grade in wishes:
        shape = Faz(np.zeros(2), wavy_rim(rng, strength=0.28)).scaled_to(np.pi * radius**2)
        best, least, tried = None, np.inf, 0
        for center in rng.uniform(0.85 * radius, eye.field_mm - 0.85 * radius, (TRIES, 2)):
            region = Faz(center, shape.rim_mm)
            if _apart(region, [faz, *(other for other, _ in found)]):
                spared = _spared(eye, region)
                if spared < least:
                    best, least = region, spared
                tried += 1
                if spared < FEW_LARGE or tried == TRIES // 6:
                    break
        if best is not None:
            found.append((best, grade))
    return found


def _apart(region: Faz, others: Sequence[Faz]) -> bool:
    """Does a rim of perfused tissue lie between a region and all others?"""
    outline = outline_mm(region)
    return all(
        other.rim_distance(outline).min() > BETWEEN_MM
        and other.rim_distance(region.center_mm[None])[0] > 0
        for other in others
    )


def _spared(eye: Healthy, region: Faz) -> float:
    """About the share of a region's vessel pixels that belongs to arterioles and venules."""
    few = slice(None, None, 4)  # a sample will do
    inside = region.rim_distance(eye.middle_mm[few]) < 0
    width = np.maximum(eye.vessels.radius_mm[few], THINNEST_PX * eye.mm_per_px)
    shown = np.where(inside, eye.vessels.length_mm[few] * width, 0)
    return float(shown[eye.calibre[few] >= LARGE].sum() / max(shown.sum(), 1e-9))


def tuft_host(
    rng: np.random.Generator, eye: Healthy, region: Faz, able: np.ndarray, taken: np.ndarray
) -> int | None:
    """A surviving vessel of some calibre at, or nearest to, the border of a region.

    Args:
        rng: Chooses among several.
        eye: The healthy eye.
        region: Outline of the dropout.
        able: Segments no other lesion removes or moves, bool ``(S,)``.
        taken: Pixels of other tufts, from which to keep 0.3 mm away, bool ``(H, W)``.
    """
    end = eye.vessels.end_mm
    able = able & (eye.calibre > 0.75 * LARGE) & eye.within(end, 0.2)
    able &= eye.clearance_mm(taken, end) > 0.3
    gap = np.abs(region.rim_distance(end))
    hosts = np.flatnonzero(able & (gap < 0.1))
    if len(hosts):
        return int(rng.choice(hosts))
    return int(np.where(able, gap, np.inf).argmin()) if able.any() else None
