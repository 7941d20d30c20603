"""Features of the vessel segments.

In:  the skeleton of a vessel mask, the image, the distance to the FAZ.
Out: one float array `(S,)` per feature of `features.SEGMENT_FEATURES`, and the partition of the
     vessel pixels among the segments.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numba
import numpy as np
from scipy.ndimage import distance_transform_edt

from retia.graphs.skeleton import Chains, Skeleton

TORTUOSITY_CAP = 5.0
DENSITY_UM, BRANCHES_UM, CONTRAST_UM = 100.0, 150.0, 250.0
"""Radii of the neighbourhoods of the local features."""


@dataclass(frozen=True)
class Surroundings:
    """What lies around the vessels of one image, all `(H, W)`.

    Attributes:
        vessels: Bool.
        image: Float in [0, 1], or None.
        faz_distance_px: Float, distance to the FAZ, 0 inside it.
        mm_per_px: Scale.
    """

    vessels: np.ndarray
    image: np.ndarray | None
    faz_distance_px: np.ndarray
    mm_per_px: float


def partition_vessels(skeleton: Skeleton) -> np.ndarray:
    """Give every vessel pixel to the segment whose centre line is nearest.

    Returns:
        int32 `(H, W)`: segment, or -1 off the vessels.
    """
    labels = np.full(skeleton.filled.shape, -1, np.int32)
    if not len(skeleton):
        return labels
    inner = skeleton.inner()
    rows, cols = inner.points.T
    labels[rows, cols] = inner.owner
    at: Any = distance_transform_edt(labels < 0, return_distances=False, return_indices=True)
    return np.where(skeleton.filled, labels[at[0], at[1]], -1).astype(np.int32)


def without_junctions(partition: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """The partition less the junction pixels, which belong to no segment alone."""
    tips = np.stack([skeleton.starts[:-1], skeleton.starts[1:] - 1], axis=1)
    shared = np.bincount(skeleton.ends.ravel())[skeleton.ends] > 2
    rows, cols = skeleton.points[tips[shared]].T
    cleared = partition.copy()
    cleared[rows, cols] = -1
    return cleared


def half_widths_px(skeleton: Skeleton, points: np.ndarray) -> np.ndarray:
    """Half the width of the vessel at points of its centre line, in pixels, `(P,)`.

    The distance map counts from pixel centre to pixel centre: half a pixel lies beyond the edge.
    """
    rows, cols = points.T
    return np.maximum(skeleton.distance_px[rows, cols].astype(float) - 0.5, 0.5)


def midpoints(skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Middle of each polyline, `(x, y)` in pixels, each `(S,)`."""
    first, last = skeleton.starts[:-1], skeleton.starts[1:] - 1
    low, high = skeleton.points[(first + last) // 2], skeleton.points[(first + last + 1) // 2]
    middle = (low + high) / 2
    return middle[:, 1], middle[:, 0]


def measure_segments(
    skeleton: Skeleton,
    partition: np.ndarray,
    meets: np.ndarray,
    touches: np.ndarray,
    around: Surroundings,
) -> dict[str, np.ndarray]:
    """Measure every segment.

    Args:
        skeleton: Of the vessel mask; `S` segments.
        partition: From `partition_vessels`.
        meets: Pairs of segments that share a node, int `(E, 2)`.
        touches: Pairs (segment, area), int `(F, 2)`.
        around: Image, masks, scale.

    Returns:
        Float `(S,)` per name of `SEGMENT_FEATURES`.
    """
    count, scale = len(skeleton), around.mm_per_px
    inner = skeleton.inner()
    half = half_widths_px(skeleton, inner.points)
    length, chord = skeleton.lengths_px(), skeleton.chords_px()
    low, high = _reduce(np.minimum, half, inner), _reduce(np.maximum, half, inner)
    mean, deviation = _moments(half, inner)
    ends = _other_ends(skeleton)
    wide = _end_widths_px(skeleton)
    um = 1000 * scale
    features = {
        "length_mm": length * scale,
        "chord_mm": chord * scale,
        "tortuosity": _tortuosity(length, chord),
        "radius_mean_um": mean * um,
        "radius_std_um": deviation * um,
        "radius_min_um": low * um,
        "radius_max_um": high * um,
        "roundness": low / high,
        "end_radius_um": wide.max(axis=1) * um,
        "end_bulge": _bulge(skeleton, wide, high),
        "area_mm2": np.bincount(partition[partition >= 0], minlength=count) * scale**2,
        "end_degree_low": ends.min(axis=1),
        "end_degree_high": ends.max(axis=1),
        "degree": np.bincount(meets.ravel(), minlength=count),
        "adjoining_areas": np.bincount(touches[:, 0], minlength=count),
        "faz_distance_mm": _mean_along(around.faz_distance_px, skeleton) * scale,
        "touches_border": _reaches_border(skeleton),
    }
    return features | _local(skeleton, high, around) | _intensities(inner, around.image)


def _tortuosity(length: np.ndarray, chord: np.ndarray) -> np.ndarray:
    """Length over chord within [1, cap]; a dot is straight, a closed loop at the cap."""
    ratio = np.where(length > 0, TORTUOSITY_CAP, 1.0)
    np.divide(length, chord, out=ratio, where=chord > 0)
    return np.clip(ratio, 1.0, TORTUOSITY_CAP)


def _other_ends(skeleton: Skeleton) -> np.ndarray:
    """Number of other segment ends at the node of each end, `(S, 2)`."""
    if not len(skeleton):
        return np.zeros((0, 2))
    at_node = np.bincount(skeleton.ends.ravel())[skeleton.ends]
    # Dots and loops without a junction have both of their ends at one node of their own.
    alone = (at_node == 2) & (skeleton.ends[:, :1] == skeleton.ends[:, 1:])
    return at_node - 1 - alone


def _end_widths_px(skeleton: Skeleton) -> np.ndarray:
    """Half the width of the vessel at both ends of each segment, in pixels, `(S, 2)`."""
    tips = np.stack([skeleton.starts[:-1], skeleton.starts[1:] - 1], axis=1)
    return half_widths_px(skeleton, skeleton.points[tips.ravel()]).reshape(-1, 2)


def _bulge(skeleton: Skeleton, wide: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Half width at the ends over that of the widest segment that meets there, `(S,)`."""
    widest = np.zeros(int(skeleton.ends.max(initial=-1)) + 1)
    np.maximum.at(widest, skeleton.ends, radius[:, None])
    return (wide / widest[skeleton.ends]).max(axis=1)


def _reaches_border(skeleton: Skeleton) -> np.ndarray:
    half = half_widths_px(skeleton, skeleton.points)
    height, width = skeleton.filled.shape
    rows, cols = skeleton.points.T
    gap = np.minimum.reduce([rows, cols, height - 1 - rows, width - 1 - cols])
    return _reduce(np.maximum, (gap <= half).astype(float), skeleton)


def _local(skeleton: Skeleton, radius: np.ndarray, around: Surroundings) -> dict[str, np.ndarray]:
    """What lies near each segment; discs count only as far as they lie inside the image."""
    near_mm = BRANCHES_UM / 1000
    near_px, wide_px = near_mm / around.mm_per_px, CONTRAST_UM / 1000 / around.mm_per_px
    x, y = midpoints(skeleton)
    near, typical = _neighbourhood(x, y, radius, near_px, wide_px)
    inside = _mean_along(_sums(np.ones(around.vessels.shape), near_px), skeleton)
    disc_px = DENSITY_UM / 1000 / around.mm_per_px
    pixels = _sums(np.ones(around.vessels.shape), disc_px)
    image = np.zeros(around.vessels.shape) if around.image is None else around.image
    density, brightness = (_sums(field, disc_px) / pixels for field in (around.vessels, image))
    return {
        "local_vessel_density": np.clip(_mean_along(density, skeleton), 0, 1),
        "local_branch_density": near / (inside * around.mm_per_px**2),
        "local_intensity": np.clip(_mean_along(brightness, skeleton), 0, 1),
        "radius_contrast": radius / typical,
    }


def _intensities(inner: Chains, image: np.ndarray | None) -> dict[str, np.ndarray]:
    names = ("intensity_mean", "intensity_std", "intensity_q25", "intensity_q75")
    if image is None or not len(inner):
        return {name: np.zeros(len(inner)) for name in names}
    rows, cols = inner.points.T
    values = image[rows, cols].astype(float)
    ranked = values[np.lexsort((values, inner.owner))]
    quartiles = (_quantile(ranked, inner.starts, q) for q in (0.25, 0.75))
    return dict(zip(names, (*_moments(values, inner), *quartiles), strict=True))


def _quantile(ranked: np.ndarray, starts: np.ndarray, q: float) -> np.ndarray:
    """Linear quantile of each group of sorted values."""
    at = starts[:-1] + q * (np.diff(starts) - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, starts[1:] - 1)
    return ranked[low] + (at - low) * (ranked[high] - ranked[low])


def _moments(values: np.ndarray, chains: Chains) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of point values along each segment."""
    owner, number = chains.owner, np.diff(chains.starts)
    mean = np.bincount(owner, values, len(chains)) / number
    variance = np.bincount(owner, (values - mean[owner]) ** 2, len(chains)) / number
    return mean, np.sqrt(variance)


def _reduce(function: np.ufunc, values: np.ndarray, chains: Chains) -> np.ndarray:
    return function.reduceat(values, chains.starts[:-1]) if len(chains) else np.zeros(0)


def _mean_along(field: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    rows, cols = skeleton.points.T
    return _moments(field[rows, cols].astype(float), skeleton)[0]


def _sums(field: np.ndarray, radius_px: float) -> np.ndarray:
    """Sum over a disc around every pixel; beyond the image nothing is counted."""
    at = np.arange(-int(radius_px), int(radius_px) + 1)
    disc = (np.hypot(at[:, None], at[None, :]) <= radius_px).astype(np.float32)
    return cv2.filter2D(field.astype(np.float32), cv2.CV_32F, disc, borderType=cv2.BORDER_CONSTANT)


def _neighbourhood(
    x: np.ndarray, y: np.ndarray, radius: np.ndarray, near_px: float, wide_px: float
) -> tuple[np.ndarray, np.ndarray]:
    """Describe what lies around each point.

    Returns:
        Number of points within `near_px`, itself included, and median of `radius` within
        `wide_px`, each `(S,)`.
    """
    if not len(x):
        return np.zeros(0), np.ones(0)
    columns = int(x.max() // wide_px) + 1
    cell = (y // wide_px).astype(np.int64) * columns + (x // wide_px).astype(np.int64)
    order = np.argsort(cell, kind="stable")
    begins = np.searchsorted(cell[order], np.arange(cell.max() + 2))
    return _scan(x, y, radius, near_px, wide_px, order, begins, columns)


@numba.njit(cache=True)
def _scan(
    x: np.ndarray,
    y: np.ndarray,
    radius: np.ndarray,
    near_px: float,
    wide_px: float,
    order: np.ndarray,
    begins: np.ndarray,
    columns: int,
) -> tuple[np.ndarray, np.ndarray]:
    count, typical = np.zeros(x.size), np.ones(x.size)
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
                    if gap <= wide_px**2:
                        values[found] = radius[j]
                        found += 1
        typical[i] = np.median(values[:found])
    return count, typical
