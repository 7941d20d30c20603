"""Vessels that run on through junctions, and how much they wind.

A segment ends at every junction, so that a winding artery is a row of short straight segments. At
a junction an end is paired with the end that continues it best, and the way is followed for a
little on both sides.
"""

import numba
import numpy as np

from retia.graphs.skeleton import Skeleton, end_directions

REACH_MM = 0.3
"""How far the vessel is followed beyond each end."""
BEND_UM = 80.0
"""The direction at an end is that of the chord over this length of the centre line."""
LOWEST_SCORE = 0.3
"""Of a pair of ends: cosine of the bend less |log| of the ratio of their widths."""


def strand_tortuosity(
    skeleton: Skeleton,
    joints: np.ndarray,
    length_px: np.ndarray,
    radius_px: np.ndarray,
    mm_per_px: float,
    cap: float,
) -> np.ndarray:
    """Length over chord of the strand around each segment.

    Args:
        skeleton: Of `S` segments.
        joints: Pairs of ends at one node, int `(M, 2)`, of `relations.segments_that_meet`.
        length_px: Length of each segment.
        radius_px: Mean half width of each.
        mm_per_px: Scale.
        cap: Largest value.

    Returns:
        In [1, cap], `(S,)`.
    """
    count = len(skeleton)
    if not count:
        return np.zeros(0)
    one, other = end_directions(skeleton, BEND_UM / 1000 / mm_per_px)[joints].swapaxes(0, 1)
    widths = np.log(radius_px[joints // 2])
    score = -(one * other).sum(axis=1) - np.abs(widths[:, 0] - widths[:, 1])
    order = np.argsort(-score, kind="stable")
    order = order[score[order] > LOWEST_SCORE]
    tips = skeleton.points[np.stack([skeleton.starts[:-1], skeleton.starts[1:] - 1], axis=1)]
    ends = tips.reshape(-1, 2).astype(np.float64)
    length, chord = _follow(joints[order], ends, length_px, REACH_MM / mm_per_px)
    ratio = np.where(length > 0, cap, 1.0)
    np.divide(length, chord, out=ratio, where=chord > 0)
    return np.clip(ratio, 1.0, cap)


@numba.njit(cache=True)
def _follow(
    joints: np.ndarray, ends: np.ndarray, length: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """Pair ends, best first, then walk from both ends of every segment."""
    partner = np.full(len(ends), -1, np.int64)
    for k in range(len(joints)):
        a, b = joints[k, 0], joints[k, 1]
        if partner[a] < 0 and partner[b] < 0:
            partner[a], partner[b] = b, a
    total, chord = length.copy(), np.zeros(length.size)
    for s in range(length.size):
        far = np.zeros((2, 2))
        for side in range(2):
            at, walked = 2 * s + side, 0.0
            while walked < reach and partner[at] >= 0 and partner[at] // 2 != s:
                entered = partner[at]
                walked += max(length[entered // 2], 1.0)
                total[s] += length[entered // 2]
                at = entered ^ 1
            far[side] = ends[at]
        chord[s] = np.hypot(far[0, 0] - far[1, 0], far[0, 1] - far[1, 1])
    return total, chord
