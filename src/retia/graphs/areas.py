"""Intercapillary areas: what lies between the vessels.

In:  vessel mask, FAZ mask, image.
Out: labels of the areas, and one float array `(A,)` per feature and measure of `features`.
"""

import cv2
import numpy as np

from retia.graphs.local import LocalMaps, Surroundings, relative
from retia.graphs.pixels import describe, grid_means, quantiles
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
    labels: np.ndarray, shapes: Shapes, faces: np.ndarray, around: Surroundings, maps: LocalMaps
) -> dict[str, np.ndarray]:
    """Measure every area.

    Args:
        labels: From `label_areas`; `A` areas.
        shapes: Their shapes.
        faces: Pairs of areas on both sides of a vessel, int `(E, 2)`.
        around: Image, masks, scale.
        maps: From `map_surroundings`.

    Returns:
        Float `(A,)` per name of `AREA_FEATURES` and `AREA_MEASURES`.
    """
    count, scale = len(shapes.area), around.mm_per_px
    height, width = labels.shape
    x0, y0, x1, y1 = shapes.boxes.T
    names = ("local_vessel_density", "local_calibre_um", "local_gap_um", "local_intensity_std")
    stacked = np.stack([getattr(maps, name) for name in (*names, "local_intensity")])
    *means, brightness = grid_means(labels, count, stacked, maps.step)
    found = dict(zip(names, means, strict=True))
    features = {
        "relative_density": relative(found["local_vessel_density"]),
        "relative_intensity": relative(brightness),
        "faz_distance_mm": describe(labels, count, around.faz_distance_px).mean * scale,
        "depth_max_um": describe(labels, count, around.free_depth_px).max * scale * 1000,
        "touches_border": (x0 == 0) | (y0 == 0) | (x1 == width) | (y1 == height),
        "degree": np.bincount(faces.ravel(), minlength=count),
    }
    return found | features | measure_regions(labels, shapes, around.image, scale)


def measure_regions(
    labels: np.ndarray, shapes: Shapes, image: np.ndarray | None, mm_per_px: float
) -> dict[str, np.ndarray]:
    """Measure form and brightness of regions.

    Args:
        labels: int32 `(H, W)`, -1 off the `N` regions.
        shapes: Their shapes.
        image: Float in [0, 1], `(H, W)`; without it all of brightness is 0.
        mm_per_px: Scale.

    Returns:
        Float `(N,)` per name, as in `AREA_FEATURES` and `AREA_MEASURES`.
    """
    x0, y0, x1, y1 = shapes.boxes.T
    form = {
        "area_mm2": shapes.area * mm_per_px**2,
        "perimeter_mm": shapes.perimeter * mm_per_px,
        "eccentricity": shapes.eccentricity,
        "solidity": shapes.solidity,
        "extent": shapes.area / ((x1 - x0) * (y1 - y0)),
        "axis_major_mm": shapes.axis_major * mm_per_px,
        "axis_minor_mm": shapes.axis_minor * mm_per_px,
        "equivalent_diameter_um": np.sqrt(4 * shapes.area / np.pi) * mm_per_px * 1000,
        "feret_diameter_mm": shapes.feret * mm_per_px,
        "orientation_deg": shapes.orientation_deg,
    }
    count = len(shapes.area)
    if image is None:
        names = ("mean", "min", "max", "std", "q25", "q75")
        dark = dict.fromkeys((f"intensity_{name}" for name in names), np.zeros(count))
        return form | dark | {"centroid_offset_um": np.zeros(count)}
    found = describe(labels, count, image)
    low, high = quantiles(labels, count, image, (0.25, 0.75))
    # A region that is black all over has no centre of its brightness.
    offset = np.nan_to_num(np.hypot(found.x - shapes.x, found.y - shapes.y))
    return form | {
        "intensity_mean": found.mean,
        "intensity_min": found.min,
        "intensity_max": found.max,
        "intensity_std": found.std,
        "intensity_q25": low,
        "intensity_q75": high,
        "centroid_offset_um": offset * mm_per_px * 1000,
    }
