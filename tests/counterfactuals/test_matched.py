"""Places have the region's area and shape, part by part; doses are nested and keep the shape."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from retia.counterfactuals import add_noise, box_mask, doses, keep_only, mask_at, matched_places
from retia.counterfactuals.regions import INSIDE_SHARE, foreground

SIDE = 96
IMAGE = np.random.default_rng(0).integers(60, 200, (SIDE, SIDE)).astype(np.uint8)


def shapes(mask):
    """The parts of a mask, each cut out, in any order."""
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    cuts = [labels[where] == n + 1 for n, where in enumerate(ndimage.find_objects(labels))]
    return sorted((cut.shape, cut.tobytes()) for cut in cuts)


def corners():
    """Two boxes in opposite corners: their common bounding box is nearly the whole image."""
    size = (SIDE, SIDE)
    return box_mask((2, 2, 22, 14), size) | box_mask((80, 70, 94, 94), size)


def test_a_region_of_many_parts_moves_part_by_part():
    mask = corners()
    places = matched_places(IMAGE, mask, 5, 3)
    assert len(places) == 5
    for place in places:
        moved = mask_at(place, mask.shape)
        assert moved.sum() == mask.sum()
        assert not (moved & mask).any()
        # Every part keeps its shape: seen from its first pixel nothing has changed.
        for part in (slice(0, 240), slice(240, None)):
            np.testing.assert_array_equal(
                place[part] - place[part][0], np.argwhere(mask)[part] - np.argwhere(mask)[part][0]
            )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 99), parts=st.integers(1, 6))
def test_equal_area_apart_and_in_the_foreground(seed, parts):
    rng = np.random.default_rng(seed)
    image = IMAGE.copy()
    image[:, :20] = 0
    mask = np.zeros((SIDE, SIDE), bool)
    for x, y in rng.integers(22, SIDE - 12, (parts, 2)):
        mask |= box_mask((x, y, x + rng.integers(3, 12), y + rng.integers(3, 12)), mask.shape)
    for place in matched_places(image, mask, 3, seed):
        moved = mask_at(place, mask.shape)
        assert moved.sum() == mask.sum() == len(place)
        assert not (moved & mask).any()
        assert foreground(image)[moved].mean() >= INSIDE_SHARE


def test_the_same_seed_draws_the_same_places_and_another_draws_others():
    first, again, other = (matched_places(IMAGE, corners(), 2, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_without_room_there_are_none():
    assert matched_places(IMAGE, box_mask((4, 4, 90, 90), (SIDE, SIDE)), 5, 0) == []
    # A frame leaves as much area as it takes, but no other frame fits.
    assert matched_places(IMAGE, ~box_mask((14, 14, 82, 82), (SIDE, SIDE)), 5, 0) == []


def test_doses_are_nested_and_of_the_right_area():
    mask = corners()
    shares = (0.25, 0.5, 0.75, 1.0)
    chosen = doses(mask, shares)
    assert [len(own) for own in chosen] == [round(s * mask.sum()) for s in shares]
    for small, large in pairwise(chosen):
        assert set(small.tolist()) < set(large.tolist())
    assert set(chosen[-1].tolist()) == set(range(int(mask.sum())))
    # Every part shrinks alike.
    for part in (range(240), range(240, int(mask.sum()))):
        share = len(set(chosen[1].tolist()) & set(part)) / len(part)
        assert share == pytest.approx(0.5, abs=0.12)


def test_half_a_square_is_a_smaller_square():
    mask = box_mask((20, 20, 60, 60), (SIDE, SIDE))
    (half,) = doses(mask, (0.25,))
    inner = mask_at(np.argwhere(mask)[half], mask.shape)
    np.testing.assert_array_equal(inner, box_mask((30, 30, 50, 50), (SIDE, SIDE)))


def test_only_the_region_is_kept_on_the_same_ground():
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[8:88, 8:88] = 100
    first, second = box_mask((10, 10, 20, 20), image.shape), box_mask((40, 40, 50, 50), image.shape)
    image[first] = 250
    kept, other = keep_only(image, first), keep_only(image, second)
    assert set(kept[first].tolist()) == {250}
    assert set(other[second].tolist()) == {100}
    # 100 of 6400 pixels are brighter by 150.
    assert set(kept[~first].tolist()) == set(other[~second].tolist()) == {102}


def test_noise_is_of_one_grey_level():
    image = np.array([[0, 128, 255]] * 50, np.uint8)
    noisy = add_noise(image, 4)
    assert np.abs(noisy.astype(int) - image).max() == 1
    assert noisy[:, 0].max() == 1
    np.testing.assert_array_equal(noisy, add_noise(image, 4))
    assert (noisy != add_noise(image, 5)).any()
