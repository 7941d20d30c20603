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


def ramp(side):
    """Grey values that rise evenly; biharmonic surfaces hold every such plane."""
    rows, columns = np.mgrid[:side, :side]
    return np.round(40 + rows * 0.6 + columns * 0.3).astype(np.uint8)


@pytest.mark.parametrize("box", [(20, 20, 44, 40), (20, 20, 100, 100)])
def test_a_plane_is_continued(box):
    image = ramp(128)
    mask = box_mask(box, image.shape)
    holed = image.copy()
    holed[mask] = 255
    filled = remove(holed, mask, "biharmonic")
    assert np.abs(filled.astype(int) - image).max() <= 3


def test_a_small_hole_is_filled_as_scikit_image_does():
    from skimage.restoration import inpaint_biharmonic

    image, mask = picture(False), box_mask(BOX, SIZE)
    expected = np.round(inpaint_biharmonic(image / 255.0, mask) * 255)
    filled = remove(image, mask, "biharmonic")
    # The hole is cut out with a margin: far away pixels no longer take part.
    assert np.abs(filled[mask] - expected[mask]).max() <= 1


def test_the_blur_of_many_small_parts_is_that_of_a_small_part():
    image = picture(False)
    one, other = box_mask((20, 16, 28, 24), SIZE), box_mask((60, 50, 68, 58), SIZE)
    alone = remove(image, one, "blur")
    np.testing.assert_array_equal(remove(image, one | other, "blur")[one], alone[one])


def test_only_the_thickness_of_a_box_decides_its_blur():
    import cv2

    image, mask = picture(False), box_mask(BOX, SIZE)
    expected = cv2.GaussianBlur(image, (0, 0), 0.25 * 20)
    assert np.abs(remove(image, mask, "blur").astype(int) - expected)[mask].max() <= 2
