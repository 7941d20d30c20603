"""The learned renderer: trained, resumed, shipped and refused as it should be."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from retia.disclaimer import DISCLAIMER
from retia.errors import UserError
from retia.figures.sheet import write_png
from retia.synthesis.appearance import training
from retia.synthesis.appearance.learned import learned_reach_px, load_network
from retia.synthesis.appearance.training import RenderTrainConfig, read_pairs, train
from retia.weights import renderer_folder

TINY = {"steps": 6, "batch_size": 2, "crop_px": 48, "width": 8, "blocks": 1}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve labels of lines, four times as large as the images that show them."""
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    for number in range(12):
        label = np.zeros((256, 256), bool)
        for line in rng.integers(0, 250, 12):
            label[line : line + 5] = True
        coverage = label.reshape(64, 4, 64, 4).mean(axis=(1, 3))
        image = 40 + 150 * coverage + rng.normal(0, 12, coverage.shape)
        write_png(folder / "labels" / f"{number}.png", 255 * label.astype(np.uint8))
        write_png(folder / "images" / f"{number}.png", image.clip(0, 255).astype(np.uint8))
    return folder


def config(pairs: Path, out: Path, **fields: object) -> RenderTrainConfig:
    return RenderTrainConfig(pairs=pairs, out=out, **(TINY | fields))  # type: ignore[arg-type]


def test_labels_become_true_coverage(pairs: Path):
    coverage, images = read_pairs(pairs)
    assert coverage.shape == images.shape == (12, 64, 64)
    assert set(np.unique(coverage)) <= {0, 0.25, 0.5, 0.75, 1}
    assert images.min() >= 0 and images.max() <= 1
    assert np.corrcoef(coverage.ravel(), images.ravel())[0, 1] > 0.9


def test_a_killed_training_goes_on_to_the_same_weights(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(training, "KEEP_EVERY", 2)
    whole = train(config(pairs, tmp_path / "whole"))
    original, turns = training._crops, []

    def killed(*args):
        turns.append(args[-1])
        if len(turns) == 5:
            raise RuntimeError("killed")
        return original(*args)

    monkeypatch.setattr(training, "_crops", killed)
    with pytest.raises(RuntimeError, match="killed"):
        train(config(pairs, tmp_path / "killed"))
    assert not (tmp_path / "killed" / "model.safetensors").exists()
    assert train(config(pairs, tmp_path / "killed")) == whole
    assert turns == [0, 1, 2, 3, 4, 4, 5]
    for name in ("model.safetensors", "metrics.jsonl", "config.json", "README.md"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes()


def test_a_trained_folder_can_be_rendered_with_and_another_seed_differs(
    pairs: Path, tmp_path: Path
):
    train(config(pairs, tmp_path / "a"))
    train(config(pairs, tmp_path / "b", seed=1))
    first, second = load_network(tmp_path / "a"), load_network(tmp_path / "b")
    assert learned_reach_px(tmp_path / "a") == first.reach_px
    weights = [next(iter(n.state_dict().values())).numpy() for n in (first, second)]
    assert not np.array_equal(*weights)


def test_training_draws_nearer_to_the_images(pairs: Path, tmp_path: Path):
    train(config(pairs, tmp_path / "t", steps=60, learning_rate=3e-3))
    rows = [json.loads(x) for x in (tmp_path / "t" / "metrics.jsonl").read_text().splitlines()]
    for name in ("coarse", "grey"):
        early, late = (np.mean([r[name] for r in part]) for part in (rows[:10], rows[-10:]))
        assert late < 0.6 * early


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"crop_px": 50}, "crop_px is 50. Expected a multiple of 4 from 48 to 288."),
        ({"crop_px": 64}, "crop_px is 64, but the images"),
        ({"steps": 0}, "steps 0"),
        ({"hold_out": 1}, "hold_out 1"),
        ({"hold_out": 50}, "hold_out is 50"),
        ({"learning_rate": -1.0}, "learning_rate is -1.0"),
    ],
)
def test_senseless_settings_are_one_line_and_leave_nothing(
    pairs: Path, tmp_path: Path, fields: dict[str, object], text: str
):
    with pytest.raises(UserError) as error:
        train(config(pairs, tmp_path / "out", **fields))
    assert text in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_folders_without_pairs_are_refused(pairs: Path, tmp_path: Path):
    with pytest.raises(UserError, match="holds 0 pairs"):
        train(config(tmp_path, tmp_path / "out"))
    odd = tmp_path / "odd"
    for file in pairs.rglob("*.png"):
        (odd / file.parent.name).mkdir(parents=True, exist_ok=True)
        (odd / file.parent.name / file.name).write_bytes(file.read_bytes())
    write_png(odd / "labels" / "3.png", np.zeros((100, 100), np.uint8))
    with pytest.raises(UserError, match=r"label 3.png is \(100, 100\), its image \(64, 64\)"):
        train(config(odd, tmp_path / "out"))


def test_a_folder_that_is_no_renderer_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match=r"holds no config\.json\. Expected a folder of"):
        load_network(tmp_path)


def test_without_torch_the_user_is_told_what_to_do(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    train(config(pairs, tmp_path / "r"))
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    with pytest.raises(UserError, match=r"needs PyTorch.* pass the appearance `noise`"):
        load_network(tmp_path / "r")


def test_the_shipped_renderer_is_small_described_and_local():
    folder = renderer_folder()
    card = (folder / "README.md").read_text()
    assert DISCLAIMER in card and "MIT" in card and "No image of a real eye" in card
    network = load_network()
    assert sum(p.numel() for p in network.parameters()) <= 300_000
    assert sum(p.stat().st_size for p in folder.iterdir()) < 2_000_000
    assert json.loads((folder / "config.json").read_text())["reach_px"] == network.reach_px <= 16
    assert json.loads((folder / "origin.json").read_text())["step"] == "render train"


def test_the_reach_is_that_of_the_gradient():
    import torch

    network = load_network()
    maps = torch.zeros(1, 4, 80, 80, requires_grad=True)
    seen = torch.zeros(80, 80, dtype=torch.bool)
    for row, column in [(40, 40), (41, 41), (40, 41), (41, 40)]:
        (gradient,) = torch.autograd.grad(network(maps + 0.3)[0, 0, row, column], maps)
        rows, columns = torch.nonzero(gradient.abs().sum(dim=(0, 1)), as_tuple=True)
        far = max((rows - row).abs().max(), (columns - column).abs().max())
        assert far <= network.reach_px
        seen |= gradient[0].abs().sum(dim=0) > 0
    assert seen.sum() > (2 * network.reach_px - 4) ** 2
