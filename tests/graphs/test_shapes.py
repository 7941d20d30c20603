"""Area, axes and boxes of labelled shapes, against formulas and against scikit-image."""

import numpy as np
import pytest

from retia.graphs.shapes import measure_shapes


def test_shapes_of_a_disc_and_a_bar():
    labels = np.full((120, 120), -1)
    rows, cols = np.mgrid[:120, :120]
    labels[np.hypot(rows - 40, cols - 50) < 25] = 0
    labels[90:96, 10:90] = 1
    shapes = measure_shapes(labels, 2)
    assert shapes.perimeter[0] == pytest.approx(2 * np.pi * 25, rel=0.03)
    assert shapes.axis_major[0] == pytest.approx(50, rel=0.02)
    assert shapes.eccentricity[0] < 0.1
    assert (shapes.x[0], shapes.y[0]) == pytest.approx((50, 40))
    assert shapes.eccentricity[1] > 0.99
    assert shapes.solidity == pytest.approx([1, 1], abs=0.05)
    assert shapes.boxes[1].tolist() == [10, 90, 90, 96]


def test_shapes_agree_with_skimage():
    from skimage.measure import label, regionprops

    field = np.random.default_rng(1).normal(size=(60, 60)) > -0.4
    labels = label(field, connectivity=1) - 1
    shapes = measure_shapes(labels, labels.max() + 1)
    for n, region in enumerate(regionprops(labels + 1)):
        assert shapes.area[n] == region.area
        assert (shapes.y[n], shapes.x[n]) == pytest.approx(region.centroid)
        # Ours counts the extent of the pixels themselves.
        ours = np.array([shapes.axis_major[n], shapes.axis_minor[n]]) ** 2 / 16 - 1 / 12
        theirs = np.array([region.axis_major_length, region.axis_minor_length]) ** 2 / 16
        assert ours == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_hulls_are_those_of_scipy(seed: int):
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist
    from skimage.measure import label

    field = np.random.default_rng(seed).normal(size=(40, 50)) > -0.3
    labels = label(field, connectivity=1) - 1
    shapes = measure_shapes(labels.astype(np.int32), labels.max() + 1)
    for n in range(labels.max() + 1):
        rows, cols = np.nonzero(labels == n)
        corners = np.concatenate(
            [np.stack([rows + dr, cols + dc], axis=1) for dr in (0, 1) for dc in (0, 1)]
        ).astype(float)
        assert shapes.solidity[n] == pytest.approx(len(rows) / ConvexHull(corners).volume)
        hull = corners[ConvexHull(corners).vertices]
        assert shapes.feret[n] == pytest.approx(pdist(hull).max())


@pytest.mark.parametrize("angle", [0, 30, 75, 120, 165])
def test_bars_have_the_angle_they_were_drawn_at(angle: int):
    rows, cols = np.mgrid[-60:61, -60:61]
    turn = np.radians(angle)
    along, across = (
        cols * np.cos(turn) - rows * np.sin(turn),
        cols * np.sin(turn) + rows * np.cos(turn),
    )
    labels = np.where((np.abs(along) < 50) & (np.abs(across) < 6), 0, -1)
    shapes = measure_shapes(labels, 1)
    gap = (shapes.orientation_deg[0] - angle + 90) % 180 - 90
    assert abs(gap) < 1
    assert shapes.feret[0] == pytest.approx(100, rel=0.03)
