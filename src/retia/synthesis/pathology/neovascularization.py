"""Neovascular tufts: sea fans of looping new vessels that hang from a surviving one.

In:  a healthy eye, a vessel at the border of dropout, a size.
Out: a `Lesion` whose first new segment has that vessel as its parent.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import binary_closing, binary_fill_holes

from retia.synthesis.faz import wavy_rim
from retia.synthesis.pathology.healthy import Healthy
from retia.synthesis.pathology.lesion import Lesion
from retia.synthesis.pathology.sprouts import Sprouts, curve
from retia.synthesis.vessels import TUFT, Vessels

STEP_MM = 0.014
GAP_MM = 0.055
"""Distance between neighbouring branches at the edge of a fan."""
CLOSING_MM = 0.04
"""Gaps between loops up to twice this wide belong to the tuft's area."""


def draw_tuft(
    rng: np.random.Generator,
    eye: Healthy,
    parent: int,
    towards_mm: np.ndarray,
    diameter_mm: float,
) -> Lesion:
    """Grow a sea fan from the end of a vessel into the tissue that called for it.

    A feeding vessel leads to a hub. From there branches spread out and fork towards a lobed
    edge, where dilated arcades join them; other loops turn back half way. A second, smaller
    fan lies over the first, and all is warped, so that the loops tangle.

    Args:
        rng: Decides the shape.
        eye: The healthy eye.
        parent: Segment the tuft hangs from.
        towards_mm: ``(x, y)`` it grows towards, such as the middle of the dropout.
        diameter_mm: Size across; 0.25 to 0.6 are typical.

    Returns:
        The lesion with its ``area_mm2`` (of the closed, filled tangle).
    """
    vessels = eye.vessels
    root = vessels.end_mm[parent]
    aim = float(np.arctan2(*(towards_mm - root)[::-1]))
    stem_mm = rng.uniform(0.15, 0.25) * diameter_mm
    hub = root + stem_mm * np.array([np.cos(aim), np.sin(aim)])
    sprouts = Sprouts(first=len(vessels))
    bulge = rng.choice([-1, 1]) * 0.2 * stem_mm
    stem = sprouts.add(curve(root, hub, bulge, STEP_MM), 0.0125, up=parent)
    reach = diameter_mm - stem_mm
    opening = rng.uniform(2.0, 3.3)
    for share, turn in ((1.0, 0.0), (0.72, rng.uniform(-0.5, 0.5))):
        _add_fan(rng, sprouts, hub, int(stem[-1]), aim + turn, opening, share * reach)
    added = sprouts.vessels(TUFT, float(vessels.depth_mm[parent]), _warp(rng, root, diameter_mm))
    solid = _filled(eye, added)
    return Lesion(
        kind="neovascularization",
        mask=solid,
        values={"area_mm2": eye.area_mm2(solid)},
        added=added,
        segments=(parent,),
        traits={"host": eye.side_name(parent)},
    )


def _add_fan(
    rng: np.random.Generator,
    sprouts: Sprouts,
    hub: np.ndarray,
    stem: int,
    aim: float,
    opening: float,
    reach_mm: float,
) -> None:
    """Add branches from the hub, arcades at their tips and loops between them."""
    tips = int(np.clip(round(opening * 0.8 * reach_mm / GAP_MM), 4, 26))
    spread = np.linspace(-0.5, 0.5, tips) + rng.normal(0, 0.15 / tips, tips)
    lobes = 0.85 * reach_mm * wavy_rim(rng, 0.2)[np.linspace(0, 359, tips).astype(int)]
    rings = [(aim + opening * spread, lobes)]  # from the edge inwards: pairs of branches merge
    while len(rings[-1][0]) > 3:
        angle, far = rings[-1]
        pair = np.arange(len(angle)) // 2
        count = np.bincount(pair)
        inner = np.bincount(pair, far) / count * rng.uniform(0.5, 0.72, len(count))
        rings.append((np.bincount(pair, angle) / count, inner))
    rings.reverse()
    points, ends = [hub], [stem]
    for level, (angle, far) in enumerate(rings):
        up = np.arange(len(angle)) // 2 if level else np.zeros(len(angle), int)
        here = hub + far[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        radius = 0.0105 * 0.87**level
        grown = []
        for n, place in enumerate(here):
            line = curve(points[up[n]], place, rng.normal(0, 0.02), STEP_MM)
            grown.append(int(sprouts.add(line, radius, up=ends[up[n]])[-1]))
        edge = level == len(rings) - 1
        for n in range(len(here) - 1):
            if edge or rng.random() < 0.55:  # arcades bulge outwards, inner loops turn back
                width = float(np.hypot(*(here[n + 1] - here[n])))
                bulge = -0.45 * width if edge else rng.uniform(0.2, 0.5) * width
                line = curve(here[n], here[n + 1], bulge, STEP_MM)
                thick = rng.uniform(0.0095, 0.0115) if edge else 0.007
                sprouts.add(line, thick, up=grown[n], joins=grown[n + 1])
        points, ends = list(here), grown


def _warp(
    rng: np.random.Generator, root: np.ndarray, diameter_mm: float
) -> Callable[[np.ndarray], np.ndarray]:
    """A smooth random displacement that leaves the root in place."""
    angle = rng.uniform(0, 2 * np.pi, (8, 2))
    wave = (
        2 * np.pi / rng.uniform(0.11, 0.3, 8) * np.stack([np.cos(angle[:, 0]), np.sin(angle[:, 0])])
    )
    push = np.stack([np.cos(angle[:, 1]), np.sin(angle[:, 1])], axis=1)
    phase = rng.uniform(0, 2 * np.pi, 8)

    def warp(points: np.ndarray) -> np.ndarray:
        fade = np.clip(np.hypot(*(points - root).T) / (0.5 * diameter_mm), 0, 1)[:, None]
        return points + 0.012 * fade * (np.sin(points @ wave + phase) @ push)

    return warp


def _filled(eye: Healthy, added: Vessels) -> np.ndarray:
    """The area a tuft covers: its loops and what they enclose, bool ``(H, W)``."""
    steps = max(1, round(CLOSING_MM / eye.mm_per_px))
    closed = binary_closing(np.pad(eye.drawn(added), steps + 1), iterations=steps)
    return np.asarray(binary_fill_holes(closed))[steps + 1 : -steps - 1, steps + 1 : -steps - 1]
