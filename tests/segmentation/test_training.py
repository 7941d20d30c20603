"""Training samples show image and truth in one frame; a trained segmenter survives its files."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from retia.errors import UserError
from retia.segmentation.maps import FINE, LESIONS, MAPS
from retia.segmentation.model import Segmenter
from retia.segmentation.scale import STANDARD_MM, at_standard_scale, normalised
from retia.segmentation.training.augment import draw_crop
from retia.segmentation.training.samples import grown_eyes, labelled, one_pixel_wide, visible_zone
from retia.segmentation.training.train import SegmentTrainConfig, train
from retia.synthesis.cohort import GrowConfig, grow


def blob(side: int, times: int = 1) -> np.ndarray:
    """An ellipse off the middle, on a grid `times` as fine."""
    mask = np.zeros((times * side, times * side), np.uint8)
    scale = times * side / 96
    ellipse = ((58 * scale, 40 * scale), (34 * scale, 18 * scale), 30.0)
    cv2.ellipse(mask, ellipse, 1, cv2.FILLED)
    return mask.astype(bool)


def test_image_maps_and_fine_map_of_a_crop_show_the_same_place():
    mask, fine = blob(96), blob(96, FINE)
    sample = labelled((mask * 200).astype(np.uint8), {"vessels": mask, "faz": mask}, fine)
    agreements = []
    for seed in range(12):
        scan, maps, detail = draw_crop(np.random.default_rng(seed), sample, 96)
        assert detail is not None
        np.testing.assert_array_equal(maps[0], maps[2])
        if not maps[0].any():
            continue  # noise alone, or a view beside the blob
        small = cv2.resize(detail, (96, 96), interpolation=cv2.INTER_AREA)
        blurred = cv2.GaussianBlur(scan, (0, 0), 1.5)
        agreements.append(np.corrcoef(small.ravel(), maps[0].ravel())[0, 1])
        assert np.corrcoef(blurred.ravel(), maps[0].ravel())[0, 1] > 0.5
    assert len(agreements) >= 8
    assert min(agreements) > 0.93


def test_views_as_is_hold_the_very_pixels():
    """A view of the whole image is one of its eight turned and mirrored copies, fine map too."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (96, 96)).astype(np.uint8)
    fine = rng.random((4 * 96, 4 * 96)) > 0.5
    sample = labelled(image, {"vessels": image > 128}, fine)
    copies = {}
    for quarter in range(4):
        for mirror in (False, True):
            turned = [np.rot90(array, quarter) for array in (normalised(image), fine)]
            key = len(copies)
            copies[key] = [np.fliplr(t) if mirror else t for t in turned]
    seen = set()
    for seed in range(60):
        scan, _, detail = draw_crop(np.random.default_rng(seed), sample, 96, as_is=1.0)
        assert detail is not None
        same = [k for k, (whole, _) in copies.items() if np.array_equal(whole, scan)]
        if not same:
            assert not detail.any(), "only views of noise differ from the image"
            continue
        np.testing.assert_array_equal(detail.astype(bool), copies[same[0]][1])
        seen.add(same[0])
    assert seen == set(copies)


def test_planes_hold_every_map_and_know_which_are_known():
    masks = {name: np.random.default_rng(i).random((32, 40)) > 0.5 for i, name in enumerate(MAPS)}
    sample = labelled(np.zeros((32, 40), np.uint8), masks)
    assert sample.known.all()
    for i, name in enumerate(MAPS):
        np.testing.assert_array_equal((sample.planes >> i) & 1 == 1, masks[name])
    assert labelled(sample.image, {"faz": masks["faz"]}).known.sum() == 1


def test_thin_vessels_of_fine_labels_keep_their_connection():
    fine = np.zeros((96, 96), bool)
    fine[:, 41:43] = True
    coarse = one_pixel_wide(fine)
    assert coarse.shape == (24, 24) and coarse[:, 10].all() and coarse.sum() == 24


def test_the_visible_zone_is_the_hole_between_the_vessels():
    y, x = np.mgrid[:304, :304] - 152
    ring = np.abs(np.hypot(x, y) - 35) < 1.5
    net = (x % 8 == 0) & (np.hypot(x, y) > 35)
    zone = visible_zone(ring | net, STANDARD_MM)
    disc = np.hypot(x, y) < 33.5
    assert 2 * (zone & disc).sum() / (zone.sum() + disc.sum()) > 0.98


def test_scales_are_brought_together_and_brightness_cancels_out():
    image = np.random.default_rng(0).integers(0, 200, (120, 80)).astype(np.uint8)
    assert at_standard_scale(image, STANDARD_MM / 2).shape == (60, 40)
    assert at_standard_scale(image, 2 * STANDARD_MM).shape == (240, 160)
    np.testing.assert_array_equal(at_standard_scale(image, STANDARD_MM), image)
    scan = normalised(image.astype(np.float32))
    np.testing.assert_allclose(normalised(0.5 * image.astype(np.float32) + 40), scan, atol=1e-5)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("segmenter") / "cohort"
    grow(GrowConfig(out=out, count=8, train=0.5, validation=0.5, appearance="noise"))
    return out


def test_a_grown_eye_knows_all_its_maps(cohort: Path):
    eyes = list(grown_eyes(cohort, ("train", "validation", "test")))
    assert len(eyes) == 8 and all(eye.known.all() for eye in eyes)
    vessels, large, faz = (np.stack([(e.planes >> i) & 1 for e in eyes]) for i in range(3))
    assert (large <= vessels).mean() > 0.999
    assert 0.02 < large.mean() < 0.15
    assert (faz & vessels).sum() < 0.02 * faz.sum()


def test_a_short_training_gives_a_model_and_repeats_itself(cohort: Path, tmp_path: Path):
    def config(out: str) -> SegmentTrainConfig:
        return SegmentTrainConfig(
            cohort=cohort, out=tmp_path / out, steps=12, batch_size=2, crop_px=64
        )

    first, again = train(config("one")), train(config("two"))
    assert first == again
    same = [(tmp_path / o / "model.safetensors").read_bytes() for o in ("one", "two")]
    assert same[0] == same[1]
    assert set(first["dice"]) >= {"vessels", "large_vessels", "faz"}
    loaded = Segmenter.load(tmp_path / "one")
    p, fine = loaded.probabilities(np.full((100, 90), 80, np.uint8), STANDARD_MM, fine=True)
    assert p.shape == (len(MAPS), 100, 90) and fine is not None and fine.shape == (400, 360)
    assert ((p >= 0) & (p <= 1)).all()
    assert set(loaded.thresholds) == {*MAPS, "fine_vessels"}
    assert set(LESIONS) < set(MAPS)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, "no source is given"),
        ({"pairs": Path("nowhere")}, "--pairs nowhere does not exist"),
        ({"pairs": Path(), "crop_px": 50}, "crop_px is 50"),
        ({"pairs": Path(), "steps": 0}, "steps 0"),
        ({"pairs": Path()}, "--pairs holds no image to train on"),
    ],
)
def test_settings_that_make_no_sense_are_one_line(tmp_path: Path, settings: dict, text: str):
    with pytest.raises(UserError, match=text):
        train(SegmentTrainConfig(out=tmp_path / "out", **settings))


def test_a_label_of_another_size_is_refused(tmp_path: Path):
    for name, side in (("images", 64), ("labels", 128)):
        (tmp_path / name).mkdir()
        for number in range(2):
            Image.fromarray(np.zeros((side, side), np.uint8)).save(
                tmp_path / name / f"{number}.png"
            )
    with pytest.raises(UserError, match="Expected labels 4 times as large"):
        train(SegmentTrainConfig(pairs=tmp_path, out=tmp_path / "out"))
