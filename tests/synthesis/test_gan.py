"""Weights saved as OCTA-autosegmentation saves them are found, loaded and drawn with."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from torch import nn

from retia.errors import UserError
from retia.images import read_image
from retia.records import read_cases
from retia.synthesis.appearance.gan import Gan, draw_gan, load_gan, new_generator
from retia.synthesis.cohort import read_eye
from retia.synthesis.cohort.table import read_stored_eye
from retia.synthesis.redraw import RenderConfig, render

CONFIG = {
    "General": {
        "inference": "G",
        "task": "gan-ves-seg",
        "model": {"name": "GanSegModel", "model_g": {"name": "resnetGenerator9"}},
    },
    "Test": {"data": {"background": {"files": "/nowhere/background_images/**/*.png"}}},
    "Output": {"save_dir": "/home/OCTA-seg/docker/trained_models/GAN"},
}
"""The keys of the published configuration that matter here."""


def published_shapes() -> dict[str, tuple[int, ...]]:
    """Names and shapes of a published checkpoint, written down layer by layer."""
    shapes: dict[str, tuple[int, ...]] = {}

    def convolution(name: str, outputs: int, inputs: int, size: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (outputs, inputs, size, size), (outputs,)

    convolution("model.1", 64, 1, 7)
    convolution("model.4", 128, 64, 3)
    shapes["model.7.filt"] = (128, 1, 3, 3)
    convolution("model.8", 256, 128, 3)
    shapes["model.11.filt"] = (256, 1, 3, 3)
    for block in range(12, 21):
        convolution(f"model.{block}.conv_block.1", 256, 256, 3)
        convolution(f"model.{block}.conv_block.5", 256, 256, 3)
    shapes["model.21.filt"] = (256, 1, 4, 4)
    convolution("model.22", 128, 256, 3)
    shapes["model.25.filt"] = (128, 1, 4, 4)
    convolution("model.26", 64, 128, 3)
    convolution("model.30", 1, 64, 7)
    return shapes


@pytest.fixture(scope="module")
def gan_config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration beside `checkpoints/`, with random weights of epoch 150."""
    folder = tmp_path_factory.mktemp("gan")
    (folder / "config.yml").write_text(yaml.safe_dump(CONFIG))
    (folder / "checkpoints").mkdir()
    torch.manual_seed(5)
    network = new_generator()
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight)
    state = {"epoch": 150, "model": network.state_dict(), "optimizer": None}
    torch.save(state, folder / "checkpoints" / "150_G_model.pth")
    return folder / "config.yml"


@pytest.fixture(scope="module")
def two_eyes(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The beginning of a cohort: drawing takes seconds an eye."""
    folder = tmp_path_factory.mktemp("two")
    lines = (cohort / "metadata.jsonl").read_text().splitlines(keepends=True)[:2]
    (folder / "metadata.jsonl").write_text("".join(lines))
    for name in ("graphs", "lesions"):
        (folder / name).symlink_to(cohort / name)
    return folder


def test_the_layers_are_those_of_the_published_checkpoints():
    state = new_generator().state_dict()
    assert {name: tuple(value.shape) for name, value in state.items()} == published_shapes()


def test_blurred_resampling_keeps_flat_images_flat():
    from retia.synthesis.appearance.gan_network import Double, Halve

    flat = torch.full((1, 3, 16, 16), 0.7)
    torch.testing.assert_close(Halve(3)(flat), torch.full((1, 3, 8, 8), 0.7))
    torch.testing.assert_close(Double(3)(flat), torch.full((1, 3, 32, 32), 0.7))
    ramp = torch.arange(16.0).expand(1, 3, 16, 16)
    # Half a pixel of the small grid is where a doubled pixel begins: no shift to one side.
    inner = Double(3)(ramp)[0, 0, 8, 4:-4]
    torch.testing.assert_close(inner, (torch.arange(4.0, 28.0) + 0.5) / 2 - 0.5)


def test_a_cohort_is_drawn_with_random_weights(two_eyes: Path, gan_config: Path, tmp_path: Path):
    settings = {"cohort": two_eyes, "appearance": "gan", "gan_config": gan_config}
    render(RenderConfig(out=tmp_path / "one", **settings))
    cases = read_cases(tmp_path / "one")
    hashes = set()
    for case in cases:
        image = read_image(tmp_path / "one" / case.file_name).pixels
        assert image.shape == (304, 304) and image.std() > 1
        hashes.add(hashlib.sha256(image.tobytes()).hexdigest())
    assert len(hashes) == len(cases)
    eye = read_stored_eye(two_eyes, cases[0].id)
    again = draw_gan(
        *eye.drawn(), eye.seed, 304, eye.mm_per_px, Gan(config=gan_config, epoch="150")
    )
    np.testing.assert_array_equal(read_image(tmp_path / "one" / cases[0].file_name).pixels, again)
    assert "There are no twins here: this renderer" in (tmp_path / "one" / "README.md").read_text()


def test_one_sac_changes_pixels_far_away_so_there_are_no_twins(cohort: Path, gan_config: Path):
    case = read_cases(cohort)[0]
    vessels, _ = read_eye(cohort, case.id)
    gan = Gan(config=gan_config, epoch="150")
    sac = np.array([[0.5, 0.5, 0.06]])
    with_sac = draw_gan(vessels, sac, 1, 304, 3 / 304, gan)
    without = draw_gan(vessels, np.zeros((0, 3)), 1, 304, 3 / 304, gan)
    assert (with_sac != without)[200:, 200:].any()


def test_a_background_of_the_configuration_is_used(gan_config: Path, tmp_path: Path):
    (tmp_path / "checkpoints").symlink_to(gan_config.parent / "checkpoints")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    Image.fromarray(np.eye(304, dtype=np.uint8) * 255).save(tmp_path / "deep" / "er" / "b.png")
    data = {"background": {"files": f"{tmp_path}/**/*.png"}}
    (tmp_path / "config.yml").write_text(yaml.safe_dump(CONFIG | {"Test": {"data": data}}))
    assert len(load_gan(Gan(config=tmp_path / "config.yml", epoch="150"))[1]) == 1
    assert load_gan(Gan(config=gan_config, epoch="150"))[1] == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epoch": "7"}, "no weights of epoch '7'.*Checkpoints there: 150_G_model.pth"),
        ({"device": "nowhere"}, "device is 'nowhere'"),
        ({"config": Path("missing.yml")}, "missing.yml does not exist"),
    ],
)
def test_what_cannot_be_loaded_is_named(gan_config: Path, change: dict, said: str):
    with pytest.raises(UserError, match=said):
        load_gan(Gan(**({"config": gan_config, "epoch": "150"} | change)))


def test_other_models_and_damaged_weights_are_refused(gan_config: Path, tmp_path: Path):
    other = {"General": {"model": {"name": "CycleGAN"}}}
    (tmp_path / "other.yml").write_text(yaml.safe_dump(other))
    with pytest.raises(UserError, match=r"model_g\.name is None\. Expected"):
        load_gan(Gan(config=tmp_path / "other.yml", epoch="150"))
    (tmp_path / "config.yml").write_text(gan_config.read_text())
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "1_G_model.pth").write_bytes(b"version https://git-lfs")
    with pytest.raises(UserError, match="cannot be read as a checkpoint"):
        load_gan(Gan(config=tmp_path / "config.yml", epoch="1"))
    state = {"model": nn.Conv2d(1, 1, 1).state_dict()}
    torch.save(state, tmp_path / "checkpoints" / "2_generator_model.pth")
    with pytest.raises(UserError, match="holds no weights of a resnetGenerator9"):
        load_gan(Gan(config=tmp_path / "config.yml", epoch="2"))


def test_twins_are_refused_with_this_renderer(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    from retia import cli

    flags = ["--twins", "--appearance", "gan", "--out", str(tmp_path / "out")]
    assert cli.main(["grow", *flags]) == 2
    assert "gan" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
