"""IRMA: dilated, winding channels inside the retina that shunt blood around dropout.

In:  a healthy eye, a region of dropout, the vessels still open, a grade in [0, 1].
Out: a `Lesion` with new segments from an artery to a vein.
"""

import numpy as np

from retia.synthesis.faz import Faz
from retia.synthesis.pathology.courses import arc_mm, meander
from retia.synthesis.pathology.healthy import SMALL, Healthy
from retia.synthesis.pathology.lesion import Lesion
from retia.synthesis.pathology.sprouts import Sprouts, curve
from retia.synthesis.vessels import ARTERY, BRIDGE, VEIN

STEP_MM = 0.016
PAIRS = 16
"""So many pairs of vessels are tried."""
INSIDE_MM = 0.13
"""So far inside the border of dropout a channel runs."""


def draw_irma(
    rng: np.random.Generator, eye: Healthy, region: Faz, able: np.ndarray, grade: float
) -> list[Lesion]:
    """Join an arteriole and a venule at the border of dropout by a dilated, winding channel.

    It follows the border a little inside, where flow is gone, and has a side loop or two.

    Args:
        rng: Decides the place and the shape.
        eye: The healthy eye.
        region: Outline of the dropout.
        able: Segments no other lesion removes or moves, bool ``(S,)``.
        grade: 0 is a channel of 11 um radius that winds little, 1 one of 16 um that winds much.

    Returns:
        The lesion with ``area_mm2`` (of the channel itself) and ``length_mm``; nothing where no
        artery and vein lie within reach of the border and of each other.
    """
    found = _path(rng, eye, region, able, 0.35 + 0.35 * grade)
    if found is None:
        return []
    vessels = eye.vessels
    artery, vein, smooth = found
    line = smooth + meander(rng, smooth, rng.uniform(0.17, 0.25), 1.15 + 0.4 * grade)
    radius = 0.011 + 0.005 * grade
    swollen = 1 + 0.25 * np.sin(2 * np.pi * arc_mm(line)[1:] / 0.11 + rng.uniform(0, 2 * np.pi))
    sprouts = Sprouts(first=len(vessels))
    channel = sprouts.add(line, radius * swollen, up=artery, joins=vein)
    for _ in range(1 + round(grade)):
        leave = int(rng.integers(2, max(3, len(line) - 13)))
        back = min(leave + int(rng.integers(8, 13)), len(line) - 2)
        bulge = rng.choice([-1, 1]) * rng.uniform(0.06, 0.09)
        loop = curve(line[leave], line[back], bulge, STEP_MM)
        sprouts.add(loop, 0.75 * radius, up=int(channel[leave - 1]), joins=int(channel[back - 1]))
    added = sprouts.vessels(BRIDGE, float(vessels.depth_mm[artery]))
    mask = eye.drawn(added)
    lesion = Lesion(
        kind="irma",
        mask=mask,
        values={"area_mm2": eye.area_mm2(mask), "length_mm": float(arc_mm(line)[-1])},
        added=added,
        segments=(artery, vein),
    )
    return [lesion]


def _path(
    rng: np.random.Generator, eye: Healthy, region: Faz, able: np.ndarray, length_mm: float
) -> tuple[int, int, np.ndarray] | None:
    """An artery and a vein near the border, and a smooth path of about the wanted length."""
    end = eye.vessels.end_mm
    gap = region.rim_distance(end)
    able = able & (eye.calibre > SMALL) & (gap > -0.2) & (gap < 0.1) & eye.within(end, 0.06)
    able &= eye.faz.rim_distance(end) > 0.08
    arteries, veins = (np.flatnonzero(able & (eye.vessels.kind == k)) for k in (ARTERY, VEIN))
    distance = np.hypot(*np.moveaxis(end[arteries][:, None] - end[veins][None], -1, 0))
    rows, columns = np.nonzero((distance > 0.4 * length_mm) & (distance < length_mm))
    if not len(rows):
        return None
    tried = rng.integers(len(rows), size=PAIRS)
    pairs = [(int(arteries[rows[n]]), int(veins[columns[n]])) for n in tried]
    paths = [_along_border(region, end[artery], end[vein]) for artery, vein in pairs]
    best = int(np.argmin([abs(arc_mm(path)[-1] - length_mm) for path in paths]))
    return *pairs[best], paths[best]


def _along_border(region: Faz, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """A curve between two points that runs a little inside the border, ``(N, 2)``."""
    t = np.linspace(0, 1, 60)[:, None]
    straight = start + t * (end - start)
    ray = straight - region.center_mm
    far = np.maximum(np.hypot(*ray.T)[:, None], 0.05)
    inside = region.center_mm + ray * (
        1 - (region.rim_distance(straight)[:, None] + INSIDE_MM) / far
    )
    pull = 0.95 * np.sin(np.pi / 2 * np.minimum(1, 3 * np.minimum(t, 1 - t))) ** 2
    bent = (1 - pull) * straight + pull * inside
    arc = arc_mm(bent)
    even = np.linspace(0, arc[-1], max(12, round(arc[-1] / STEP_MM)) + 1)
    return np.stack([np.interp(even, arc, axis) for axis in bent.T], axis=1)
