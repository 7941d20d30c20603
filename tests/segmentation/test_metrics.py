"""Measures of agreement hold their laws and agree with independent implementations."""

import cv2
import numpy as np
import pytest
from sklearn.metrics import f1_score

from retia.segmentation.metrics import area_error, cl_dice, dice


def line(width, from_=10, to=90, row=50):
    canvas = np.zeros((100, 100), np.uint8)
    canvas[row - width // 2 : row + width // 2 + 1, from_:to] = 1
    return canvas > 0


def disc(radius):
    y, x = np.mgrid[:200, :200]
    return np.hypot(y - 100, x - 100) < radius


@pytest.mark.parametrize("seed", range(5))
def test_dice_is_the_f1_score_of_the_pixels(seed):
    a, b = np.random.default_rng(seed).random((2, 40, 30)) < 0.4
    assert dice(a, b) == pytest.approx(f1_score(b.ravel(), a.ravel()))
    assert dice(a, b) == dice(b, a)


@pytest.mark.parametrize("measure", [dice, cl_dice])
def test_ends_of_the_scale(measure):
    empty, full = np.zeros((100, 100), bool), line(5)
    assert measure(full, full) == 1
    assert measure(empty, empty) == 1
    assert measure(empty, full) == measure(full, empty) == 0
    assert measure(line(5, row=20), line(5, row=80)) == 0


def test_cl_dice_does_not_see_widths_but_dice_does():
    assert cl_dice(line(9), line(3)) > 0.97
    assert dice(line(9), line(3)) < 0.6


def test_cl_dice_is_the_harmonic_mean_of_both_shares():
    # Half of the true line is found, and nothing wrong: precision 1, recall a half.
    assert cl_dice(line(1, 10, 50), line(1, 10, 90)) == pytest.approx(2 / 3)


def test_cl_dice_of_a_lost_thin_branch_falls_more_than_dice():
    tree = line(9)
    branched = tree.copy()
    branched[10:46, 50] = True
    lost = 1 - dice(tree, branched)
    assert 1 - cl_dice(tree, branched) > 3 * lost


def test_area_error_has_a_sign_and_no_place():
    assert area_error(disc(40), disc(40)) == 0
    assert area_error(disc(44), disc(40)) == pytest.approx(1.1**2 - 1, abs=0.01)
    assert area_error(np.roll(disc(36), 50, axis=1), disc(40)) == pytest.approx(
        0.9**2 - 1, abs=0.01
    )
    assert area_error(np.zeros((200, 200), bool), disc(40)) == -1


def test_an_empty_truth_has_no_area_error():
    with pytest.raises(ValueError, match="empty"):
        area_error(disc(4), disc(0))


@pytest.mark.parametrize("measure", [dice, cl_dice, area_error])
def test_masks_of_other_shapes_are_refused(measure):
    with pytest.raises(ValueError, match=r"\(100, 100\) and \(100, 1\)"):
        measure(line(3), line(3)[:, :1])


@pytest.mark.parametrize("measure", [dice, cl_dice, area_error])
def test_masks_read_from_one_bit_files_count_as_masks(measure):
    clean = cv2.circle(np.zeros((80, 80), np.uint8), (40, 40), 20, 1, 3) > 0
    broken = (clean.astype(np.uint8) * 255).view(bool)
    assert measure(broken, line(3)[:80, :80]) == measure(clean, line(3)[:80, :80])
    assert measure(line(3)[:80, :80], broken) == measure(line(3)[:80, :80], clean)
