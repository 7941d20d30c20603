"""Vessel masks to centre lines: segments between junctions and free ends.

In:  a vessel mask, bool `(H, W)`.
Out: `Skeleton`: ordered polylines, the node at each of their ends, the half width of the vessels.

Two centre-line pixels are neighbours when they share a side, or when they share a corner and no
third centre-line pixel links them. Pixels with three or more neighbours are junction pixels;
those that touch are one junction. Spurs no longer than the vessel they leave is wide (half of
it) are ragged edges of the mask, not vessels, and are cut off.
"""

from dataclasses import dataclass

import cv2
import numba
import numpy as np

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
    distance = cv2.distanceTransform(filled.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    distance = np.minimum(distance, bound).astype(np.float32)
    lines = np.pad(skeletonize(filled), 1).astype(np.uint8)
    points, starts, ends, free = trace(lines)
    for _ in range(PRUNING_ROUNDS if prune else 0):
        spurs = _find_spurs(points, starts, free, distance)
        if not spurs.any():
            break
        lines[_spur_pixels(points, starts, free, spurs)] = 0
        points, starts, ends, free = trace(lines)
    return Skeleton(points, starts, ends, distance, filled)


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


def trace(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Trace one-pixel-wide lines.

    Args:
        lines: uint8 `(H + 2, W + 2)`, 1 on lines, padded with one pixel of 0.

    Returns:
        `points`, `starts`, `ends` as in `Skeleton`, without the padding, and `free` bool
        `(S, 2)`: whether that end is a free end.
    """
    width = lines.shape[1]
    flat, starts, ends, free = _trace(np.ascontiguousarray(lines).ravel(), width)
    rows, cols = np.divmod(flat, width)
    points = np.stack([rows - 1, cols - 1], axis=1).astype(np.int32)
    return points, starts, ends, free


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


@numba.njit(cache=True)
def _neighbours(lines: np.ndarray, at: int | np.integer, width: int, found: np.ndarray) -> int:
    """Write the neighbours of a pixel into `found` and return their number."""
    count = 0
    up, down = lines[at - width] != 0, lines[at + width] != 0
    left, right = lines[at - 1] != 0, lines[at + 1] != 0
    if up:
        found[count] = at - width
        count += 1
    if left:
        found[count] = at - 1
        count += 1
    if right:
        found[count] = at + 1
        count += 1
    if down:
        found[count] = at + width
        count += 1
    if not up and not left and lines[at - width - 1]:
        found[count] = at - width - 1
        count += 1
    if not up and not right and lines[at - width + 1]:
        found[count] = at - width + 1
        count += 1
    if not down and not left and lines[at + width - 1]:
        found[count] = at + width - 1
        count += 1
    if not down and not right and lines[at + width + 1]:
        found[count] = at + width + 1
        count += 1
    return count


@numba.njit(cache=True)
def _label_nodes(
    pixels: np.ndarray, degree: np.ndarray, lines: np.ndarray, width: int
) -> np.ndarray:
    """Number the nodes: touching junction pixels share one, ends and dots have their own."""
    node = np.full(lines.size, -1, np.int32)
    found, stack = np.empty(8, np.int64), np.empty(pixels.size + 1, np.int64)
    count = 0
    for at in pixels:
        if degree[at] == 2 or node[at] >= 0:
            continue
        node[at] = count
        if degree[at] > 2:
            stack[0], top = at, 1
            while top:
                top -= 1
                here = stack[top]
                for k in range(_neighbours(lines, here, width, found)):
                    near = found[k]
                    if degree[near] > 2 and node[near] < 0:
                        node[near] = count
                        stack[top] = near
                        top += 1
        count += 1
    return node


@numba.njit(cache=True)
def _trace(lines: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    pixels = np.flatnonzero(lines)
    found, around = np.empty(8, np.int64), np.empty(8, np.int64)
    degree = np.zeros(lines.size, np.uint8)
    for at in pixels:
        degree[at] = _neighbours(lines, at, width, found)
    node = _label_nodes(pixels, degree, lines, width)
    seen = np.zeros(lines.size, np.bool_)
    # Every pixel off the nodes is walked once, every node pixel at most once a neighbour.
    chain = np.empty(9 * pixels.size + 1, np.int64)
    starts = np.zeros(4 * pixels.size + 2, np.int64)
    ends = np.zeros((4 * pixels.size + 1, 2), np.int32)
    free = np.zeros((4 * pixels.size + 1, 2), np.bool_)
    size, count = 0, 0
    for at in pixels:
        if degree[at] == 2:
            continue
        if degree[at] == 0:
            chain[size] = at
            size += 1
            ends[count] = node[at]
            free[count] = True
            count += 1
            starts[count] = size
            continue
        for k in range(_neighbours(lines, at, width, around)):
            here, before = around[k], at
            if seen[here] or (degree[here] != 2 and (node[here] == node[at] or here < at)):
                continue
            chain[size] = at
            size += 1
            while degree[here] == 2:
                chain[size] = here
                size += 1
                seen[here] = True
                _neighbours(lines, here, width, found)
                after = found[0] if found[0] != before else found[1]
                before, here = here, after
            chain[size] = here
            size += 1
            ends[count, 0], ends[count, 1] = node[at], node[here]
            free[count, 0], free[count, 1] = degree[at] == 1, degree[here] == 1
            count += 1
            starts[count] = size
    closed = node.max() + 1 if node.size else 0
    for at in pixels:
        if degree[at] != 2 or seen[at]:
            continue
        here, before = at, -1
        while not seen[here]:
            chain[size] = here
            size += 1
            seen[here] = True
            _neighbours(lines, here, width, found)
            after = found[0] if found[0] != before else found[1]
            before, here = here, after
        chain[size] = at
        size += 1
        ends[count] = closed
        closed += 1
        count += 1
        starts[count] = size
    return chain[:size].copy(), starts[: count + 1].copy(), ends[:count].copy(), free[:count].copy()
