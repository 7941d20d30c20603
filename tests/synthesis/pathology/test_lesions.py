"""Lesions are seen where their masks say, and any of them can be left out alone."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from retia.errors import UserError
from retia.synthesis.disease import Disease
from retia.synthesis.eye import Eye, make_eye
from retia.synthesis.pathology import Lesion, with_faz, with_lesions
from retia.synthesis.profiles import ALL_KINDS
from retia.taxonomy import read_vocabulary

NEAR_MM = 0.3


def of_kind(eye: Eye, kind: str) -> list[tuple[int, Lesion]]:
    return [(i, lesion) for i, lesion in enumerate(eye.lesions) if lesion.kind == kind]


def test_the_eye_has_what_was_wished_for(harmed: Eye):
    counts = {kind: len(of_kind(harmed, kind)) for kind in ALL_KINDS}
    assert counts == {
        "capillary_dropout": 2,
        "microaneurysm": 6,
        "neovascularization": 1,
        "irma": 1,
        "tortuosity": 1,
        "calibre_change": 2,
        "faz_enlargement": 1,
        "faz_irregularity": 1,
    }


def test_a_healthy_eye_has_no_lesion():
    eye = make_eye(4, Disease())
    assert eye.lesions == ()
    assert eye.faz is eye.healthy_faz


def test_every_lesion_has_pixels_and_the_values_of_its_kind(harmed: Eye):
    vocabulary = read_vocabulary("octa")
    for lesion in harmed.lesions:
        assert lesion.mask.any()
        assert set(lesion.values) == set(vocabulary.kind(lesion.kind).values)
        assert all(type(value) is float for value in lesion.values.values())
        assert lesion.segments


def test_areas_are_those_of_the_masks(harmed: Eye):
    for lesion in harmed.lesions:
        if "area_mm2" in lesion.values:
            area = lesion.mask.sum() * harmed.mm_per_px**2
            assert lesion.values["area_mm2"] == pytest.approx(area)


def test_without_one_lesion_the_eye_changes_there_and_nowhere_else(harmed: Eye):
    whole = harmed.vessel_mask()
    for number, lesion in enumerate(harmed.lesions):
        changed = harmed.vessel_mask(without={number}) != whole
        assert changed.any()
        away_mm = distance_transform_edt(~lesion.mask)[changed] * harmed.mm_per_px
        assert away_mm.max() < NEAR_MM, lesion.kind


def test_without_one_lesion_all_others_stay_as_they_are(harmed: Eye):
    size = len(harmed.healthy)
    every, there, _ = with_lesions(harmed.healthy, harmed.lesions)
    rows = added_rows(harmed.lesions, size)
    for lacking in range(len(harmed.lesions)):
        chosen = harmed.chosen({lacking})
        twin, twin_there, blobs = with_lesions(harmed.healthy, chosen)
        for lesion, own in zip(chosen, added_rows(chosen, size), strict=True):
            same = rows[[other is lesion for other in harmed.lesions].index(True)]
            np.testing.assert_array_equal(twin.start_mm[own], every.start_mm[same])
            np.testing.assert_array_equal(twin.end_mm[own], every.end_mm[same])
            if lesion.added is not None:
                hosts = lesion.added.parent[lesion.added.parent < size]
                assert there[hosts].all() and twin_there[hosts].all()
            assert (blobs[:, None] == lesion.blobs[None]).all(-1).any(0).all()


def added_rows(lesions: list[Lesion] | tuple[Lesion, ...], size: int) -> list[slice]:
    """Where each lesion's added segments stand in the whole table."""
    counts = [0 if lesion.added is None else len(lesion.added) for lesion in lesions]
    stops = size + np.cumsum(counts)
    return [slice(stop - n, stop) for n, stop in zip(counts, stops, strict=True)]


def test_an_eye_without_all_its_lesions_is_the_healthy_eye_of_that_seed(harmed: Eye):
    healthy = make_eye(3, Disease())
    ill = make_eye(
        3, Disease(dropout=((0.3, 0.8),), tortuosity=(0.4,), microaneurysms=3, faz_area_mm2=0.6)
    )
    every = set(range(len(ill.lesions)))
    np.testing.assert_array_equal(ill.image(without=every), healthy.image())
    np.testing.assert_array_equal(ill.vessel_mask(without=every), healthy.vessel_mask())


@pytest.mark.parametrize("kind", ["faz_enlargement", "capillary_dropout"])
def test_lost_flow_is_darker_than_the_same_place_before(harmed: Eye, kind: str):
    for number, lesion in of_kind(harmed, kind):
        before = harmed.image(without={number})[lesion.mask].mean()
        assert harmed.image()[lesion.mask].mean() < 0.92 * before


@pytest.mark.parametrize("kind", ["neovascularization", "irma", "microaneurysm"])
def test_new_flow_is_brighter_than_the_same_place_before(harmed: Eye, kind: str):
    for number, lesion in of_kind(harmed, kind):
        before = harmed.image(without={number})[lesion.mask].mean()
        assert harmed.image()[lesion.mask].mean() > 1.1 * before


def test_the_zone_without_its_lesions_is_the_healthy_one(harmed: Eye):
    zones = [i for i, lesion in enumerate(harmed.lesions) if lesion.faz is not None]
    assert len(zones) == 2
    np.testing.assert_array_equal(
        with_faz(harmed.healthy_faz, harmed.lesions).rim_mm, harmed.faz.rim_mm
    )
    kept = with_faz(harmed.healthy_faz, harmed.chosen(zones))
    np.testing.assert_array_equal(kept.rim_mm, harmed.healthy_faz.rim_mm)


def test_new_vessels_without_dropout_are_left_out():
    assert make_eye(1, Disease(tufts=(0.4,), irma=(0.5,))).lesions == ()


def test_an_avascular_zone_as_large_as_the_field_is_refused():
    with pytest.raises(UserError, match=r"faz_area_mm2 is 9\. A field of 3 mm has room"):
        make_eye(0, Disease(faz_area_mm2=9.0))


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        ({"dropout": ((0.3, 1.2),)}, "dropout has the grade 1.2. Expected 0 to 1."),
        ({"dropout": ((-0.3, 0.5),)}, "dropout has the radius -0.3. Expected a number above 0."),
        ({"irma": (float("nan"),)}, "irma has the grade nan. Expected 0 to 1."),
        ({"tortuosity": (-0.1,)}, "tortuosity has the grade -0.1."),
        ({"tufts": (float("inf"),)}, "tufts has the diameter inf."),
        ({"calibre": (("dilatation", 0.5),)}, "Did you mean `dilation`?"),
        ({"microaneurysms": -1}, "microaneurysms is -1. Expected 0 or more."),
        ({"faz_area_mm2": 0.0}, "faz_area_mm2 has the area 0.0."),
        ({"faz_irregularity": 2.0}, "faz_irregularity has the grade 2.0."),
    ],
)
def test_an_impossible_wish_is_one_line(wish: dict, text: str):
    with pytest.raises(UserError) as error:
        Disease(**wish)
    assert text in str(error.value) and "\n" not in str(error.value)
