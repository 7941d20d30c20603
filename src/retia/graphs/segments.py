"""Features of the vessel segments.

In:  the skeleton of a vessel mask, the image, the distance to the FAZ.
Out: one float array `(S,)` per feature of `features.SEGMENT_FEATURES`, and the partition of the
     vessel pixels among the segments.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt

from retia.graphs.local import LocalMaps, Surroundings, disc_sums, relative
from retia.graphs.neighbours import scan_neighbours
from retia.graphs.relations import Links
from retia.graphs.skeleton import (
    Chains,
    Skeleton,
    half_widths_px,
    smooth_polylines,
)
from retia.graphs.strands import strand_tortuosity
from retia.graphs.walls import measure_walls

TORTUOSITY_CAP = 5.0
BRANCHES_UM, CONTRAST_UM = 150.0, 250.0
"""Radii of the neighbourhoods in which segments are counted and compared."""


@dataclass(frozen=True)
class Partition:
    """The vessel pixels, shared out among the segments.

    Attributes:
        labels: int32 `(H, W)`, segment of every vessel pixel, -1 off the vessels.
        nearest: int32 `(2, H, W)`, row and column of the nearest pixel of a centre line.
    """

    labels: np.ndarray
    nearest: np.ndarray


def partition_vessels(skeleton: Skeleton) -> Partition:
    """Give every vessel pixel to the segment whose centre line is nearest."""
    shape = skeleton.filled.shape
    labels = np.full(shape, -1, np.int32)
    if not len(skeleton):
        return Partition(labels, np.zeros((2, *shape), np.int32))
    inner = skeleton.inner()
    rows, cols = inner.points.T
    labels[rows, cols] = inner.owner
    at: Any = distance_transform_edt(labels < 0, return_distances=False, return_indices=True)
    return Partition(np.where(skeleton.filled, labels[at[0], at[1]], -1).astype(np.int32), at)


def without_junctions(partition: Partition, skeleton: Skeleton) -> np.ndarray:
    """Its labels less the junction pixels, which belong to no segment alone."""
    tips = np.stack([skeleton.starts[:-1], skeleton.starts[1:] - 1], axis=1)
    shared = np.bincount(skeleton.ends.ravel())[skeleton.ends] > 2
    rows, cols = skeleton.points[tips[shared]].T
    cleared = partition.labels.copy()
    cleared[rows, cols] = -1
    return cleared


def midpoints(skeleton: Skeleton) -> tuple[np.ndarray, np.ndarray]:
    """Middle of each polyline, `(x, y)` in pixels, each `(S,)`."""
    first, last = skeleton.starts[:-1], skeleton.starts[1:] - 1
    low, high = skeleton.points[(first + last) // 2], skeleton.points[(first + last + 1) // 2]
    middle = (low + high) / 2
    return middle[:, 1], middle[:, 0]


def measure_segments(
    skeleton: Skeleton,
    partition: Partition,
    links: Links,
    around: Surroundings,
    maps: LocalMaps,
) -> dict[str, np.ndarray]:
    """Measure every segment.

    Args:
        skeleton: Of the vessel mask; `S` segments.
        partition: From `partition_vessels`.
        links: What the segments meet and touch.
        around: Image, masks, scale.
        maps: From `map_surroundings`.

    Returns:
        Float `(S,)` per name of `SEGMENT_FEATURES` and `SEGMENT_MEASURES`.
    """
    count, scale = len(skeleton), around.mm_per_px
    um = 1000 * scale
    inner = skeleton.inner()
    half = half_widths_px(skeleton, inner.points)
    length, chord = skeleton.lengths_px(), skeleton.chords_px()
    low, high = _reduce(np.minimum, half, inner), _reduce(np.maximum, half, inner)
    mean, deviation = _moments(half, inner)
    ends = _other_ends(skeleton)
    wide = _end_widths_px(skeleton)
    labels = partition.labels
    area = np.bincount(labels[labels >= 0], minlength=count)
    strand = strand_tortuosity(skeleton, links.joints, length, mean, scale, TORTUOSITY_CAP)
    features = {
        "length_mm": length * scale,
        "tortuosity": _tortuosity(length, chord),
        "strand_tortuosity": strand,
        "radius_mean_um": mean * um,
        "radius_std_um": deviation * um,
        "radius_min_um": low * um,
        "radius_max_um": high * um,
        "end_radius_um": wide.max(axis=1) * um,
        "end_bulge": _bulge(skeleton, wide, high),
        "roundness": low / high,
        "area_mm2": area * scale**2,
        "end_degree_low": ends.min(axis=1),
        "end_degree_high": ends.max(axis=1),
        "degree": np.bincount(links.meets.ravel(), minlength=count),
        "adjoining_areas": np.bincount(links.touches[:, 0], minlength=count),
        "faz_distance_mm": _mean_along(around.faz_distance_px, skeleton) * scale,
        "touches_border": _reaches_border(skeleton),
        "chord_mm": chord * scale,
        # A dot is as long as its pixel.
        "width_um": area / np.maximum(length, 1) * um,
        "orientation_deg": _orientations(skeleton),
        "turning_deg_per_mm": _turning(skeleton, length) / scale,
    }
    features |= measure_walls(inner, partition.nearest, skeleton.filled, half, um)
    return features | _local(skeleton, high, around, maps) | _intensities(inner, around.image)


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


def _orientations(skeleton: Skeleton) -> np.ndarray:
    """Angle of the chord against the horizontal, counter-clockwise, in [0, 180) degrees."""
    first, last = skeleton.points[skeleton.starts[:-1]], skeleton.points[skeleton.starts[1:] - 1]
    rows, cols = (last - first).T.astype(float)
    return np.degrees(np.arctan2(-rows, cols)) % 180


def _turning(skeleton: Skeleton, length_px: np.ndarray) -> np.ndarray:
    """Sum of all turns of each smoothed centre line over its length, in degrees per pixel."""
    steps = np.diff(smooth_polylines(skeleton.points, skeleton.starts, 6), axis=0)
    direction = np.arctan2(steps[:, 0], steps[:, 1])
    turns = np.abs((np.diff(direction) + np.pi) % (2 * np.pi) - np.pi)
    owner = skeleton.owner
    within = owner[2:] == owner[:-2]
    total = np.bincount(owner[1:-1][within], turns[within], len(skeleton))
    return np.degrees(total) / np.maximum(length_px, 1)


def _local(
    skeleton: Skeleton, radius: np.ndarray, around: Surroundings, maps: LocalMaps
) -> dict[str, np.ndarray]:
    """What lies near each segment."""
    rows, cols = skeleton.points.T
    names = (
        "local_vessel_density",
        "local_calibre_um",
        "local_gap_um",
        "local_intensity",
        "local_intensity_std",
    )
    found = {name: _moments(maps.at(name, rows, cols), skeleton)[0] for name in names}
    near_mm = BRANCHES_UM / 1000
    near_px, wide_px = near_mm / around.mm_per_px, CONTRAST_UM / 1000 / around.mm_per_px
    free = (np.bincount(skeleton.ends.ravel())[skeleton.ends] == 1).sum(axis=1)
    near, dead, typical = scan_neighbours(*midpoints(skeleton), radius, free, near_px, wide_px)
    inside = disc_sums(maps.inside, near_px / maps.step)
    inside_mm2 = inside[rows // maps.step, cols // maps.step] * around.mm_per_px**2
    return found | {
        "spot_contrast": _reduce(np.maximum, maps.at("spot_contrast", rows, cols), skeleton),
        "relative_density": relative(found["local_vessel_density"]),
        "relative_intensity": relative(found["local_intensity"]),
        "local_branch_density": near / _moments(inside_mm2, skeleton)[0],
        "local_dead_ends": dead / np.maximum(2 * near, 1),
        "radius_contrast": radius / typical,
    }


def _intensities(inner: Chains, image: np.ndarray | None) -> dict[str, np.ndarray]:
    """Along each centre line; zeros without an image."""
    shares = {f"intensity_q{round(100 * q):02d}": q for q in (0.05, 0.1, 0.25, 0.75, 0.9, 0.95)}
    names = ("intensity_mean", "intensity_std", *shares)
    if image is None or not len(inner):
        return {name: np.zeros(len(inner)) for name in names}
    rows, cols = inner.points.T
    values = image[rows, cols].astype(float)
    ranked = values[np.lexsort((values, inner.owner))]
    quantiles = (_quantile(ranked, inner.starts, q) for q in shares.values())
    return dict(zip(names, (*_moments(values, inner), *quantiles), strict=True))


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
