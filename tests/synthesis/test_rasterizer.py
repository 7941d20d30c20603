"""Drawn vessels cover what they cover: areas below one pixel, unbroken masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label

from retia.synthesis.rasterizer import draw_discs, draw_mask, draw_vessels
from retia.synthesis.vessels import ARTERY, Vessels

SIZE_PX = 64
NO_BLOBS = np.zeros((0, 3))


def lines(*rows: tuple[float, float, float, float, float]) -> Vessels:
    """Segments from ``(x0, y0, x1, y1, radius)`` in pixels, at one millimetre a pixel."""
    table = np.array(rows, dtype=float)
    none = np.full(len(table), -1, np.int32)
    kind = np.full(len(table), ARTERY, np.uint8)
    depth = np.zeros(len(table))
    return Vessels(table[:, :2], table[:, 2:4], table[:, 4], depth, none, kind, none)


def area_px(length: float, radius: float) -> float:
    return 2 * radius * length + np.pi * radius**2


coordinate = st.floats(12, 52)


@settings(max_examples=60, deadline=None)
@given(coordinate, coordinate, coordinate, coordinate, st.floats(0.2, 8))
def test_the_area_is_that_of_the_capsule(x0: float, y0: float, x1: float, y1: float, r: float):
    image = draw_vessels(lines((x0, y0, x1, y1, r)), SIZE_PX, 1.0)
    length = np.hypot(x1 - x0, y1 - y0)
    # Eight sub-pixels a side: a line along the grid may be a sub-pixel too wide or narrow.
    assert image.sum() == pytest.approx(area_px(length, r), rel=0.01, abs=length / 8 + 0.2)
    assert image.min() >= 0 and image.max() <= 1


@pytest.mark.parametrize("radius", [0.05, 0.1, 0.25, 0.6, 3.0])
def test_the_area_of_many_capsules_is_right_on_average(radius: float):
    rng = np.random.default_rng(0)
    drawn = true = 0.0
    for row in rng.uniform(10, 54, (200, 4)):
        drawn += draw_vessels(lines((*row, radius)), SIZE_PX, 1.0).sum()
        true += area_px(np.hypot(*(row[2:] - row[:2])), radius)
    assert drawn == pytest.approx(true, rel=0.01)


def test_a_row_of_pixels_is_half_covered_where_half_of_it_is():
    image = draw_vessels(lines((8.0, 20.0, 40.0, 20.0, 0.5)), SIZE_PX, 1.0)
    np.testing.assert_allclose(image[19:21, 10:38], 0.5)
    assert not image[:19].any() and not image[21:].any()


def test_coverage_agrees_with_the_distance_to_the_segment():
    vessel = lines((10.0, 12.0, 50.0, 44.0, 5.0))
    image = draw_vessels(vessel, SIZE_PX, 1.0)
    y, x = np.indices(image.shape) + 0.5
    point = np.stack([x, y], axis=-1)
    start, end = vessel.start_mm[0], vessel.end_mm[0]
    t = np.clip(((point - start) @ (end - start)) / ((end - start) @ (end - start)), 0, 1)
    gap = np.linalg.norm(point - start - t[..., None] * (end - start), axis=-1) - 5.0
    assert (image[gap < -0.75] == 1).all() and (image[gap > 0.75] == 0).all()
    between = np.abs(gap) < 0.5
    assert np.abs(image[between] - (0.5 - gap[between])).max() < 0.2


def test_overlaps_count_once_and_the_brighter_wins():
    once = draw_vessels(lines((10, 10, 50, 50, 2)), SIZE_PX, 1.0)
    twice = draw_vessels(lines((10, 10, 50, 50, 2), (10, 10, 50, 50, 2)), SIZE_PX, 1.0)
    np.testing.assert_array_equal(once, twice)
    crossing = lines((10, 32, 54, 32, 3), (32, 10, 32, 54, 3))
    for values in ([0.4, 0.8], [0.8, 0.4]):
        image = draw_vessels(crossing, SIZE_PX, 1.0, np.array(values))
        assert image[32, 32] == pytest.approx(0.8, abs=1 / 255)
        assert image[32, 12] == pytest.approx(values[0], abs=1 / 255)


def test_a_larger_image_shows_the_same_share_of_vessel():
    vessels = lines((5, 6, 55, 40, 0.3), (20, 60, 44, 3, 1.2))
    shares = [draw_vessels(vessels, n, SIZE_PX / n).mean() for n in (64, 128, 304, 1216)]
    assert max(shares) == pytest.approx(min(shares), rel=0.03)


@settings(max_examples=60, deadline=None)
@given(coordinate, coordinate, coordinate, coordinate, st.floats(0.01, 2))
def test_no_capillary_of_a_mask_breaks(x0: float, y0: float, x1: float, y1: float, r: float):
    mask = draw_mask(lines((x0, y0, x1, y1, r)), NO_BLOBS, SIZE_PX, 1.0)
    _, parts = label(mask, np.ones((3, 3)))
    length = max(abs(x1 - x0), abs(y1 - y0))
    assert parts <= 1
    assert mask.sum() >= np.floor(length)
    if length > 2:
        assert parts == 1


def test_a_blob_is_in_the_mask():
    nothing = lines((1, 1, 2, 1, 0.1))
    mask = draw_mask(nothing, np.array([[30.0, 40.0, 4.0]]), SIZE_PX, 1.0)
    assert mask[38:42, 28:32].all()
    assert mask.sum() == pytest.approx(np.pi * 16, rel=0.1)


def test_a_disc_has_its_area_wherever_it_lies():
    for x, y, r in [(20.0, 20.0, 0.4), (31.3, 40.7, 1.3), (30.0, 30.0, 9.0)]:
        image = draw_discs(np.array([[x, y]]), np.array([r]), SIZE_PX, 1.0)
        assert image.sum() == pytest.approx(np.pi * r**2, rel=0.04)


def test_what_lies_outside_the_image_is_not_drawn():
    outside = lines((-30, -30, -10, -12, 3), (80, 20, 120, 20, 5), (20, -9, 40, -9, 2))
    assert not draw_vessels(outside, SIZE_PX, 1.0).any()
    crossing = draw_vessels(lines((-20, 32, 100, 32, 2)), SIZE_PX, 1.0)
    np.testing.assert_allclose(crossing.sum(), 4 * SIZE_PX)
    assert draw_discs(np.zeros((0, 2)), np.zeros(0), SIZE_PX, 1.0).shape == (SIZE_PX, SIZE_PX)
