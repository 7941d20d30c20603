"""A user's own GAN of OCTA-autosegmentation (Kreitner et al., TMI 2024) as the renderer.

In:  its configuration file, the epoch of a checkpoint; vessels and blobs of an eye.
Out: 8-bit grey image.

The layers stand in the order of the published generator (ResNet with 9 blocks after Johnson et
al., ECCV 2016, with blurred resampling after Zhang, ICML 2019), so that its weights fit. Its
instance normalisation looks at the whole image: one lesion changes every pixel. So there are no
twins with this renderer.
"""

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retia.errors import UserError
from retia.synthesis.appearance.texture import scan_px
from retia.synthesis.rasterizer import draw_discs, draw_vessels
from retia.synthesis.vessels import Vessels

if TYPE_CHECKING:
    from torch import nn

GENERATOR = "resnetGenerator9"
BLOCKS = 9
WIDTH = 64
LINE_WIDTH = 1.3 * 100 / 72 / 2
"""Its rasteriser draws lines of 1.3 r points at 100 dots an inch: .90 of the true width."""
MULTIPLE_PX = 4
"""The generator halves its image twice."""


@dataclass(frozen=True, kw_only=True)
class Gan:
    """Which generator, and where it runs.

    Attributes:
        config: The YAML file of its training, beside or above its `checkpoints` folder.
        epoch: Number of the checkpoint, or `best` or `latest`.
        device: Of PyTorch, such as `cpu` or `cuda:0`.
    """

    config: Path
    epoch: str
    device: str = "cpu"


def draw_gan(
    vessels: Vessels, blobs: np.ndarray, seed: int, image_px: int, mm_per_px: float, gan: Gan
) -> np.ndarray:
    """Draw one eye as that project's `test.py` does from its graph, sacs included.

    Coverage is max-ed with uniform noise times a background: an image of the configuration's
    `Test.data.background`, or more uniform noise where it names none.

    Args:
        vessels: Segments that are there.
        blobs: Microaneurysms, ``(N, 3)`` as ``(x, y, radius)`` in mm.
        seed: Of the eye; decides the noise.
        image_px: Side of the image.
        mm_per_px: Its scale.
        gan: The generator.

    Returns:
        uint8 ``(image_px, image_px)``.

    Raises:
        UserError: If the generator cannot be loaded.
    """
    import torch

    generator, backgrounds = load_gan(gan)
    size = scan_px(image_px, mm_per_px)
    scale = image_px * mm_per_px / size
    thinner = replace(vessels, radius_mm=LINE_WIDTH * vessels.radius_mm)
    drawn = draw_vessels(thinner, size, scale)
    drawn = np.maximum(drawn, draw_discs(blobs[:, :2], blobs[:, 2], size, scale))
    rng = np.random.default_rng([seed, 2])
    background = _background(rng, backgrounds, size)
    drawn = np.maximum(drawn, background * rng.random((size, size))).astype(np.float32)
    more = -size % MULTIPLE_PX
    padded = np.pad(drawn, (0, more), mode="reflect")
    with torch.inference_mode():
        maps = torch.from_numpy(padded)[None, None].to(gan.device)
        grey = generator(maps)[0, 0, :size, :size].float().cpu().numpy()
    if size != image_px:
        import cv2

        how = cv2.INTER_AREA if image_px < size else cv2.INTER_CUBIC
        grey = cv2.resize(grey, (image_px, image_px), interpolation=how)
    return np.round(255 * np.clip(grey, 0, 1)).astype(np.uint8)


def _background(rng: np.random.Generator, files: tuple[Path, ...], size: int) -> np.ndarray:
    if not files:
        return rng.random((size, size))
    import cv2

    from retia.images import read_image

    grey = read_image(files[rng.integers(len(files))]).pixels / 255.0
    grey = cv2.resize(grey, (size, size), interpolation=cv2.INTER_LINEAR)
    # Stretched to 0..1, as its `ScaleIntensityd` does.
    return (grey - grey.min()) / max(float(np.ptp(grey)), 1e-6)


@functools.lru_cache(maxsize=2)
def load_gan(gan: Gan) -> "tuple[nn.Module, tuple[Path, ...]]":
    """The generator, ready to draw, and its background images.

    Raises:
        UserError: If PyTorch is absent, the device is not there, the configuration is of another
            model, or the checkpoint is missing or does not fit.
    """
    try:
        import torch
    except ImportError:
        raise UserError(
            "the appearance `gan` needs PyTorch, which cannot be imported. Install the package "
            "again, or pass the appearance `noise`."
        ) from None
    config = _read_config(gan.config)
    path = checkpoint_path(gan.config, config, gan.epoch)
    try:
        device = torch.device(gan.device)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UserError(
            f"device is {gan.device!r}, which cannot be used: {str(error).splitlines()[0]}"
        ) from None
    try:
        # Weights alone: a checkpoint from elsewhere must not run code.
        state = torch.load(path, map_location=device, weights_only=True)
        weights = state["model"]
    except Exception as error:
        raise UserError(
            f"{path} cannot be read as a checkpoint: {str(error).splitlines()[0]} Expected a "
            "dictionary with `model`, as OCTA-autosegmentation saves it."
        ) from None
    generator = new_generator()
    try:
        generator.load_state_dict(weights)
    except (RuntimeError, TypeError) as error:
        said = " ".join(str(error).split())
        raise UserError(f"{path} holds no weights of a {GENERATOR}: {said:.160}") from None
    return generator.to(device).eval(), _background_files(config)


def _read_config(path: Path) -> dict[str, Any]:
    from retia.runs.config import read_yaml

    config = read_yaml(Path(path))
    model = (config.get("General") or {}).get("model") or {}
    name = (model.get("model_g") or {}).get("name")
    if name != GENERATOR:
        raise UserError(
            f"{path}: General.model.model_g.name is {name!r}. Expected {GENERATOR}, the generator "
            "of the joint GAN and segmentation model."
        )
    return config


def checkpoint_path(path: Path, config: dict[str, Any], epoch: str) -> Path:
    """Where the generator's weights lie: `checkpoints/<epoch>_G_model.pth`.

    Looked for beside the configuration, then where its `Output.save_dir` says; newer versions
    write `generator` for `G`.

    Raises:
        UserError: If they are in none of these places.
    """
    folders = [Path(path).parent]
    if saved := (config.get("Output") or {}).get("save_dir"):
        folders.append(Path(saved))
    places = [f / "checkpoints" / f"{epoch}_{n}_model.pth" for f in folders for n in _NAMES]
    for place in places:
        if place.is_file():
            return place
    there = sorted(p.name for f in folders for p in (f / "checkpoints").glob("*_model.pth"))
    raise UserError(
        f"there are no weights of epoch {epoch!r}: {places[0]} does not exist. "
        f"Checkpoints there: {', '.join(there) or 'none'}."
    )


_NAMES = ("G", "generator")


def _background_files(config: dict[str, Any]) -> tuple[Path, ...]:
    """Background images that the configuration names, if any are on this machine."""
    data = (config.get("Test") or {}).get("data") or {}
    pattern = (data.get("background") or {}).get("files")
    if not pattern:
        return ()
    pattern = Path(pattern)
    root = Path(pattern.anchor or ".")
    return tuple(sorted(root.glob(str(pattern.relative_to(pattern.anchor)))))


def new_generator() -> "nn.Module":
    """The untrained generator: ``(B, 1, H, W)`` to the same shape, 0 to 1; sides divide by 4."""
    from retia.synthesis.appearance.gan_network import Generator

    return Generator(WIDTH, BLOCKS)
