"""Shapes of all labelled regions of an image at once, by run lengths and moments.

A run is a row of adjacent pixels of one label: `[row, start, stop]`, half-open. Runs are few,
rebuild the mask exactly, and every sum over pixels is a sum over runs.
"""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Shapes:
    """Measures of `N` regions, in pixels. Centres are pixel centres: `x` right, `y` down.

    Attributes:
        runs: int32 `(R, 3)`, `[row, start, stop]`, region after region.
        starts: int64 `(N + 1,)`; region `n` holds runs `starts[n]:starts[n + 1]`.
        area, perimeter, x, y, axis_major, axis_minor, eccentricity, solidity: float `(N,)`.
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
    boxes = _boxes(runs, starts)
    return Shapes(
        runs=runs,
        starts=starts,
        area=area,
        perimeter=_perimeters(labels, count),
        x=x,
        y=y,
        axis_major=4 * np.sqrt(great),
        axis_minor=4 * np.sqrt(small),
        eccentricity=np.sqrt(1 - small / great),
        solidity=area / _hull_areas(runs, starts),
        boxes=boxes,
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


def _perimeters(labels: np.ndarray, count: int) -> np.ndarray:
    """Outline lengths by Crofton's formula, from crossings along four directions."""
    padded = np.pad(labels, 1, constant_values=-1)
    pairs = (
        (padded[:, 1:], padded[:, :-1], 1.0),
        (padded[1:], padded[:-1], 1.0),
        (padded[1:, 1:], padded[:-1, :-1], 0.5**0.5),
        (padded[1:, :-1], padded[:-1, 1:], 0.5**0.5),
    )
    crossings = np.zeros(count)
    for one, other, spacing in pairs:
        differ = one != other
        both = np.concatenate([one[differ], other[differ]])
        crossings += spacing * np.bincount(both[both >= 0], minlength=count)
    return np.pi / 8 * crossings


def _hull_areas(runs: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Areas of the convex hulls of the pixels, corners included."""
    row, start, stop = runs.T
    corners = np.stack([start, row, stop, row, start, row + 1, stop, row + 1], axis=1).reshape(
        -1, 1, 2
    )
    return np.array(
        [
            cv2.contourArea(cv2.convexHull(corners[4 * i : 4 * j]))
            for i, j in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
        ],
        float,
    )
