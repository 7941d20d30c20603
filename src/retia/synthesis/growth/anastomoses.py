"""Capillary bridges: where the tips of one tree meet the other, and the FAZ's ring.

In:  two trees without loops.
Out: the same segments plus bridges, so that the capillary bed is a mesh.
"""

import numpy as np
from scipy.spatial import KDTree

from retia.synthesis.faz import Faz
from retia.synthesis.vessels import BRIDGE, Vessels, joined


def bridge_tips(trees: Vessels, faz: Faz, bridge_mm: float) -> Vessels:
    """Join every free tip to a near vessel, preferring the other tree.

    A bridge carries the tip's flow on with the tip's radius, so Murray's law stays true.
    Tips without a partner in reach stay free.

    Args:
        trees: Arteries and veins.
        faz: No bridge enters it.
        bridge_mm: Longest bridge.

    Returns:
        The trees with bridges appended; each bridge has two segments (a slight arc),
        the second of which names in ``joins`` the segment where it arrives.
    """
    total = len(trees)
    fertile = np.zeros(total, bool)
    fertile[trees.parent[trees.parent >= 0]] = True
    tips = np.flatnonzero(~fertile)
    tree = KDTree(trees.end_mm)
    reach, near = tree.query(trees.end_mm[tips], k=24, distance_upper_bound=bridge_mm)
    known = near < total
    near = np.where(known, near, 0)
    relative = _relatives(trees.parent, tips, depth=8)
    forbidden = (near[:, :, None] == relative[:, None, :]).any(-1)
    heading = trees.end_mm[tips] - trees.start_mm[tips]
    heading /= np.maximum(np.hypot(*heading.T), 1e-12)[:, None]
    way = trees.end_mm[near] - trees.end_mm[tips][:, None]
    forward = (way * heading[:, None]).sum(-1) / np.maximum(reach, 1e-12)
    middle = (trees.end_mm[near] + trees.end_mm[tips][:, None]) / 2
    outside = faz.rim_distance(middle) > 0.004
    same = trees.kind[near] == trees.kind[tips][:, None]
    allowed = known & ~forbidden & outside & (forward > -0.2)
    cost = np.where(allowed, reach * (1.6 - 0.6 * forward + 0.7 * same), np.inf)
    choice = cost.argmin(1)
    rows = np.flatnonzero(np.isfinite(cost[np.arange(len(tips)), choice]))
    tip, goal = tips[rows], near[rows, choice[rows]]
    begin, end = trees.end_mm[tip], trees.end_mm[goal]
    bow = 0.12 * np.hypot(*(end - begin).T)[:, None] * heading[rows]
    bend = (begin + end) / 2 + bow
    bend = np.where((faz.rim_distance(bend) > 0.004)[:, None], bend, (begin + end) / 2)
    first = total + 2 * np.arange(len(tip), dtype=np.int32)
    none = np.full(len(tip), -1, np.int32)
    pair = lambda a, b: np.stack([a, b], axis=1).reshape(-1, *np.shape(a)[1:])  # noqa: E731
    bridges = Vessels(
        start_mm=pair(begin, bend),
        end_mm=pair(bend, end),
        radius_mm=np.repeat(trees.radius_mm[tip], 2),
        depth_mm=pair((trees.depth_mm[tip] + trees.depth_mm[goal]) / 2, trees.depth_mm[goal]),
        parent=pair(tip.astype(np.int32), first),
        kind=np.full(2 * len(tip), BRIDGE, np.uint8),
        joins=pair(none, goal.astype(np.int32)),
    )
    return joined(trees, bridges)


def _relatives(parent: np.ndarray, tips: np.ndarray, depth: int) -> np.ndarray:
    """The tip itself and its ancestors, ``(len(tips), depth)``, padded with -1."""
    line = [tips]
    for _ in range(depth - 1):
        line.append(np.where(line[-1] >= 0, parent[line[-1]], -1))
    return np.stack(line, axis=1)
