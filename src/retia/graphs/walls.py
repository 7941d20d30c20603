"""How far the walls of a vessel lie from its centre line, on both sides.

The half width of a segment is the distance to the nearer wall. Here every pixel of the wall is
given to the point of the centre line that is nearest to it, so that every point has a nearest, a
mean and a farthest wall distance (the minimum, average and maximum radius of the source).
"""

import numba
import numpy as np

from retia.graphs.skeleton import Chains


def measure_walls(
    inner: Chains, nearest: np.ndarray, filled: np.ndarray, half_px: np.ndarray, um_per_px: float
) -> dict[str, np.ndarray]:
    """Mean and standard deviation of the wall distances along each segment.

    Args:
        inner: Centre lines within their own vessels; `S` segments, `P` points.
        nearest: Row and column of the centre-line pixel nearest to each pixel, int `(2, H, W)`.
        filled: Vessels, bool `(H, W)`.
        half_px: Half width at each point, for segments that own no wall, `(P,)`.
        um_per_px: Scale.

    Returns:
        Float `(S,)` per name that starts with `wall_` in `features.SEGMENT_MEASURES`.
    """
    rows, cols = inner.points.T
    point = np.full(filled.shape, -1, np.int32)
    point[rows, cols] = np.arange(len(rows))
    low, total, high, number = _wall_distances(
        np.ascontiguousarray(filled), nearest, point, len(rows)
    )
    owner = inner.owner
    bare = np.bincount(owner[number > 0], minlength=len(inner)) == 0
    alone = bare[owner]
    low[alone] = total[alone] = high[alone] = half_px[alone]
    number[alone] = 1
    kept = number > 0
    values = {
        "wall_min": low[kept] * um_per_px,
        "wall_mean": total[kept] / number[kept] * um_per_px,
        "wall_max": high[kept] * um_per_px,
        "wall_roundness": low[kept] / high[kept],
    }
    found = {}
    for name, value in values.items():
        unit = "" if name == "wall_roundness" else "_um"
        mean, deviation = _moments(value, owner[kept], len(inner))
        found |= {f"{name}{unit}": mean, f"{name}_std{unit}": deviation}
    return found


def _moments(values: np.ndarray, owner: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    number = np.bincount(owner, minlength=count)
    mean = np.bincount(owner, values, count) / number
    return mean, np.sqrt(np.bincount(owner, (values - mean[owner]) ** 2, count) / number)


@numba.njit(cache=True)
def _wall_distances(
    filled: np.ndarray, nearest: np.ndarray, point: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Lowest, sum and highest distance from each point to its wall pixels, and their number."""
    low, high = np.full(count, np.inf), np.zeros(count)
    total, number = np.zeros(count), np.zeros(count)
    height, width = filled.shape
    for row in range(1, height - 1):
        for col in range(1, width - 1):
            if not filled[row, col] or (
                filled[row - 1, col]
                and filled[row + 1, col]
                and filled[row, col - 1]
                and filled[row, col + 1]
            ):
                continue
            at_row, at_col = nearest[0, row, col], nearest[1, row, col]
            k = point[at_row, at_col]
            # The wall is the far side of the pixel: half a pixel beyond its centre.
            gap = np.hypot(float(row - at_row), float(col - at_col)) + 0.5
            low[k] = min(low[k], gap)
            high[k] = max(high[k], gap)
            total[k] += gap
            number[k] += 1
    return low, total, high, number
