"""Fine vessels have a network of their own: it learns where they are, and lives beside the maps."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from retia.errors import UserError
from retia.segmentation.maps import FINE
from retia.segmentation.metrics import dice
from retia.segmentation.model import FINE_VESSELS, FINE_WEIGHTS, Segmenter
from retia.segmentation.network import FineNetwork, SegmentNetwork
from retia.segmentation.scale import STANDARD_MM
from retia.segmentation.training import fine
from retia.segmentation.training.fine import FineConfig, fit_fine
from retia.segmentation.training.samples import Labelled, labelled
from retia.segmentation.training.train import SegmentTrainConfig, train

SIDE = 64


def pair(seed: int) -> Labelled:
    """Thin lines at any angle, and the very share of each pixel that they cover."""
    rng = np.random.default_rng(seed)
    vessels = np.zeros((FINE * SIDE, FINE * SIDE), np.uint8)
    for _ in range(14):
        (a, b), (c, d) = rng.integers(0, FINE * SIDE, (2, 2)).tolist()
        cv2.line(vessels, (a, b), (c, d), 1, int(rng.integers(3, 9)))
    share = vessels.reshape(SIDE, FINE, SIDE, FINE).mean(axis=(1, 3))
    return labelled((20 + 200 * share).astype(np.uint8), {}, vessels.astype(bool))


def small(steps: int, **settings) -> FineConfig:
    return FineConfig(steps, widths=(16, 16), batch_size=2, crop_px=32, **settings)


def segmenter(own: bool = True) -> Segmenter:
    """Random weights, the same for every call."""
    torch.manual_seed(3)
    told = SegmentNetwork().eval()
    return Segmenter(told, fine_network=FineNetwork((8, 16)).eval() if own else None)


def test_a_view_as_is_shows_image_and_vessels_of_one_place():
    sample = pair(0)
    for seed in range(16):
        scan, truth = fine._as_is(np.random.default_rng(seed), sample, 40)
        assert truth.shape == (FINE * 40, FINE * 40)
        share = truth.reshape(40, FINE, 40, FINE).mean(axis=(1, 3))
        assert np.corrcoef(scan.ravel(), share.ravel())[0, 1] > 0.999


def test_it_learns_where_thin_lines_are_to_a_quarter_of_a_pixel(tmp_path: Path):
    pairs, new = [pair(i) for i in range(12)], pair(99)
    network = fit_fine(small(120, as_is=1.0, learning_rate=1e-2), pairs, tmp_path / "state.pt")
    seen = Segmenter(SegmentNetwork().eval(), fine_network=network).fine_vessels(
        new.image, STANDARD_MM
    )
    truth = new.fine_mask()
    assert truth is not None and seen.shape == truth.shape
    enlarged = cv2.resize(new.image, truth.shape, interpolation=cv2.INTER_NEAREST) > 120
    assert dice(seen > 0.5, truth) > dice(enlarged, truth) + 0.03


def test_a_killed_training_goes_on_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fine, "KEEP_EVERY", 4)
    pairs = [pair(i) for i in range(3)]
    whole = fit_fine(small(10), pairs, tmp_path / "whole.pt")
    real, asked = fine._batch, []

    def dies(config, pairs, number):
        asked.append(number)
        if number == 6 and asked.count(6) == 1:
            raise KeyboardInterrupt
        return real(config, pairs, number)

    monkeypatch.setattr(fine, "_batch", dies)
    with pytest.raises(KeyboardInterrupt):
        fit_fine(small(10), pairs, tmp_path / "killed.pt")
    resumed = fit_fine(small(10), pairs, tmp_path / "killed.pt")
    assert asked.count(3) == 1 and asked.count(4) == 2
    for one, other in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_maps_are_the_same_bytes_with_and_without_it():
    pixels = pair(5).image[:, :50]
    (maps, told), (alone, head) = (
        segmenter(own).probabilities(pixels, STANDARD_MM, fine=True) for own in (True, False)
    )
    assert maps.tobytes() == alone.tobytes()
    assert told is not None and head is not None and told.shape == head.shape == (256, 200)
    assert not np.allclose(told, head)


@pytest.mark.parametrize("own", [True, False])
def test_it_survives_its_files(tmp_path: Path, own: bool):
    pixels, before = pair(5).image, segmenter(own)
    before.save(tmp_path)
    assert (tmp_path / FINE_WEIGHTS).is_file() == own
    after = Segmenter.load(tmp_path)
    (maps, told), (maps_now, told_now) = (
        one.probabilities(pixels, STANDARD_MM, fine=True) for one in (before, after)
    )
    assert told is not None and told_now is not None
    np.testing.assert_allclose(maps, maps_now, atol=1e-6)
    np.testing.assert_allclose(told, told_now, atol=1e-6)


def test_a_folder_that_lost_its_weights_is_refused(tmp_path: Path):
    segmenter().save(tmp_path)
    (tmp_path / FINE_WEIGHTS).unlink()
    with pytest.raises(UserError, match=f"holds no {FINE_WEIGHTS}"):
        Segmenter.load(tmp_path)


@pytest.fixture
def pairs_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "pairs"
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for number in range(5):
        sample = pair(number)
        truth = sample.fine_mask()
        assert truth is not None
        Image.fromarray(sample.image).save(folder / "images" / f"{number}.png")
        Image.fromarray(255 * truth.astype(np.uint8)).save(folder / "labels" / f"{number}.png")
    return folder


def test_the_verb_trains_it_and_takes_it_over_from_a_start(pairs_folder: Path, tmp_path: Path):
    first = SegmentTrainConfig(
        pairs=pairs_folder, out=tmp_path / "one", steps=2, batch_size=2, crop_px=64, fine_steps=3
    )
    summary = train(first)
    assert summary["fine_parameters"] == sum(p.numel() for p in FineNetwork().parameters())
    again = dataclasses.replace(
        first, out=tmp_path / "two", fine_steps=0, start=tmp_path / "one", seed=1
    )
    train(again)
    one, two = Segmenter.load(tmp_path / "one"), Segmenter.load(tmp_path / "two")
    assert (tmp_path / "one" / FINE_WEIGHTS).read_bytes() == (
        tmp_path / "two" / FINE_WEIGHTS
    ).read_bytes()
    assert one.thresholds[FINE_VESSELS] == two.thresholds[FINE_VESSELS]
    assert "second network" in (tmp_path / "two" / "README.md").read_text()


@pytest.mark.parametrize(("steps", "pairs"), [(-1, Path()), (5, None)])
def test_fine_steps_without_pairs_are_refused(tmp_path: Path, steps: int, pairs: Path | None):
    config = SegmentTrainConfig(faz=tmp_path, pairs=pairs, fine_steps=steps, out=tmp_path / "out")
    with pytest.raises(UserError, match=f"fine_steps is {steps}"):
        train(config)
