"""A removed region is gone, and nothing else has changed."""

import numpy as np
import pytest

from retia.counterfactuals import FILLS, box_mask, remove
from retia.errors import UserError

SIZE = (64, 80)
BOX = (20, 16, 44, 36)


def picture(colour):
    """Noise of a known range with a bright block in the box."""
    rng = np.random.default_rng(5)
    image = rng.integers(60, 120, (*SIZE, 3) if colour else SIZE).astype(np.uint8)
    image[box_mask(BOX, SIZE)] = 250
    return image


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("fill", FILLS)
def test_only_the_region_changes_and_the_block_is_gone(fill, colour):
    image, mask = picture(colour), box_mask(BOX, SIZE)
    before = image.copy()
    filled = remove(image, mask, fill, seed=3)
    assert filled.dtype == np.uint8
    assert filled.shape == image.shape
    np.testing.assert_array_equal(filled[~mask], image[~mask])
    np.testing.assert_array_equal(image, before)
    # A blur keeps something of what it blurs; all others take only from outside.
    assert filled[mask].mean() < (230 if fill == "blur" else 130)


@pytest.mark.parametrize("fill", FILLS)
def test_the_same_seed_gives_the_same_pixels(fill):
    image, mask = picture(False), box_mask(BOX, SIZE)
    first, second = (remove(image, mask, fill, seed=8) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("fill", ["noise", "transplant"])
def test_another_seed_gives_other_pixels(fill):
    image, mask = picture(False), box_mask(BOX, SIZE)
    assert (remove(image, mask, fill, seed=1) != remove(image, mask, fill, seed=2)).any()


def test_the_mean_is_that_of_what_is_shown_outside():
    image = np.zeros(SIZE, np.uint8)
    image[10:50, 10:70] = 100
    mask = box_mask((20, 20, 30, 30), SIZE)
    image[mask] = 250
    # Neither the black surround nor the region itself counts.
    assert set(remove(image, mask, "mean")[mask].tolist()) == {100}


def test_transplanted_tissue_stands_elsewhere_in_the_image():
    rng = np.random.default_rng(2)
    image = rng.integers(20, 255, SIZE).astype(np.uint8)
    mask = box_mask((30, 20, 42, 32), SIZE)
    patch = remove(image, mask, "transplant", seed=4)[20:32, 30:42]
    windows = np.lib.stride_tricks.sliding_window_view(image, (12, 12))
    places = np.argwhere((windows == patch).all(axis=(2, 3)))
    assert len(places) == 1
    y, x = places[0]
    assert y + 12 <= 20 or y >= 32 or x + 12 <= 30 or x >= 42


def test_without_room_to_copy_from_a_transplant_becomes_noise():
    image = picture(False)
    mask = box_mask((2, 2, 78, 62), SIZE)
    values = remove(image, mask, "transplant", seed=1)[mask]
    assert set(np.unique(values)) <= set(np.unique(image[~mask]))


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros(SIZE, bool), "is empty"),
        (np.ones(SIZE, bool), "the whole image"),
        (np.ones((3, 3), bool), r"shape \(3, 3\)"),
    ],
)
def test_a_region_that_is_none_is_refused(mask, message):
    with pytest.raises(UserError, match=message):
        remove(picture(False), mask, "mean")
