"""Shapes of all labelled regions of an image at once, by run lengths and moments.

A run is a row of adjacent pixels of one label: `[row, start, stop]`, half-open. Runs are few,
rebuild the mask exactly, and every sum over pixels is a sum over runs.
"""

from dataclasses import dataclass

import numba
import numpy as np


@dataclass(frozen=True)
class Shapes:
    """Measures of `N` regions, in pixels. Centres are pixel centres: `x` right, `y` down.

    Attributes:
        runs: int32 `(R, 3)`, `[row, start, stop]`, region after region.
        starts: int64 `(N + 1,)`; region `n` holds runs `starts[n]:starts[n + 1]`.
        area, perimeter, x, y, axis_major, axis_minor, eccentricity, solidity: float `(N,)`.
        orientation_deg: float `(N,)`, angle of the long axis against the horizontal,
            counter-clockwise as one sees it, in [0, 180).
        feret: float `(N,)`, largest distance between two pixel corners.
        boxes: int64 `(N, 4)`, `[x0, y0, x1, y1]`, half-open.
    """

    runs: np.ndarray
    starts: np.ndarray
    area: np.ndarray
    perimeter: np.ndarray
    x: np.ndarray
    y: np.ndarray
    axis_major: np.ndarray
    axis_minor: np.ndarray
    eccentricity: np.ndarray
    solidity: np.ndarray
    orientation_deg: np.ndarray
    feret: np.ndarray
    boxes: np.ndarray

    @property
    def owner(self) -> np.ndarray:
        """Region of every run, int64 `(R,)`."""
        return np.repeat(np.arange(len(self.area)), np.diff(self.starts))


def measure_shapes(labels: np.ndarray, count: int) -> Shapes:
    """Measure the regions `0 .. count - 1`.

    Args:
        labels: Int, `(H, W)`; -1 belongs to no region. Every label has a pixel.
        count: Number of regions.
    """
    runs, owner = find_runs(labels)
    starts = np.searchsorted(owner, np.arange(count + 1))
    row, start, stop = runs.T.astype(float)

    def total(weights: np.ndarray) -> np.ndarray:
        return np.bincount(owner, weights, count)

    # Sums over the pixels start .. stop - 1 of 1, x and x².
    n = stop - start
    sum_x = n * (start + stop - 1) / 2
    sum_xx = ((stop - 1) * stop * (2 * stop - 1) - (start - 1) * start * (2 * start - 1)) / 6
    area = total(n)
    x, y = total(sum_x) / area, total(n * row) / area
    # The 1/12 is the second moment of a pixel itself: a single pixel has an extent.
    xx = total(sum_xx) / area - x**2 + 1 / 12
    yy = total(n * row**2) / area - y**2 + 1 / 12
    xy = total(sum_x * row) / area - x * y
    mean, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    great, small = mean + half, np.maximum(mean - half, 1 / 12)
    great = np.maximum(great, small)
    hull, feret = _hulls(runs, starts)
    return Shapes(
        runs=runs,
        starts=starts,
        area=area,
        perimeter=np.pi / 8 * _crossings(labels, count),
        x=x,
        y=y,
        axis_major=4 * np.sqrt(great),
        axis_minor=4 * np.sqrt(small),
        eccentricity=np.sqrt(1 - small / great),
        solidity=area / hull,
        # Rows grow downwards, angles upwards.
        orientation_deg=np.degrees(np.arctan2(-2 * xy, xx - yy) / 2) % 180,
        feret=feret,
        boxes=_boxes(runs, starts),
    )


def find_runs(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs of all labels from 0 upwards.

    Returns:
        `runs` int32 `(R, 3)`, sorted by label, row and start, and the label of each, `(R,)`.
    """
    padded = np.pad(labels, ((0, 0), (1, 1)), constant_values=-1)
    rows, at = np.nonzero(padded[:, 1:] != padded[:, :-1])
    before, after = padded[rows, at], padded[rows, at + 1]
    begins, ends = after >= 0, before >= 0
    # In every row, the k-th begin belongs to the k-th end.
    runs = np.stack([rows[begins], at[begins], at[ends]], axis=1).astype(np.int32)
    owner = after[begins]
    order = np.argsort(owner, kind="stable")
    return runs[order], owner[order]


def _boxes(runs: np.ndarray, starts: np.ndarray) -> np.ndarray:
    first = starts[:-1]
    if not len(first):
        return np.zeros((0, 4), np.int64)
    x0 = np.minimum.reduceat(runs[:, 1], first)
    x1 = np.maximum.reduceat(runs[:, 2], first)
    y0, y1 = runs[first, 0], runs[starts[1:] - 1, 0] + 1
    return np.stack([x0, y0, x1, y1], axis=1).astype(np.int64)


@numba.njit(cache=True)
def _crossings(labels: np.ndarray, count: int) -> np.ndarray:
    """Weighted crossings of each outline along four directions, for Crofton's formula, `(N,)`."""
    height, width = labels.shape
    found = np.zeros(count)
    for row in range(-1, height):
        for col in range(-1, width + 1):
            here = labels[row, col] if row >= 0 and 0 <= col < width else -1
            for k in range(4):
                # To the right, down, and along both diagonals.
                down, right = (0 if k == 0 else 1), (1, 0, 1, -1)[k]
                r, c = row + down, col + right
                there = labels[r, c] if 0 <= r < height and 0 <= c < width else -1
                if here != there:
                    weight = 1.0 if k < 2 else 0.5**0.5
                    if here >= 0:
                        found[here] += weight
                    if there >= 0:
                        found[there] += weight
    return found


@numba.njit(cache=True)
def _hulls(runs: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Area and largest diameter of the convex hull of the pixels of each region, corners included.

    Args:
        runs: As in `Shapes`: sorted by region, then row.
        starts: As in `Shapes`.
    """
    count = len(starts) - 1
    area, feret = np.zeros(count), np.zeros(count)
    for n in range(count):
        part = runs[starts[n] : starts[n + 1]]
        top, levels = part[0, 0], part[-1, 0] - part[0, 0] + 2
        # Leftmost and rightmost corner on each line between two rows.
        left, right = np.full(levels, np.inf), np.full(levels, -np.inf)
        for k in range(len(part)):
            for level in range(part[k, 0] - top, part[k, 0] - top + 2):
                left[level] = min(left[level], part[k, 1])
                right[level] = max(right[level], part[k, 2])
        hull, kept = np.empty((2 * levels, 2)), np.empty(levels, np.int64)
        size = _envelope(left, kept)
        for k in range(size):
            hull[k, 0], hull[k, 1] = left[kept[k]], kept[k]
        # Down on the left, up again on the right.
        other = _envelope(-right, kept)
        for k in range(other):
            level = kept[other - 1 - k]
            hull[size + k, 0], hull[size + k, 1] = right[level], level
        size += other
        twice = 0.0
        for k in range(size):
            j = (k + 1) % size
            twice += hull[k, 0] * hull[j, 1] - hull[j, 0] * hull[k, 1]
            for m in range(k):
                gap = (hull[k, 0] - hull[m, 0]) ** 2 + (hull[k, 1] - hull[m, 1]) ** 2
                feret[n] = max(feret[n], gap)
        area[n] = abs(twice) / 2
    return area, np.sqrt(feret)


@numba.njit(cache=True)
def _envelope(values: np.ndarray, kept: np.ndarray) -> int:
    """Write the places of the lower convex envelope into `kept` and return their number."""
    size = 0
    for c in range(len(values)):
        if np.isinf(values[c]):
            continue
        while size > 1:
            a, b = kept[size - 2], kept[size - 1]
            if (values[b] - values[a]) * (c - a) < (values[c] - values[a]) * (b - a):
                break
            size -= 1
        kept[size] = c
        size += 1
    return size
