"""Which segments lie near each other, by the middles of their centre lines."""

import numba
import numpy as np


def scan_neighbours(
    x: np.ndarray,
    y: np.ndarray,
    radius: np.ndarray,
    free: np.ndarray,
    near_px: float,
    wide_px: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Describe what lies around each point.

    Returns:
        Number of points within `near_px`, itself included, the sum of `free` over them, and the
        median of `radius` within `wide_px`, each `(S,)`.
    """
    if not len(x):
        return np.zeros(0), np.zeros(0), np.ones(0)
    columns = int(x.max() // wide_px) + 1
    cell = (y // wide_px).astype(np.int64) * columns + (x // wide_px).astype(np.int64)
    order = np.argsort(cell, kind="stable")
    begins = np.searchsorted(cell[order], np.arange(cell.max() + 2))
    return _scan(x, y, radius, free, near_px, wide_px, order, begins, columns)


@numba.njit(cache=True)
def _scan(
    x: np.ndarray,
    y: np.ndarray,
    radius: np.ndarray,
    free: np.ndarray,
    near_px: float,
    wide_px: float,
    order: np.ndarray,
    begins: np.ndarray,
    columns: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    count, dead, typical = np.zeros(x.size), np.zeros(x.size), np.ones(x.size)
    values = np.empty(x.size)
    for i in range(x.size):
        row, column = int(y[i] // wide_px), int(x[i] // wide_px)
        found = 0
        for r in range(max(row - 1, 0), row + 2):
            for c in range(max(column - 1, 0), min(column + 2, columns)):
                cell = r * columns + c
                if cell + 1 >= begins.size:
                    continue
                for k in range(begins[cell], begins[cell + 1]):
                    j = order[k]
                    gap = (x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2
                    if gap <= near_px**2:
                        count[i] += 1
                        dead[i] += free[j]
                    if gap <= wide_px**2:
                        values[found] = radius[j]
                        found += 1
        typical[i] = np.median(values[:found])
    return count, dead, typical
