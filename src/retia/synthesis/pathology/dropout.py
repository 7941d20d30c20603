"""Capillary dropout: small vessels lost inside an irregular region, larger ones spared.

In:  a healthy eye, an outline and a grade in [0, 1].
Out: a `Lesion` with the density ratio its grade asks for.
"""

import numpy as np

from retia.synthesis.faz import Faz, pixel_centers
from retia.synthesis.pathology.healthy import LARGE, Healthy
from retia.synthesis.pathology.lesion import Lesion, fed
from retia.synthesis.vessels import Vessels, selected

SPARED = 2 * LARGE
"""Vessels this many times as wide as a capillary never close."""
RIM_MM = 0.06
"""What hangs from a lost capillary is lost too, up to this far outside the region."""


def target_ratio(grade: float) -> float:
    """Share of the vessel pixels that a grade leaves: .9 at 0, .1 at 1.

    So grades up to .37 are mild (at least .6), those from .63 on severe (at most .4).
    """
    return 0.9 - 0.8 * grade


def draw_dropout(rng: np.random.Generator, eye: Healthy, region: Faz, grade: float) -> Lesion:
    """Close the capillaries of a region, patch by patch, until the grade's density is reached.

    Patches of neighbouring capillaries go together, the core of the region first; arterioles
    and venules that end here only when no capillary is left, those that lead on never. All
    that is then cut off from blood goes too. So intercapillary areas merge: some enlarged ones
    at a low grade, non-perfusion with a few surviving threads at a high one. The order is the
    same for every grade: a worse grade loses a superset.

    Args:
        rng: Decides which patches go first.
        eye: The healthy eye.
        region: Outline of the region.
        grade: See `target_ratio`.

    Returns:
        The lesion, with ``area_mm2`` and ``density_ratio``: vessel pixels in the mask with it
        over those without it.
    """
    vessels = eye.vessels
    gap = region.rim_distance(eye.middle_mm)
    closing = _order(rng, eye, region, gap)
    last = lasting(vessels, closing, np.flatnonzero(gap < RIM_MM))
    centers = pixel_centers(eye.image_px, eye.mm_per_px)
    mask = (region.rim_distance(centers) < 0) & (eye.faz.rim_distance(centers) >= 0)

    angle = np.radians(np.arange(len(region.rim_mm)))
    outline = region.center_mm + region.rim_mm[:, None] * np.stack(
        [np.cos(angle), np.sin(angle)], 1
    )
    window = eye.window(outline, eye.mm_per_px)
    inside = mask[eye.part(window)]
    touching = gap < 2 * RIM_MM + vessels.length_mm
    near, ends = selected(vessels, touching), last[touching]
    before = int((eye.mask & mask).sum())

    def ratio(step: int) -> float:
        left = eye.drawn_in(window, selected(near, ends >= step)) & inside
        return float(left.sum() / before) if before else 1.0

    steps = np.unique(np.append(0, last[np.isfinite(last)] + 1)).astype(int)
    low, high, target = 0, len(steps) - 1, target_ratio(grade)
    while low < high:  # the first step at which no more is left than the grade asks for
        half = (low + high) // 2
        low, high = (low, half) if ratio(int(steps[half])) <= target else (half + 1, high)
    gone = last < steps[low]
    border = (np.abs(gap) < 0.04) & eye.within(eye.middle_mm, 0.0) & ~gone
    return Lesion(
        kind="capillary_dropout",
        mask=mask,
        values={"area_mm2": eye.area_mm2(mask), "density_ratio": ratio(int(steps[low]))},
        removed=gone,
        segments=tuple(np.flatnonzero(border)[:4].tolist()),
    )


def outline_mm(region: Faz) -> np.ndarray:
    """Points on an outline, one a degree, ``(360, 2)``."""
    angle = np.radians(np.arange(len(region.rim_mm)))
    return region.center_mm + region.rim_mm[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)


def _order(rng: np.random.Generator, eye: Healthy, region: Faz, gap: np.ndarray) -> np.ndarray:
    """When each segment closes: 0 first, infinity never, ``(S,)``."""
    vessels = eye.vessels
    small = (gap < 0) & (eye.calibre < SPARED)
    # A thread that alone feeds tissue beyond the region stays open.
    starved = ~fed(vessels, ~small) & (gap >= RIM_MM)
    thread = np.zeros(len(vessels), bool)
    ahead = np.flatnonzero(starved)
    while len(ahead):
        ahead = np.unique(vessels.parent[ahead])
        ahead = ahead[ahead >= 0]
        ahead = ahead[~thread[ahead]]
        thread[ahead] = True
    rows = np.flatnonzero(small & ~thread)
    middle, calibre = eye.middle_mm[rows], eye.calibre[rows]
    reach = np.maximum(np.hypot(*(middle - region.center_mm).T), 0.05)
    score = patches(rng, middle) - 0.7 * np.clip(-gap[rows] / reach, 0, 1)
    # Arterioles and venules that end here go after all capillaries.
    score += 1.5 * np.log(np.maximum(calibre, 1)) + np.where(calibre < LARGE, 0, 10)
    closing = np.full(len(vessels), np.inf)
    closing[rows[np.argsort(score, kind="stable")]] = np.arange(len(rows))
    return closing


def lasting(vessels: Vessels, closing: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """When each segment loses its blood, if each closes in its turn, ``(S,)``.

    A segment lasts as long as its best path to a source: a path lasts as long as its first
    segment to close. All outside ``rows`` counts as a source, as do roots.

    Args:
        vessels: All segments.
        closing: When each closes, ``(S,)``; infinity for never.
        rows: Numbers of the segments that can lose their blood.
    """
    free = np.zeros(len(vessels), bool)
    free[rows] = True
    last = closing.copy()
    last[rows[vessels.parent[rows] >= 0]] = -1  # no path found yet
    links = []
    for link in (vessels.parent, vessels.joins):
        other = np.flatnonzero(link >= 0)
        other = other[free[other] | free[link[other]]]
        links += [(other, link[other]), (link[other], other)]
    here, there = np.concatenate(links, axis=1)
    here, there = here[free[here]], there[free[here]]
    while True:  # as many rounds as the longest path has segments
        best = last.copy()
        np.maximum.at(best, here, np.minimum(last[there], closing[here]))
        if np.array_equal(best, last):
            return last
        last = best


def patches(rng: np.random.Generator, points_mm: np.ndarray, waves: int = 14) -> np.ndarray:
    """Smooth random numbers of standard deviation 1 that vary over about 0.1 mm, ``(...)``."""
    angle = rng.uniform(0, 2 * np.pi, waves)
    number = 2 * np.pi / rng.uniform(0.12, 0.32, waves)
    wave = number * np.stack([np.cos(angle), np.sin(angle)])
    phase = rng.uniform(0, 2 * np.pi, waves)
    return np.sqrt(2 / waves) * np.cos(points_mm @ wave + phase).sum(-1)
