"""Vessel masks to centre lines: segments between junctions and free ends.

In:  a vessel mask, bool `(H, W)`.
Out: `Skeleton`: ordered polylines, the node at each of their ends, the half width of the vessels.

Spurs no longer than the vessel they leave is wide (half of it) are ragged edges of the mask, not
vessels, and are cut off.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from retia.graphs.tracing import trace
from retia.images.distance import distance_px

SMALLEST_HOLE_PX = 5
"""Holes of the mask below this many pixels are filled, as in the source: they are noise."""
PRUNING_ROUNDS = 3


@dataclass(frozen=True)
class Chains:
    """Points of `S` segments, `P` in all.

    Attributes:
        points: int32 `(P, 2)`, `[row, col]`, segment after segment.
        starts: int64 `(S + 1,)`; segment `s` holds points `starts[s]:starts[s + 1]`.
    """

    points: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        """Number of segments."""
        return len(self.starts) - 1

    @property
    def owner(self) -> np.ndarray:
        """Segment of every point, int64 `(P,)`."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))


@dataclass(frozen=True)
class Skeleton(Chains):
    """Centre lines of one mask: ordered polylines.

    The ends of a polyline lie on its junctions, and a closed loop ends where it began.

    Attributes:
        ends: int32 `(S, 2)`, the node at the first and at the last point.
        distance_px: float32 `(H, W)`, distance of vessel pixels to the nearest non-vessel pixel.
        filled: bool `(H, W)`, the mask with its small holes filled.
    """

    ends: np.ndarray
    distance_px: np.ndarray
    filled: np.ndarray

    def lengths_px(self) -> np.ndarray:
        """Length along each smoothed centre line, in pixels, `(S,)`."""
        points = smooth_polylines(self.points, self.starts)
        steps = np.hypot(*np.diff(points, axis=0).T)
        return _sums_within(steps, self.starts)

    def chords_px(self) -> np.ndarray:
        """Distance between the two ends of each segment, in pixels, `(S,)`."""
        first, last = self.points[self.starts[:-1]], self.points[self.starts[1:] - 1]
        return np.hypot(*(last - first).T.astype(float))

    def inner(self) -> Chains:
        """The points that lie in the segment's own vessel.

        A capillary that leaves a trunk has its first points inside the trunk. Points closer to an
        end than the vessel is wide there are left out, but for segments that would lose all.
        """
        owner, number = self.owner, len(self.points)
        kept = np.ones(number, bool)
        for tip in (self.starts[:-1], self.starts[1:] - 1):
            rows, cols = self.points[tip].T
            reach = self.distance_px[rows, cols][owner]
            kept &= np.hypot(*(self.points - self.points[tip][owner]).T) >= reach
        kept |= (np.bincount(owner[kept], minlength=len(self)) == 0)[owner]
        starts = np.concatenate([[0], np.cumsum(np.bincount(owner[kept], minlength=len(self)))])
        return Chains(self.points[kept], starts)


def extract_skeleton(mask: np.ndarray, prune: bool = True) -> Skeleton:
    """Find the centre lines of a vessel mask.

    Args:
        mask: Bool, `(H, W)`.
        prune: Whether to cut off spurs.

    Returns:
        The segments; none for an empty mask. A lone dot is a segment of one point.
    """
    from skimage.morphology import skeletonize

    filled = fill_small_holes(np.ascontiguousarray(mask, bool))
    # Without any background the distance is not defined; the half side bounds it.
    bound = max(mask.shape) / 2
    distance = np.minimum(distance_px(filled), bound).astype(np.float32)
    lines = np.pad(skeletonize(filled), 1).astype(np.uint8)
    points, starts, ends, free = trace(lines)
    for _ in range(PRUNING_ROUNDS if prune else 0):
        spurs = _find_spurs(points, starts, free, distance)
        if not spurs.any():
            break
        lines[_spur_pixels(points, starts, free, spurs)] = 0
        points, starts, ends, free = trace(lines)
    return Skeleton(points, starts, ends, distance, filled)


def half_widths_px(skeleton: Skeleton, points: np.ndarray) -> np.ndarray:
    """Half the width of the vessel at points of its centre line, in pixels, `(P,)`.

    The distance map counts from pixel centre to pixel centre: half a pixel lies beyond the edge.
    """
    rows, cols = points.T
    return np.maximum(skeleton.distance_px[rows, cols].astype(float) - 0.5, 0.5)


def end_directions(chains: Chains, reach_px: float) -> np.ndarray:
    """Unit vectors along which the segments leave their ends.

    Args:
        chains: Of `S` segments.
        reach_px: Number of centre-line points over which the direction is taken.

    Returns:
        `(2 S, 2)`, `[row, col]`, first and last end of each segment in turn; zeros for dots.
    """
    first, last = chains.starts[:-1], chains.starts[1:] - 1
    steps = max(round(reach_px), 1)
    points = chains.points.astype(float)
    there = points[np.minimum(first + steps, last)] - points[first]
    back = points[np.maximum(last - steps, first)] - points[last]
    vectors = np.stack([there, back], axis=1).reshape(-1, 2)
    length = np.hypot(*vectors.T)[:, None]
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)


def fill_small_holes(mask: np.ndarray) -> np.ndarray:
    """Fill background components below `SMALLEST_HOLE_PX` pixels (4-connected)."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < SMALLEST_HOLE_PX
    small[0] = False
    return mask | small[np.asarray(labels, np.int32)]


def smooth_polylines(points: np.ndarray, starts: np.ndarray, rounds: int = 2) -> np.ndarray:
    """Take the staircase out of pixel chains: [1 2 1] / 4 along each, ends held; `(P, 2)`.

    Straight lines along an axis or a diagonal are left as they are.
    """
    smooth = points.astype(float)
    inner = np.ones(len(points), bool)
    inner[starts[:-1]] = False
    inner[starts[1:] - 1] = False
    at = np.flatnonzero(inner)
    for _ in range(rounds):
        smooth[at] = (smooth[at - 1] + 2 * smooth[at] + smooth[at + 1]) / 4
    return smooth


def _sums_within(steps: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sum the steps that lie within one polyline (not those from one to the next)."""
    total = np.concatenate([[0.0], np.cumsum(steps)])
    return total[starts[1:] - 1] - total[starts[:-1]] if len(starts) > 1 else np.zeros(0)


def _find_spurs(
    points: np.ndarray, starts: np.ndarray, free: np.ndarray, distance: np.ndarray
) -> np.ndarray:
    if len(starts) < 2:
        return np.zeros(0, bool)
    rows, cols = points.T
    steps = np.hypot(*np.diff(points, axis=0).T.astype(float))
    length = _sums_within(steps, starts)
    first, last = starts[:-1], starts[1:] - 1
    junction, tip = np.where(free[:, 0], last, first), np.where(free[:, 0], first, last)
    height, width = distance.shape
    inside = (rows[tip] > 0) & (rows[tip] < height - 1) & (cols[tip] > 0) & (cols[tip] < width - 1)
    wide = distance[rows[junction], cols[junction]]
    return (free[:, 0] != free[:, 1]) & inside & (length <= wide)


def _spur_pixels(
    points: np.ndarray, starts: np.ndarray, free: np.ndarray, spurs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Padded indices of the pixels of the spurs, less those on their junctions."""
    gone = np.repeat(spurs, np.diff(starts))
    junction = np.where(free[:, 0], starts[1:] - 1, starts[:-1])
    gone[junction[spurs]] = False
    rows, cols = points[gone].T
    return rows + 1, cols + 1
