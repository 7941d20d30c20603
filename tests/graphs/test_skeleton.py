"""Drawn masks with known segments give exactly those segments."""

import numpy as np
import pytest

from retia.graphs.skeleton import extract_skeleton, smooth_polylines
from retia.graphs.tracing import trace


def blank(size: int = 41) -> np.ndarray:
    return np.zeros((size, size), bool)


def plus() -> np.ndarray:
    mask = blank()
    mask[20, 5:36] = True
    mask[5:36, 20] = True
    return mask


def test_nothing_has_no_segment():
    skeleton = extract_skeleton(blank())
    assert len(skeleton) == 0
    assert skeleton.lengths_px().shape == (0,)
    assert skeleton.points.shape == (0, 2)


def test_a_full_mask_is_finite():
    skeleton = extract_skeleton(np.ones((30, 40), bool))
    assert np.isfinite(skeleton.lengths_px()).all()
    assert np.isfinite(skeleton.distance_px).all()


def test_a_lone_pixel_is_one_segment_without_length():
    mask = blank()
    mask[7, 9] = True
    skeleton = extract_skeleton(mask)
    assert len(skeleton) == 1
    assert skeleton.points.tolist() == [[7, 9]]
    assert skeleton.lengths_px().tolist() == [0]
    assert skeleton.ends[0, 0] == skeleton.ends[0, 1]


def test_two_pixels_are_one_segment():
    mask = blank()
    mask[7, 9:11] = True
    skeleton = extract_skeleton(mask)
    assert len(skeleton) == 1
    assert skeleton.lengths_px().tolist() == [1]


def test_a_line_is_one_segment_with_ordered_points():
    mask = blank()
    mask[20, 3:30] = True
    skeleton = extract_skeleton(mask)
    assert len(skeleton) == 1
    assert skeleton.points[:, 1].tolist() == list(range(3, 30))
    assert skeleton.lengths_px() == pytest.approx([26])


def test_a_cross_is_four_arms_that_share_one_node():
    skeleton = extract_skeleton(plus())
    assert len(skeleton) == 4
    assert skeleton.lengths_px() == pytest.approx([15] * 4)
    assert skeleton.chords_px() == pytest.approx([15] * 4)
    assert sorted(np.bincount(skeleton.ends.ravel())) == [1, 1, 1, 1, 4]


def test_a_fork_is_three_arms():
    mask = blank()
    for step in range(11):
        mask[20 - step, 20 - step] = mask[20 - step, 20 + step] = True
    mask[20:35, 20] = True
    skeleton = extract_skeleton(mask)
    assert sorted(skeleton.lengths_px()) == pytest.approx([14, 10 * 2**0.5, 10 * 2**0.5])


def test_a_ring_without_junction_is_one_closed_segment():
    mask = blank()
    mask[10:31, 10:31] = True
    mask[11:30, 11:30] = False
    skeleton = extract_skeleton(mask)
    assert len(skeleton) == 1
    assert (skeleton.points[0] == skeleton.points[-1]).all()
    assert len(np.unique(skeleton.points, axis=0)) == len(skeleton.points) - 1
    assert skeleton.lengths_px()[0] == pytest.approx(80, abs=6)


def test_a_loop_on_a_stalk_is_two_segments():
    mask = blank()
    mask[10:21, 10:21] = True
    mask[11:20, 11:20] = False
    mask[15, 20:35] = True
    skeleton = extract_skeleton(mask)
    assert len(skeleton) == 2
    assert (skeleton.ends[:, 0] == skeleton.ends[:, 1]).sum() == 1


def test_lines_may_run_along_and_into_the_border():
    mask = blank()
    mask[0, :] = True
    mask[:, 20] = True
    skeleton = extract_skeleton(mask)
    assert len(skeleton) == 3
    assert skeleton.lengths_px().sum() == pytest.approx(80, abs=1)


def test_spurs_within_the_vessel_are_cut_off():
    mask = blank(61)
    mask[25:32, 5:56] = True
    mask[24, 30] = True
    assert len(extract_skeleton(mask)) == 1


def test_small_holes_make_no_loop():
    mask = blank()
    mask[18:23, 5:36] = True
    mask[20, 20] = False
    assert len(extract_skeleton(mask)) == 1


def test_straight_lines_stay_when_smoothed():
    points = np.array([[i, i] for i in range(9)] + [[4, i] for i in range(5)], np.int32)
    assert np.allclose(smooth_polylines(points, np.array([0, 9, 14])), points)


@pytest.mark.parametrize("seed", range(3))
def test_as_many_branches_as_skan_finds(seed: int):
    skan = pytest.importorskip("skan")
    from scipy.ndimage import gaussian_filter
    from skimage.morphology import skeletonize

    field = gaussian_filter(np.random.default_rng(seed).normal(size=(200, 200)), 2.5)
    lines = skeletonize(np.abs(field) < 0.4 * field.std())
    theirs = skan.Skeleton(lines)
    # skan counts the links between the touching pixels of one junction as branches.
    tips = np.array([theirs.path(n)[[0, -1]] for n in range(theirs.n_paths)])
    links = (theirs.degrees[tips] > 2).all(axis=1) & (theirs.path_lengths() < 1.5)
    ours = len(trace(np.pad(lines, 1).astype(np.uint8))[1]) - 1
    assert ours > 200
    assert ours == pytest.approx(theirs.n_paths - links.sum(), rel=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_every_line_pixel_is_on_a_segment(seed: int):
    from scipy.ndimage import gaussian_filter
    from skimage.morphology import skeletonize

    lines = skeletonize(gaussian_filter(np.random.default_rng(seed).normal(size=(90, 120)), 2) > 0)
    points, starts, ends, free = trace(np.pad(lines, 1).astype(np.uint8))
    assert lines[tuple(points.T)].all()
    steps = np.abs(np.diff(points, axis=0)).max(axis=1)
    inside = np.setdiff1d(np.arange(len(points) - 1), starts[1:-1] - 1)
    assert (steps[inside] == 1).all()
    # Only inner pixels of a junction may be on no polyline.
    missed = lines.copy()
    missed[tuple(points.T)] = False
    assert missed.sum() <= 0.01 * lines.sum()
    assert len(ends) == len(free) == len(starts) - 1
