"""Sacs, tufts and IRMA hang from vessels that are there, and can be told apart."""

import numpy as np
from scipy.ndimage import binary_fill_holes

from retia.synthesis.disease import Disease
from retia.synthesis.eye import Eye, make_eye
from retia.synthesis.pathology import Lesion, with_lesions
from retia.synthesis.pathology.microaneurysms import RADIUS_MM
from retia.synthesis.vessels import ARTERY, BRIDGE, TUFT, VEIN


def of_kind(eye: Eye, kind: str) -> list[Lesion]:
    return [lesion for lesion in eye.lesions if lesion.kind == kind]


def test_added_vessels_are_attached(harmed: Eye):
    vessels, there, _ = with_lesions(harmed.healthy, harmed.lesions)
    own = np.arange(len(harmed.healthy), len(vessels))
    assert (vessels.parent[own] < own).all() and (vessels.parent[own] >= 0).all()
    assert there[vessels.parent[own]].all()
    starts, ends = vessels.start_mm[own], vessels.end_mm[vessels.parent[own]]
    np.testing.assert_array_equal(starts, ends)
    joining = own[vessels.joins[own] >= 0]
    np.testing.assert_array_equal(vessels.end_mm[joining], vessels.end_mm[vessels.joins[joining]])


def test_no_added_segment_is_stretched_to_reach_its_host(harmed: Eye):
    vessels, _, _ = with_lesions(harmed.healthy, harmed.lesions)
    added = np.arange(len(vessels)) >= len(harmed.healthy)
    assert vessels.length_mm[added].max() < 0.06


def test_tufts_of_one_eye_keep_their_own_vessels():
    eye = make_eye(0, Disease(dropout=((0.35, 0.9), (0.35, 0.9)), tufts=(0.3, 0.3)))
    tufts = of_kind(eye, "neovascularization")
    assert len(tufts) == 2
    assert not (tufts[0].mask & tufts[1].mask).any()
    vessels, _, _ = with_lesions(eye.healthy, eye.lesions)
    fresh = np.flatnonzero(vessels.kind == TUFT)
    np.testing.assert_allclose(
        vessels.start_mm[fresh], vessels.end_mm[vessels.parent[fresh]], atol=1e-6
    )


def test_a_tuft_is_a_mesh_of_many_loops(harmed: Eye):
    (tuft,) = of_kind(harmed, "neovascularization")
    assert tuft.added is not None
    assert (tuft.added.joins >= 0).sum() >= 8
    assert (tuft.added.kind == TUFT).all()
    np.testing.assert_array_equal(binary_fill_holes(tuft.mask), tuft.mask)


def test_a_larger_tuft_has_a_larger_area():
    sizes = (0.25, 0.4, 0.6)
    eyes = [make_eye(0, Disease(dropout=((0.4, 0.8),), tufts=(size,))) for size in sizes]
    areas = [of_kind(eye, "neovascularization")[0].values["area_mm2"] for eye in eyes]
    assert areas == sorted(areas) and areas[-1] > 3 * areas[0]


def test_irma_leads_from_an_artery_to_a_vein(harmed: Eye):
    (irma,) = of_kind(harmed, "irma")
    assert irma.added is not None and (irma.added.kind == BRIDGE).all()
    artery, vein = irma.segments
    assert harmed.healthy.kind[artery] == ARTERY and harmed.healthy.kind[vein] == VEIN
    assert irma.added.parent[0] == artery
    assert vein in irma.added.joins
    capillary = np.median(harmed.healthy.radius_mm)
    assert irma.added.radius_mm.mean() > 1.5 * capillary


def test_irma_winds_and_widens_with_its_grade():
    wish = {"dropout": ((0.45, 0.8),)}
    lesions = [
        of_kind(make_eye(seed, Disease(**wish, irma=(grade,))), "irma")
        for grade in (0.0, 1.0)
        for seed in (0, 1, 2)
    ]
    area = [found[0].values["area_mm2"] for found in lesions]
    assert max(area[:3]) < min(area[3:])


def test_microaneurysms_can_be_counted(harmed: Eye):
    sacs = np.sum([lesion.mask for lesion in of_kind(harmed, "microaneurysm")], axis=0)
    assert (sacs <= 1).all()
    for kind in ("neovascularization", "irma"):
        for lesion in of_kind(harmed, kind):
            assert not (lesion.mask & (sacs > 0)).any()


def test_microaneurysms_sit_on_capillaries_that_are_there_mostly_beside_dropout():
    near = []
    for seed in range(8):
        eye = make_eye(seed, Disease(dropout=((0.4, 0.8),), microaneurysms=10))
        (loss,) = of_kind(eye, "capillary_dropout")
        hosts = np.array([lesion.segments[0] for lesion in of_kind(eye, "microaneurysm")])
        assert loss.removed is not None and not loss.removed[hosts].any()
        places, gone = eye.healthy.middle_mm[hosts], eye.healthy.middle_mm[loss.removed]
        near += [np.hypot(*(gone - place).T).min() < 0.12 for place in places]
    # A disc of the size of the loss and its surroundings covers an eighth of the field.
    assert np.mean(near) > 0.4


def test_microaneurysms_have_many_sizes_both_hosts_and_both_forms():
    sacs = [
        lesion for seed in (0, 1) for lesion in make_eye(seed, Disease(microaneurysms=40)).lesions
    ]
    assert len(sacs) == 80
    radii = np.array([lesion.blobs[0, 2] for lesion in sacs])
    assert radii.min() < 0.02 and radii.max() > 0.04
    assert radii.min() >= RADIUS_MM[0] * 0.8 and radii.max() <= RADIUS_MM[1]
    for trait, words in (("host", ("artery", "vein")), ("form", ("saccular", "fusiform"))):
        told = [lesion.traits[trait] for lesion in sacs]
        assert all(told.count(word) >= 15 for word in words)


def test_the_smallest_images_still_hold_every_microaneurysm():
    eye = make_eye(0, Disease(microaneurysms=60), image_px=96)
    assert len(eye.lesions) == 60
    assert all(lesion.mask.any() for lesion in eye.lesions)
