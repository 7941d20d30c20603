"""Distances are exact, and the same bits on every call."""

import numpy as np
from scipy.ndimage import distance_transform_edt

from retia.images.distance import distance_px


def test_distances_are_exact_and_never_differ():
    rng = np.random.default_rng(0)
    for shape in ((64, 64), (301, 257), (1216, 640)):
        mask = rng.random(shape) > 0.001
        first = distance_px(mask)
        np.testing.assert_array_equal(
            first, distance_transform_edt(mask).astype(np.float32), strict=True
        )
        shifted = np.zeros((shape[0] + 1, shape[1] + 3), bool)[1:, 3:]
        shifted[:] = mask
        assert all(np.array_equal(first, distance_px(shifted)) for _ in range(5))
