"""Random regions have the shape of the region, lie elsewhere, and in what the image shows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retia.counterfactuals import box_mask, foreground, random_regions
from retia.counterfactuals.regions import INSIDE_SHARE

SIDE = 96


def round_image():
    """A bright disc on black, with a dark hole and dark grain inside."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    distance = np.hypot(rows - SIDE / 2, columns - SIDE / 2)
    image = np.where(distance < 44, 150, 0).astype(np.uint8)
    image[distance < 8] = 0
    grain = np.random.default_rng(0).random((SIDE, SIDE)) < 0.3
    image[grain] = 0
    return image, distance


def crop(mask):
    rows, columns = np.nonzero(mask)
    return mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


@settings(max_examples=40, deadline=None)
@given(
    x=st.integers(20, 60),
    y=st.integers(20, 60),
    width=st.integers(3, 22),
    height=st.integers(3, 22),
    seed=st.integers(0, 9),
)
def test_equal_shape_no_overlap_inside_the_foreground(x, y, width, height, seed):
    image, _ = round_image()
    mask = box_mask((x, y, x + width, y + height), image.shape)
    mask &= np.random.default_rng(seed).random(mask.shape) < 0.8
    if not mask.any():
        return
    shown = foreground(image)
    regions = random_regions(image, mask, 4, seed)
    assert len(regions) == 4
    for region in regions:
        np.testing.assert_array_equal(crop(region), crop(mask))
        assert not (region & mask).any()
        window = np.zeros_like(mask)
        rows, columns = np.nonzero(region)
        window[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
        assert shown[window].mean() >= INSIDE_SHARE


def test_the_foreground_is_the_disc_with_its_hole():
    image, distance = round_image()
    shown = foreground(image)
    assert shown[distance < 40].all()
    assert not shown[distance > 50].any()


def test_a_region_at_the_border_of_a_full_image_is_foreground_too():
    image = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE)).astype(np.uint8)
    assert foreground(image).all()


def test_the_seed_decides():
    image, _ = round_image()
    mask = box_mask((30, 30, 40, 44), image.shape)
    first, again, other = (random_regions(image, mask, 3, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_a_region_too_large_to_be_elsewhere_gives_none():
    image, _ = round_image()
    assert random_regions(image, box_mask((10, 10, 80, 80), image.shape), 3, 0) == []


@pytest.mark.parametrize(
    ("box", "area"),
    [((2, 3, 5, 7), 12), ((2.5, 3, 4.5, 4), 3), ((-4, -4, 2, 2), 4), ((200, 0, 210, 5), 0)],
)
def test_a_box_is_half_open_and_clipped(box, area):
    assert box_mask(box, (SIDE, SIDE)).sum() == area
