"""Graphs of true masks hold what the simulator drew, and what skan finds."""

import numpy as np
import pytest

from retia.graphs.skeleton import Skeleton, extract_skeleton, half_widths_px
from retia.synthesis.disease import draw_disease
from retia.synthesis.eye import Eye, make_eye
from retia.synthesis.vessels import Vessels

REACH_MM = 0.015
STEP_MM = 0.003


def healthy_eye(seed: int, image_px: int) -> Eye:
    disease = draw_disease(np.random.default_rng(seed), "healthy", None)
    return make_eye(seed, disease, image_px=image_px)


@pytest.fixture(scope="module")
def eyes() -> dict[int, Eye]:
    """The same eye at two sizes of image."""
    return {image_px: healthy_eye(1, image_px) for image_px in (304, 1216)}


def true_points(vessels: Vessels, field_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Points every 3 µm along the drawn vessels, `(P, 2)` in mm, and their radii in µm."""
    start, end = vessels.start_mm[:, :2], vessels.end_mm[:, :2]
    number = np.ceil(np.hypot(*(end - start).T) / STEP_MM).astype(int) + 1
    owner = np.repeat(np.arange(len(number)), number)
    first = np.cumsum(number) - number
    share = (np.arange(len(owner)) - first[owner]) / np.maximum(number - 1, 1)[owner]
    points = start[owner] + share[:, None] * (end - start)[owner]
    inside = ((points > 0) & (points < field_mm)).all(axis=1)
    return points[inside], vessels.radius_mm[owner][inside] * 1000


def recovery(eye: Eye) -> dict[str, float]:
    """Shares of the true and of the found centre lines that have their like within 15 µm."""
    from scipy.spatial import cKDTree

    vessels, _ = eye.drawn()
    points, radius_um = true_points(vessels, eye.image_px * eye.mm_per_px)
    skeleton: Skeleton = extract_skeleton(eye.vessel_mask())
    found = (skeleton.points[:, ::-1] + 0.5) * eye.mm_per_px
    gap, _ = cKDTree(found).query(points)
    back, _ = cKDTree(points).query(found)
    # Where vessels cross, the widest of them is what the mask shows.
    half_um = half_widths_px(skeleton, skeleton.points) * eye.mm_per_px * 1000
    near = cKDTree(points).query_ball_point(found, REACH_MM)
    widest = np.array([radius_um[n].max() if n else np.nan for n in near])
    wide = widest > 10
    return {
        "recovered": float((gap <= REACH_MM).mean()),
        "true": float((back <= REACH_MM).mean()),
        "radius_error_um": float(np.median(np.abs(half_um - widest)[wide])),
    }


def test_the_simulators_vessels_are_found_again(eyes: dict[int, Eye]):
    fine, coarse = recovery(eyes[1216]), recovery(eyes[304])
    assert fine["recovered"] > 0.99
    assert fine["true"] > 0.99
    assert fine["radius_error_um"] < 2.5
    # A capillary is thinner than a coarse pixel, and neighbours run into one another.
    assert coarse["recovered"] > 0.9
    assert coarse["true"] > 0.98
    assert coarse["radius_error_um"] < 6


@pytest.mark.parametrize("image_px", [304, 1216])
def test_branches_and_length_are_those_of_skan(eyes: dict[int, Eye], image_px: int):
    skan = pytest.importorskip("skan")
    from skimage.morphology import skeletonize

    eye = eyes[image_px]
    mask = eye.vessel_mask()
    ours = extract_skeleton(mask, prune=False)
    theirs = skan.Skeleton(skeletonize(ours.filled))
    steps = np.hypot(*np.diff(ours.points, axis=0).T)
    within = np.diff(ours.owner) == 0
    # skan counts the links between the touching pixels of one junction as branches, and knows
    # more neighbours: it joins corners that a third pixel links already.
    tips = np.array([theirs.path(n)[[0, -1]] for n in range(theirs.n_paths)])
    links = (theirs.degrees[tips] > 2).all(axis=1) & (theirs.path_lengths() < 1.5)
    assert len(ours) == pytest.approx(theirs.n_paths - links.sum(), rel=0.05)
    assert steps[within].sum() == pytest.approx(theirs.path_lengths()[~links].sum(), rel=0.05)
