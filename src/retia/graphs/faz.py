"""Features of the foveal avascular zone: one node, zeros where none was found."""

import numpy as np

from retia.graphs.areas import PixelGroups, measure_intensities
from retia.graphs.features import FAZ_FEATURES
from retia.graphs.shapes import measure_shapes


def measure_faz(
    faz: np.ndarray, image: np.ndarray | None, touching: int, mm_per_px: float
) -> tuple[dict[str, float], tuple[float, float], np.ndarray]:
    """Measure the FAZ.

    Args:
        faz: Bool `(H, W)`.
        image: Float in [0, 1], `(H, W)`, or None.
        touching: Number of segments at its rim.
        mm_per_px: Scale.

    Returns:
        A value per name of `FAZ_FEATURES`; the centre `(x, y)` in pixels (of the image where
        there is no FAZ); the runs of its mask, int32 `(R, 3)`.
    """
    height, width = faz.shape
    if not faz.any():
        nothing = np.zeros((0, 3), np.int32)
        return dict.fromkeys(FAZ_FEATURES, 0.0), ((width - 1) / 2, (height - 1) / 2), nothing
    labels = np.where(faz, 0, -1)
    shapes = measure_shapes(labels, 1)
    area, perimeter = float(shapes.area[0]), float(shapes.perimeter[0])
    brightness = measure_intensities(PixelGroups(labels, 1), image)["intensity_mean"]
    features = {
        "area_mm2": area * mm_per_px**2,
        "perimeter_mm": perimeter * mm_per_px,
        # The outline of a few pixels is estimated too short.
        "circularity": min(4 * np.pi * area / perimeter**2, 1.0),
        "axis_ratio": float(shapes.axis_minor[0] / shapes.axis_major[0]),
        "eccentricity": float(shapes.eccentricity[0]),
        "solidity": float(shapes.solidity[0]),
        "intensity_mean": float(brightness[0]),
        "touching_segments": float(touching),
    }
    return features, (float(shapes.x[0]), float(shapes.y[0])), shapes.runs
