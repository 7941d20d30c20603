"""A lesion is seen where its mask says, is worth what its values say, and nowhere else."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from retia.errors import UserError
from retia.synthesis.appearance import REACH_PX
from retia.synthesis.cohort import SMALLEST_PX
from retia.synthesis.disease import Disease, draw_disease
from retia.synthesis.eye import Eye, make_eye
from retia.synthesis.pathology import Lesion, fed, with_lesions
from retia.synthesis.rasterizer import draw_discs, draw_vessels

KINDS = ("faz_enlargement", "capillary_dropout", "neovascularization", "microaneurysm")


def of_kind(eye: Eye, kind: str) -> list[tuple[int, Lesion]]:
    return [(i, lesion) for i, lesion in enumerate(eye.lesions) if lesion.kind == kind]


def footprint(eye: Eye, lesion: Lesion) -> np.ndarray:
    """Pixels that hold anything the lesion removes or adds."""
    size, scale = eye.image_px, eye.mm_per_px
    touched = draw_discs(lesion.blobs[:, :2], lesion.blobs[:, 2], size, scale) > 0
    if lesion.removed is not None:
        touched |= draw_vessels(eye.healthy, size, scale, lesion.removed.astype(float)) > 0
    if lesion.added is not None:
        touched |= draw_vessels(lesion.added, size, scale) > 0
    return touched


def test_the_eye_has_what_was_wished_for(ill: Eye):
    assert [len(of_kind(ill, kind)) for kind in KINDS] == [1, 2, 1, 4]


def test_a_healthy_eye_has_no_lesion():
    eye = make_eye(4, Disease())
    assert eye.lesions == ()
    assert eye.faz is eye.healthy_faz


@pytest.mark.parametrize("kind", KINDS)
def test_an_eye_without_one_lesion_is_the_same_eye_everywhere_else(ill: Eye, kind: str):
    whole = ill.image()
    for number, lesion in of_kind(ill, kind):
        changed = ill.image(without={number}) != whole
        assert changed[lesion.mask].mean() > 0.3
        assert distance_transform_edt(~footprint(ill, lesion))[changed].max() <= REACH_PX
        assert distance_transform_edt(~lesion.mask)[changed].max() * ill.mm_per_px < 0.16


def test_an_eye_without_all_its_lesions_is_the_healthy_eye_of_that_seed():
    ill = make_eye(3, Disease(dropout=((0.3, 0.8),), microaneurysms=3, faz_area_mm2=0.6))
    healthy = make_eye(3, Disease())
    every = set(range(len(ill.lesions)))
    np.testing.assert_array_equal(ill.image(without=every), healthy.image())
    np.testing.assert_array_equal(ill.vessel_mask(without=every), healthy.vessel_mask())


@pytest.mark.parametrize("kind", ["faz_enlargement", "capillary_dropout"])
def test_lost_flow_is_darker_than_the_same_place_before(ill: Eye, kind: str):
    for number, lesion in of_kind(ill, kind):
        before = ill.image(without={number})[lesion.mask].mean()
        assert ill.image()[lesion.mask].mean() < 0.92 * before


@pytest.mark.parametrize("kind", ["neovascularization", "microaneurysm"])
def test_new_flow_is_brighter_than_the_same_place_before(ill: Eye, kind: str):
    for number, lesion in of_kind(ill, kind):
        before = ill.image(without={number})[lesion.mask].mean()
        assert ill.image()[lesion.mask].mean() > 1.1 * before


@pytest.mark.parametrize("seed", [0, 1])
def test_the_density_ratio_is_below_one_and_falls_with_the_grade(seed: int):
    grades = (0.0, 0.3, 0.6, 1.0)
    eyes = [make_eye(seed, Disease(dropout=((0.35, grade),))) for grade in grades]
    ratios = [eye.lesions[0].values["density_ratio"] for eye in eyes]
    assert ratios[0] < 1
    assert all(worse < 0.95 * better for better, worse in pairwise(ratios))


def test_the_density_ratio_is_that_of_the_drawn_masks():
    eye = make_eye(1, Disease(dropout=((0.35, 0.7),)))
    (lesion,) = eye.lesions
    before, after = eye.vessel_mask(without={0}), eye.vessel_mask()
    ratio = after[lesion.mask].sum() / before[lesion.mask].sum()
    assert lesion.values["density_ratio"] == pytest.approx(ratio)


def test_dropout_leaves_only_vessels_that_blood_still_reaches():
    eye = make_eye(1, Disease(dropout=((0.35, 0.7),)))
    (lesion,) = eye.lesions
    assert lesion.removed is not None
    alive = fed(eye.healthy, ~lesion.removed)
    column, row = (eye.healthy.middle_mm / eye.mm_per_px).astype(int).T.clip(0, 303)
    inside = lesion.mask[row, column]
    assert not (inside & ~lesion.removed & ~alive).any()


def test_areas_are_those_of_the_masks(ill: Eye):
    for lesion in ill.lesions:
        if "area_mm2" in lesion.values:
            area = lesion.mask.sum() * ill.mm_per_px**2
            assert lesion.values["area_mm2"] == pytest.approx(area)


def test_a_tuft_hangs_from_a_surviving_vessel(ill: Eye):
    vessels, there, _ = with_lesions(ill.healthy, ill.lesions)
    ((_, tuft),) = of_kind(ill, "neovascularization")
    assert tuft.added is not None
    host = tuft.added.parent[0]
    assert host < len(ill.healthy) and there[host]
    np.testing.assert_array_equal(tuft.added.start_mm[0], ill.healthy.end_mm[host])
    own = np.arange(len(ill.healthy), len(vessels))
    assert (vessels.parent[own[1:]] >= len(ill.healthy)).all()
    assert (vessels.parent[own] < own).all()


def test_tufts_of_one_eye_keep_their_own_parents():
    eye = make_eye(0, Disease(dropout=((0.35, 0.9), (0.35, 0.9)), tufts=(0.3, 0.3)))
    tufts = [lesion for _, lesion in of_kind(eye, "neovascularization")]
    assert len(tufts) == 2
    vessels, _, _ = with_lesions(eye.healthy, eye.lesions)
    fresh = np.flatnonzero(vessels.kind == 3)
    starts, ends = vessels.start_mm[fresh], vessels.end_mm[vessels.parent[fresh]]
    np.testing.assert_allclose(starts, ends, atol=1e-9)


def test_a_tuft_without_dropout_to_grow_from_is_left_out():
    assert make_eye(1, Disease(tufts=(0.4,))).lesions == ()


def test_microaneurysms_can_be_counted(ill: Eye):
    masks = [lesion.mask for _, lesion in of_kind(ill, "microaneurysm")]
    assert (np.sum(masks, axis=0) <= 1).all()
    assert all(mask.any() for mask in masks)


def test_the_smallest_images_still_hold_every_microaneurysm():
    eye = make_eye(0, Disease(microaneurysms=60), image_px=SMALLEST_PX)
    assert len(eye.lesions) == 60
    assert all(lesion.mask.any() for lesion in eye.lesions)


def test_an_unknown_stage_is_refused():
    with pytest.raises(UserError, match="'npdr' with grade None cannot be grown"):
        draw_disease(np.random.default_rng(0), "npdr", None)
