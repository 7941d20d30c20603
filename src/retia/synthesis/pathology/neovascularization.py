"""Neovascular tufts: dense tangles of small bright loops that hang from a surviving vessel.

In:  a healthy eye, a vessel at the border of dropout, a size.
Out: a `Lesion` whose first new segment has that vessel as its parent.
"""

import numpy as np
from scipy.ndimage import binary_closing, binary_fill_holes

from retia.synthesis.faz import Faz, wavy_rim
from retia.synthesis.pathology.lesion import Lesion
from retia.synthesis.rasterizer import draw_vessels
from retia.synthesis.vessels import TUFT, Vessels

STEP_MM = 0.012


def draw_tuft(
    rng: np.random.Generator,
    healthy: Vessels,
    parent: int,
    towards_mm: np.ndarray,
    diameter_mm: float,
    image_px: int,
    mm_per_px: float,
) -> Lesion:
    """Grow a tuft from the end of a vessel into the tissue that called for it.

    A stem leads to the middle of a lobed disc. From there sprouts walk with strong,
    changing curvature and turn back at the disc's edge, so that they tangle.

    Args:
        rng: Decides the shape.
        healthy: Segments of the healthy eye.
        parent: Segment the tuft hangs from.
        towards_mm: ``(x, y)`` it grows towards, such as the middle of the dropout.
        diameter_mm: Size across; 0.25 to 0.6 are typical.
        image_px: Side of the image.
        mm_per_px: Scale.

    Returns:
        The lesion with its ``area_mm2`` (of the closed, filled tangle).
    """
    root = healthy.end_mm[parent]
    way = towards_mm - root
    way = way / max(float(np.hypot(*way)), 1e-9)
    center = root + 0.42 * diameter_mm * way
    disc = Faz(center, wavy_rim(rng, 0.3) * diameter_mm / 2)
    stem_steps = max(2, round(0.42 * diameter_mm / STEP_MM))
    stem = root + np.linspace(0, 1, stem_steps + 1)[:, None] * (center - root)
    wobble = 0.02 * np.sin(np.linspace(0, np.pi, stem_steps + 1))[:, None]
    stem = stem + wobble * np.array([-way[1], way[0]])
    sprouts = round(4 + 24 * diameter_mm)
    steps = round(34 + 55 * diameter_mm)
    begin = rng.integers(stem_steps // 3, stem_steps + 1, sprouts)
    paths = _walk(rng, stem[begin], disc, steps)
    first = len(healthy)
    stem_numbers = first + np.arange(stem_steps)
    sprout_numbers = first + stem_steps + np.arange(sprouts * steps).reshape(sprouts, steps)
    up = np.concatenate([stem_numbers[begin - 1][:, None], sprout_numbers[:, :-1]], axis=1)
    total = stem_steps + sprouts * steps
    width = rng.uniform(0.005, 0.0085, sprouts)[:, None] * np.linspace(1, 0.8, steps)
    added = Vessels(
        start_mm=np.concatenate([stem[:-1], paths[:, :-1].reshape(-1, 2)]),
        end_mm=np.concatenate([stem[1:], paths[:, 1:].reshape(-1, 2)]),
        radius_mm=np.concatenate([np.full(stem_steps, 0.0105), width.ravel()]),
        parent=np.concatenate([[parent], stem_numbers[:-1], up.ravel()]).astype(np.int32),
        depth_mm=np.full(total, healthy.depth_mm[parent]),
        kind=np.full(total, TUFT, np.uint8),
        joins=np.full(total, -1, np.int32),
    )
    drawn = draw_vessels(added, image_px, mm_per_px) > 0.5
    closed = binary_closing(np.pad(drawn, 6), iterations=4)
    solid = np.asarray(binary_fill_holes(closed))[6:-6, 6:-6]
    return Lesion(
        kind="neovascularization",
        mask=solid,
        values={"area_mm2": float(solid.sum() * mm_per_px**2)},
        added=added,
        segments=(parent,),
    )


def _walk(rng: np.random.Generator, begin: np.ndarray, disc: Faz, steps: int) -> np.ndarray:
    """Curly walks inside a disc, ``(len(begin), steps + 1, 2)``."""
    count = len(begin)
    place = begin.copy()
    heading = rng.uniform(0, 2 * np.pi, count)
    bend = rng.choice([-1.0, 1.0], count) / rng.uniform(0.035, 0.08, count)
    paths = [place]
    for _ in range(steps):
        flip = rng.random(count) < 0.05
        bend = np.where(flip, -np.sign(bend) / rng.uniform(0.03, 0.08, count), bend)
        home = disc.center_mm - place
        turn = np.arctan2(home[:, 1], home[:, 0]) - heading
        turn = (turn + np.pi) % (2 * np.pi) - np.pi
        outside = disc.rim_distance(place) > -0.03
        heading = heading + np.where(outside, np.clip(turn, -0.7, 0.7), bend * STEP_MM)
        place = place + STEP_MM * np.stack([np.cos(heading), np.sin(heading)], axis=-1)
        paths.append(place)
    return np.stack(paths, axis=1)
