"""Statistics of an image over the pixels of each labelled region, in one pass."""

from dataclasses import dataclass

import numba
import numpy as np


@dataclass(frozen=True)
class Statistics:
    """Of one field over `N` regions, all float `(N,)`.

    Attributes:
        mean, std, min, max: Of the values.
        x, y: Centre weighted by the values, in pixels; NaN where they sum up to 0.
    """

    mean: np.ndarray
    std: np.ndarray
    min: np.ndarray
    max: np.ndarray
    x: np.ndarray
    y: np.ndarray


def describe(labels: np.ndarray, count: int, field: np.ndarray) -> Statistics:
    """Describe a field inside of every region.

    Args:
        labels: Int `(H, W)`, -1 off the regions; every region has a pixel.
        count: Number of regions.
        field: `(H, W)`.
    """
    number, total, square, low, high, x, y = _accumulate(
        np.ascontiguousarray(labels, np.int32), count, np.ascontiguousarray(field, np.float32)
    )
    mean = total / number
    std = np.sqrt(np.maximum(square / number - mean**2, 0))
    weight = np.where(total > 0, total, np.nan)
    return Statistics(mean, std, low, high, x / weight, y / weight)


def grid_means(labels: np.ndarray, count: int, maps: np.ndarray, step: int) -> np.ndarray:
    """Means of coarse maps over the pixels of every region, `(K, N)`.

    Args:
        labels: Int `(H, W)`, -1 off the regions; every region has a pixel.
        count: Number of regions.
        maps: `(K, rows, cols)`; a cell covers `step` by `step` pixels.
        step: Side of a cell, in pixels.
    """
    return _grid_means(np.ascontiguousarray(labels, np.int32), count, maps, step)


def quantiles(
    labels: np.ndarray, count: int, image: np.ndarray, shares: tuple[float, ...]
) -> list[np.ndarray]:
    """Quantiles of an image of 256 grey values over every region, each `(N,)`.

    Args:
        labels: Int `(H, W)`, -1 off the regions; every region has a pixel.
        count: Number of regions.
        image: Float in [0, 1], multiples of 1/255, `(H, W)`.
        shares: Which quantiles.

    Returns:
        Per share the smallest grey value that at least this share of the pixels does not exceed.
    """
    inside = labels >= 0
    grey = np.rint(image[inside] * 255).astype(np.int64)
    counts = np.bincount(labels[inside].astype(np.int64) * 256 + grey, minlength=256 * count)
    below = counts.reshape(count, 256).cumsum(axis=1)
    return [(below < share * below[:, -1:]).sum(axis=1) / 255 for share in shares]


@numba.njit(cache=True)
def _accumulate(
    labels: np.ndarray, count: int, field: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    number, total, square = np.zeros(count), np.zeros(count), np.zeros(count)
    x, y = np.zeros(count), np.zeros(count)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    height, width = labels.shape
    for row in range(height):
        for col in range(width):
            n = labels[row, col]
            if n < 0:
                continue
            value = np.float64(field[row, col])
            number[n] += 1
            total[n] += value
            square[n] += value * value
            x[n] += value * col
            y[n] += value * row
            low[n] = min(low[n], value)
            high[n] = max(high[n], value)
    return number, total, square, low, high, x, y


@numba.njit(cache=True)
def _grid_means(labels: np.ndarray, count: int, maps: np.ndarray, step: int) -> np.ndarray:
    number, total = np.zeros(count), np.zeros((len(maps), count))
    height, width = labels.shape
    for row in range(height):
        for col in range(width):
            n = labels[row, col]
            if n >= 0:
                number[n] += 1
                for k in range(len(maps)):
                    total[k, n] += maps[k, row // step, col // step]
    return total / number
