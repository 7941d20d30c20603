"""Intercapillary areas: what lies between the vessels.

In:  vessel mask, FAZ mask, image.
Out: labels of the areas, and one float array `(A,)` per feature of `features.AREA_FEATURES`.
"""

import cv2
import numpy as np

from retia.graphs.segments import Surroundings
from retia.graphs.shapes import Shapes

SMALLEST_PX = 10
"""Areas of this many pixels or fewer are left out, as in the source."""
RIM_UM = 70.0
"""A drawn FAZ ends short of its capillaries: up to this far, the gap is its rim, no area."""


def label_areas(
    vessels: np.ndarray, faz: np.ndarray, faz_distance_px: np.ndarray, mm_per_px: float
) -> tuple[np.ndarray, np.ndarray]:
    """Label the areas: 4-connected parts of the background outside of the FAZ and its rim.

    Args:
        vessels: Bool `(H, W)`.
        faz: Bool `(H, W)`; all false where none was found.
        faz_distance_px: Distance to the FAZ, `(H, W)`.
        mm_per_px: Scale.

    Returns:
        int32 `(H, W)`: area from 0 in the order of their first pixels, -1 elsewhere; and the FAZ
        with its rim, bool `(H, W)`.
    """
    rim = _with_rim(vessels, faz, faz_distance_px, mm_per_px)
    background = (~vessels & ~rim).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(background, connectivity=4)
    kept = stats[:, cv2.CC_STAT_AREA] > SMALLEST_PX
    kept[0] = False
    numbers = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    return numbers[np.asarray(labels, np.int32)], rim


def _with_rim(
    vessels: np.ndarray, faz: np.ndarray, faz_distance_px: np.ndarray, mm_per_px: float
) -> np.ndarray:
    """The FAZ and the free pixels around it, as far as the rim reaches and no vessel stops it."""
    if not faz.any():
        return faz
    near = (~vessels & (faz_distance_px <= RIM_UM / 1000 / mm_per_px)) | faz
    count, labels = cv2.connectedComponents(near.astype(np.uint8), connectivity=4)
    labels = np.asarray(labels, np.int32)
    part_of_it = np.zeros(count, bool)
    part_of_it[labels[faz]] = True
    return part_of_it[labels]


def measure_areas(
    labels: np.ndarray, shapes: Shapes, faces: np.ndarray, around: Surroundings
) -> dict[str, np.ndarray]:
    """Measure every area.

    Args:
        labels: From `label_areas`; `A` areas.
        shapes: Their shapes.
        faces: Pairs of areas on both sides of a vessel, int `(E, 2)`.
        around: Image, masks, scale.

    Returns:
        Float `(A,)` per name of `AREA_FEATURES`.
    """
    count, scale = len(shapes.area), around.mm_per_px
    height, width = labels.shape
    x0, y0, x1, y1 = shapes.boxes.T
    free = (~around.vessels).astype(np.uint8)
    depth = cv2.distanceTransform(free, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Without any vessel the distance is not defined; the diagonal bounds it.
    depth = np.minimum(depth, float(np.hypot(height, width)))
    pixels = PixelGroups(labels, count)
    features = {
        "area_mm2": shapes.area * scale**2,
        "perimeter_mm": shapes.perimeter * scale,
        "eccentricity": shapes.eccentricity,
        "solidity": shapes.solidity,
        "extent": shapes.area / ((x1 - x0) * (y1 - y0)),
        "equivalent_diameter_um": np.sqrt(4 * shapes.area / np.pi) * scale * 1000,
        "axis_major_mm": shapes.axis_major * scale,
        "axis_minor_mm": shapes.axis_minor * scale,
        "faz_distance_mm": pixels.mean(around.faz_distance_px) * scale,
        "depth_max_um": pixels.highest(depth) * scale * 1000,
        "touches_border": (x0 == 0) | (y0 == 0) | (x1 == width) | (y1 == height),
        "degree": np.bincount(faces.ravel(), minlength=count),
    }
    return features | measure_intensities(pixels, around.image)


class PixelGroups:
    """The pixels of each region, for reductions over an image."""

    def __init__(self, labels: np.ndarray, count: int) -> None:
        """Sort the pixels of the labels `0 .. count - 1` by label."""
        flat = labels.ravel()
        inside = np.flatnonzero(flat >= 0)
        self.count = count
        self.order = inside[np.argsort(flat[inside], kind="stable")]
        self.starts = np.searchsorted(flat[self.order], np.arange(count))
        self.number = np.bincount(flat[inside], minlength=count)

    def mean(self, field: np.ndarray) -> np.ndarray:
        """Mean of the field over each region, `(N,)`."""
        return self._reduce(np.add, field.astype(float)) / self.number

    def lowest(self, field: np.ndarray) -> np.ndarray:
        """Minimum of the field over each region, `(N,)`."""
        return self._reduce(np.minimum, field)

    def highest(self, field: np.ndarray) -> np.ndarray:
        """Maximum of the field over each region, `(N,)`."""
        return self._reduce(np.maximum, field)

    def _reduce(self, function: np.ufunc, field: np.ndarray) -> np.ndarray:
        if not self.count:
            return np.zeros(0)
        return function.reduceat(field.ravel()[self.order], self.starts)


def measure_intensities(pixels: PixelGroups, image: np.ndarray | None) -> dict[str, np.ndarray]:
    """Mean, minimum, maximum and standard deviation of the image in each region; 0 without one."""
    if image is None:
        zero = np.zeros(pixels.count)
        return {f"intensity_{name}": zero for name in ("mean", "min", "max", "std")}
    mean, square = pixels.mean(image), pixels.mean(image.astype(float) ** 2)
    return {
        "intensity_mean": mean,
        "intensity_min": pixels.lowest(image),
        "intensity_max": pixels.highest(image),
        "intensity_std": np.sqrt(np.maximum(square - mean**2, 0)),
    }
