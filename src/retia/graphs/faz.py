"""Features of the foveal avascular zone: one node, zeros where none was found."""

import numpy as np

from retia.graphs.areas import measure_regions
from retia.graphs.features import FAZ_FEATURES, FAZ_MEASURES
from retia.graphs.shapes import measure_shapes


def measure_faz(
    faz: np.ndarray, image: np.ndarray | None, touching: int, mm_per_px: float
) -> tuple[dict[str, np.ndarray], tuple[float, float], np.ndarray]:
    """Measure the FAZ.

    Args:
        faz: Bool `(H, W)`.
        image: Float in [0, 1], `(H, W)`, or None.
        touching: Number of segments at its rim.
        mm_per_px: Scale.

    Returns:
        Float `(1,)` per name of `FAZ_FEATURES` and `FAZ_MEASURES`; the centre `(x, y)` in pixels
        (of the image where there is no FAZ); the runs of its mask, int32 `(R, 3)`.
    """
    height, width = faz.shape
    if not faz.any():
        nothing = np.zeros((0, 3), np.int32)
        zeros = dict.fromkeys((*FAZ_FEATURES, *FAZ_MEASURES), np.zeros(1))
        return zeros, ((width - 1) / 2, (height - 1) / 2), nothing
    labels = np.where(faz, 0, -1).astype(np.int32)
    shapes = measure_shapes(labels, 1)
    features = measure_regions(labels, shapes, image, mm_per_px) | {
        # The outline of a few pixels is estimated too short.
        "circularity": np.minimum(4 * np.pi * shapes.area / shapes.perimeter**2, 1.0),
        "axis_ratio": shapes.axis_minor / shapes.axis_major,
        "touching_segments": np.array([float(touching)]),
    }
    return features, (float(shapes.x[0]), float(shapes.y[0])), shapes.runs
