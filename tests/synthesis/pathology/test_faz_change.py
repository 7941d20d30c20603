"""A changed avascular zone contains the healthy one and no surviving vessel."""

import numpy as np
import pytest

from retia.synthesis.disease import Disease
from retia.synthesis.eye import make_eye
from retia.synthesis.faz import pixel_centers
from retia.synthesis.pathology.faz_change import circularity
from retia.synthesis.pathology.lesion import removed_by


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("area_mm2", [0.5, 0.7, 0.9])
def test_the_enlarged_zone_has_the_area_wished_for(seed: int, area_mm2: float):
    eye = make_eye(seed, Disease(faz_area_mm2=area_mm2))
    (lesion,) = eye.lesions
    assert lesion.values["area_mm2"] == pytest.approx(area_mm2, rel=0.03)
    assert (eye.faz.rim_mm >= eye.healthy_faz.rim_mm).all()


def test_no_surviving_vessel_ends_inside_the_zone():
    eye = make_eye(2, Disease(faz_area_mm2=0.6, faz_irregularity=0.8))
    left = ~removed_by(eye.lesions, len(eye.healthy))
    for points in (eye.healthy.end_mm, eye.healthy.middle_mm):
        assert eye.faz.rim_distance(points[left]).min() >= 0


def test_the_zone_is_less_round_the_worse_the_grade():
    found = []
    for grade in (0.0, 0.5, 1.0):
        eyes = [make_eye(seed, Disease(faz_irregularity=grade)) for seed in (0, 1, 2)]
        found.append([eye.lesions[0].values["circularity"] for eye in eyes])
    mild, moderate, severe = np.array(found)
    assert (mild > moderate).all() and (moderate > severe).all()


def test_both_lesions_of_the_zone_tell_of_the_zone_as_it_is():
    eye = make_eye(0, Disease(faz_area_mm2=0.5, faz_irregularity=0.8))
    zone = eye.faz.mask(eye.image_px, eye.mm_per_px)
    for lesion in eye.lesions:
        np.testing.assert_array_equal(lesion.mask, zone)
    large, notched = eye.lesions
    assert large.values["area_mm2"] == pytest.approx(zone.sum() * eye.mm_per_px**2)
    assert notched.values["circularity"] == pytest.approx(circularity(zone))


def test_a_disc_is_round_and_a_cross_is_not():
    points = pixel_centers(101, 1.0) - 50.5
    disc = np.hypot(*np.moveaxis(points, -1, 0)) < 40
    cross = (np.abs(points).min(-1) < 5) & (np.abs(points).max(-1) < 40)
    assert circularity(disc) > 0.9
    assert circularity(cross) < 0.4
    assert circularity(np.zeros((9, 9), bool)) == 0
