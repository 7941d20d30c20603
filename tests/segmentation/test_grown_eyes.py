"""Grown eyes are segmented close to their exact truth; so are eyes whose truth others drew."""

import cv2
import numpy as np
import pytest

from retia.segmentation import segment_image
from retia.segmentation.maps import LESIONS
from retia.segmentation.masks import Method
from retia.synthesis.disease import Disease
from retia.synthesis.eye import Eye, make_eye

ILL = Disease(
    dropout=((0.35, 0.9), (0.3, 0.5)), microaneurysms=4, tufts=(0.4,), faz_area_mm2=0.6
)  # fmt: skip


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / max(1, a.sum() + b.sum()))


def shrunk(mask: np.ndarray, factor: int) -> np.ndarray:
    size = (mask.shape[1] // factor, mask.shape[0] // factor)
    return cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5


@pytest.fixture(scope="module", params=[(0, ILL), (1, Disease()), (2, ILL)], ids=str)
def eye(request: pytest.FixtureRequest) -> Eye:
    seed, disease = request.param
    return make_eye(seed, disease)


def test_vessels_and_faz_of_a_grown_eye_are_found(eye: Eye):
    seen = segment_image(eye.image(), eye.mm_per_px)
    assert dice(seen.vessels, eye.vessel_mask()) >= 0.78
    zone = eye.faz.mask(eye.image_px, eye.mm_per_px)
    assert dice(seen.faz, zone) >= 0.88
    assert not (seen.vessels & seen.faz).any()


def test_without_a_network_they_are_found_nearly_as_well(eye: Eye):
    seen = segment_image(eye.image(), eye.mm_per_px, "classical")
    assert dice(seen.vessels, eye.vessel_mask()) >= 0.7
    assert dice(seen.faz, eye.faz.mask(eye.image_px, eye.mm_per_px)) >= 0.8
    assert seen.lesions is None


@pytest.mark.parametrize("method", ["network", "classical"])
def test_an_image_of_twice_the_pixels_gives_nearly_the_same_masks(eye: Eye, method: Method):
    image = eye.image()
    large = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    same = segment_image(image, eye.mm_per_px, method)
    twice = segment_image(large, eye.mm_per_px / 2, method)
    assert twice.vessels.shape == large.shape
    assert dice(same.faz, shrunk(twice.faz, 2)) >= 0.95
    # On the finer grid the network draws capillaries as thin as they are.
    assert dice(same.vessels, shrunk(twice.vessels, 2)) >= 0.7


@pytest.mark.parametrize("method", ["network", "classical"])
def test_a_lost_capillary_bed_is_seen_as_lost(method: Method):
    eye = make_eye(1, Disease(dropout=((0.4, 1.0),)))
    (lesion,) = eye.lesions
    before = segment_image(eye.image(without={0}), eye.mm_per_px, method).vessels
    after = segment_image(eye.image(), eye.mm_per_px, method).vessels
    assert after[lesion.mask].mean() < 0.6 * before[lesion.mask].mean()
    far = cv2.dilate(lesion.mask.astype(np.uint8), np.ones((61, 61))) == 0
    assert dice(before & far, after & far) > 0.95


def test_lesions_are_likelier_where_they_are():
    eye = make_eye(3, ILL)
    lesions = segment_image(eye.image(), eye.mm_per_px).lesions
    assert lesions is not None and lesions.shape == (len(LESIONS), 304, 304)
    for lesion in eye.lesions:
        if lesion.kind in ("capillary_dropout", "neovascularization"):
            p = lesions[LESIONS.index(lesion.kind)]
            assert p[lesion.mask].mean() > 0.4 > 5 * p[~lesion.mask].mean()


@pytest.mark.parametrize("method", ["network", "classical"])
@pytest.mark.parametrize(
    ("mean", "sd"), [(0, 0), (90, 0), (255, 0), (20, 8), (60, 4)], ids=lambda v: str(v)
)
def test_no_vessel_is_found_where_there_is_none(mean: int, sd: int, method: Method):
    noise = np.random.default_rng(0).normal(mean, sd, (304, 304))
    seen = segment_image(noise.clip(0, 255).astype(np.uint8), 3 / 304, method)
    assert seen.vessels.mean() < 0.001 and not seen.faz.any()
