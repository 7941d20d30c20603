"""Grown eyes are segmented close to their exact truth; so are eyes whose truth others drew."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from retia.images import read_image, read_mask
from retia.segmentation import segment_image
from retia.synthesis.disease import Disease
from retia.synthesis.eye import Eye, make_eye

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
ILL = Disease(
    dropout=((0.35, 0.9), (0.3, 0.5)), microaneurysms=4, tufts=(0.4,), faz_area_mm2=0.6
)  # fmt: skip


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / max(1, a.sum() + b.sum()))


def shared(name: str) -> Path:
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent: the real data are not part of the repository")
    return folder


def shrunk(mask: np.ndarray, factor: int) -> np.ndarray:
    size = (mask.shape[1] // factor, mask.shape[0] // factor)
    return cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5


@pytest.fixture(scope="module", params=[(0, ILL), (1, Disease()), (2, ILL)], ids=str)
def eye(request: pytest.FixtureRequest) -> Eye:
    seed, disease = request.param
    return make_eye(seed, disease)


def test_vessels_and_faz_of_a_grown_eye_are_found(eye: Eye):
    vessels, faz = segment_image(eye.image(), eye.mm_per_px)
    assert dice(vessels, eye.vessel_mask()) >= 0.73  # measured .752 to .767
    zone = eye.faz.mask(eye.image_px, eye.mm_per_px)
    assert (faz & zone).sum() >= 0.95 * zone.sum()
    # Found zones are about a third too large: the innermost capillaries are dim, and missed.
    assert dice(faz, zone) >= 0.75  # measured .78 to .93
    assert not (vessels & faz).any()


def test_an_image_of_twice_the_pixels_gives_nearly_the_same_masks(eye: Eye):
    image = eye.image()
    large = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    same = segment_image(image, eye.mm_per_px)
    twice = segment_image(large, eye.mm_per_px / 2)
    assert dice(same[0], shrunk(twice[0], 2)) >= 0.82  # measured .845 to .872
    assert dice(same[1], shrunk(twice[1], 2)) >= 0.95  # measured .975 to .994


def test_a_lost_capillary_bed_is_seen_as_lost():
    eye = make_eye(1, Disease(dropout=((0.4, 1.0),)))
    (lesion,) = eye.lesions
    before, _ = segment_image(eye.image(without={0}), eye.mm_per_px)
    after, _ = segment_image(eye.image(), eye.mm_per_px)
    assert after[lesion.mask].mean() < 0.6 * before[lesion.mask].mean()
    far = cv2.dilate(lesion.mask.astype(np.uint8), np.ones((61, 61))) == 0
    assert dice(before & far, after & far) > 0.99


@pytest.mark.parametrize(
    ("mean", "sd"), [(0, 0), (90, 0), (255, 0), (20, 8), (60, 4)], ids=lambda v: str(v)
)
def test_no_vessel_is_found_where_there_is_none(mean: int, sd: int):
    noise = np.random.default_rng(0).normal(mean, sd, (304, 304))
    vessels, faz = segment_image(noise.clip(0, 255).astype(np.uint8), 3 / 304)
    assert not vessels.any() and not faz.any()


def test_the_faz_of_real_eyes_is_found():
    folder = shared("octa25k_faz")
    found = []
    for path in sorted((folder / "images").glob("*.png")):
        scan = read_image(path)
        _, faz = segment_image(scan.pixels, 3 / len(scan.pixels))
        found.append(dice(faz, read_mask(folder / "masks" / path.name)))
    assert len(found) == 16
    assert np.mean(found) >= 0.85  # measured .897


def test_vessels_that_another_simulator_drew_are_found():
    folder = shared("octa_gan_pairs")
    found = []
    for path in sorted((folder / "images").glob("*.png"))[:10]:
        scan = read_image(path)
        vessels, _ = segment_image(scan.pixels, 3 / len(scan.pixels))
        found.append(dice(vessels, shrunk(read_mask(folder / "labels" / path.name), 4)))
    assert np.mean(found) >= 0.74  # measured .777
