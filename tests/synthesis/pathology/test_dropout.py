"""Dropout leaves the share of vessels its grade asks for, and no vessel without blood."""

from itertools import pairwise

import numpy as np
import pytest

from retia.synthesis.disease import Disease
from retia.synthesis.eye import Eye, make_eye
from retia.synthesis.pathology import fed
from retia.synthesis.pathology.dropout import SPARED, lasting, target_ratio
from retia.synthesis.pathology.healthy import LARGE
from retia.synthesis.vessels import Vessels
from retia.taxonomy import read_vocabulary

GRADES = (0.0, 0.2, 0.5, 0.8, 1.0)


@pytest.fixture(scope="module", params=[0, 1, 2])
def graded(request: pytest.FixtureRequest) -> list[Eye]:
    """The same eye with a region of rising grade."""
    return [make_eye(request.param, Disease(dropout=((0.36, grade),))) for grade in GRADES]


def test_the_ratio_is_what_the_grade_asks_for(graded: list[Eye]):
    for eye, grade in zip(graded[:4], GRADES, strict=False):
        ratio = eye.lesions[0].values["density_ratio"]
        assert target_ratio(grade) - 0.05 < ratio <= target_ratio(grade) or grade == 0.8
        severity = (
            read_vocabulary("octa").kind("capillary_dropout").severity({"density_ratio": ratio})
        )
        assert severity == {0.0: "mild", 0.2: "mild", 0.5: "moderate", 0.8: "severe"}[grade]


def test_mild_means_at_least_point_6_and_severe_at_most_point_4():
    kind = read_vocabulary("octa").kind("capillary_dropout")
    word = {r: kind.severity({"density_ratio": r}) for r in (0.95, 0.9, 0.61, 0.59, 0.41, 0.4, 0.0)}
    assert list(word.values()) == [None, "mild", "mild", "moderate", "moderate", "severe", "severe"]


def test_a_worse_grade_loses_all_a_milder_one_loses_and_more(graded: list[Eye]):
    for milder, worse in pairwise(eye.lesions[0] for eye in graded):
        assert milder.removed is not None and worse.removed is not None
        assert not (milder.removed & ~worse.removed).any()
        assert worse.values["density_ratio"] < milder.values["density_ratio"]
        np.testing.assert_array_equal(milder.mask, worse.mask)


def test_the_ratio_is_that_of_the_drawn_masks(graded: list[Eye]):
    for eye in graded:
        (lesion,) = eye.lesions
        before, after = eye.vessel_mask(without={0}), eye.vessel_mask()
        ratio = after[lesion.mask].sum() / before[lesion.mask].sum()
        assert lesion.values["density_ratio"] == pytest.approx(ratio)


def test_only_vessels_that_blood_still_reaches_are_left(graded: list[Eye]):
    for eye in graded:
        removed = eye.lesions[0].removed
        assert removed is not None
        np.testing.assert_array_equal(fed(eye.healthy, ~removed), ~removed)


def test_larger_vessels_are_spared(graded: list[Eye]):
    for eye in graded:
        removed = eye.lesions[0].removed
        assert removed is not None
        calibre = eye.healthy.radius_mm / np.median(eye.healthy.radius_mm)
        assert calibre[removed].max() < SPARED
        # Arterioles go after all capillaries: hardly any while the grade is not extreme.
        assert (calibre[removed] >= LARGE).mean() < 0.05 or eye is graded[-1]


def test_a_perfused_rim_lies_between_dropout_and_the_avascular_zone(graded: list[Eye]):
    eye = graded[-1]
    row, column = np.nonzero(eye.lesions[0].mask)
    points = (np.stack([column, row], axis=1) + 0.5) * eye.mm_per_px
    assert eye.faz.rim_distance(points).min() > 0.05


def test_a_segment_lasts_as_long_as_its_best_path():
    # Root 0 feeds 1, which feeds 2; bridge 3 joins 2 from the root's second child 4.
    vessels = Vessels(
        start_mm=np.zeros((5, 2)),
        end_mm=np.zeros((5, 2)),
        radius_mm=np.ones(5),
        depth_mm=np.zeros(5),
        parent=np.array([-1, 0, 1, 4, 0], np.int32),
        kind=np.zeros(5, np.uint8),
        joins=np.array([-1, -1, -1, 2, -1], np.int32),
    )
    closing = np.array([np.inf, 3, 9, 5, np.inf])
    # 2 outlives its parent through the bridge, and dies with the bridge.
    assert lasting(vessels, closing, np.arange(5)).tolist() == [np.inf, 3, 5, 5, np.inf]
