"""The learned renderer: vessel coverage and noise through a small network.

In:  vessels, blobs, the eye's `Texture`, the grid of the scan, a folder of `retia render train`.
Out: signal, float32 `(H, W)`, 0 to 1.
"""

import functools
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retia.errors import UserError
from retia.synthesis.appearance.texture import Texture
from retia.synthesis.rasterizer import draw_discs, draw_vessels
from retia.synthesis.vessels import Vessels

if TYPE_CHECKING:
    from retia.synthesis.appearance.network import RenderNetwork

LABEL_RADIUS = 0.9
"""The labels of the pairs show vessels at this share of their graphs' radius (Dice .974)."""


def draw_learned(
    vessels: Vessels,
    blobs: np.ndarray,
    texture: Texture,
    size: int,
    mm_per_px: float,
    folder: Path | None = None,
) -> np.ndarray:
    """Draw the signal of one eye; ``size`` is even.

    Args:
        vessels: Segments that are there.
        blobs: Microaneurysms, ``(N, 3)`` as ``(x, y, radius)`` in mm.
        texture: The eye's noise.
        size: Side of the scan in px.
        mm_per_px: Scale of the scan.
        folder: Of `retia render train`; the shipped one if absent.

    Returns:
        float32 ``(size, size)``, 0 to 1.

    Raises:
        UserError: If PyTorch is absent or the folder holds no renderer.
    """
    network = load_network(folder)
    import torch

    thinner = replace(vessels, radius_mm=LABEL_RADIUS * vessels.radius_mm)
    coverage = draw_vessels(thinner, size, mm_per_px)
    coverage = np.maximum(coverage, draw_discs(blobs[:, :2], blobs[:, 2], size, mm_per_px))
    maps = np.concatenate([coverage[None].astype(np.float32), texture.grain])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in another order would change a pixel here and there
    try:
        with torch.inference_mode():
            return network(torch.from_numpy(maps)[None])[0, 0].numpy()
    finally:
        torch.set_num_threads(threads)


def learned_reach_px(folder: Path | None = None) -> int:
    """How far, in pixels of the scan, the network looks."""
    return int(_settings(_folder(folder))["reach_px"])


def load_network(folder: Path | None = None) -> "RenderNetwork":
    """The renderer of a folder, or the shipped one.

    Raises:
        UserError: If PyTorch is absent or the folder holds no renderer.
    """
    return _load(_folder(folder))


def _folder(folder: Path | None) -> Path:
    from retia.weights import renderer_folder

    return renderer_folder() if folder is None else Path(folder)


@functools.cache
def _settings(folder: Path) -> dict:
    for name in ("config.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise UserError(f"{folder} holds no {name}. Expected a folder of `retia render train`.")
    return json.loads((folder / "config.json").read_text())


@functools.lru_cache(maxsize=2)
def _load(folder: Path) -> "RenderNetwork":
    settings = _settings(folder)
    try:
        from safetensors.torch import load_file

        from retia.synthesis.appearance.network import RenderNetwork
    except ImportError:
        raise UserError(
            "the learned appearance needs PyTorch, which cannot be imported. Install the package "
            "again, or pass the appearance `noise`."
        ) from None
    network = RenderNetwork(**settings["network"])
    network.load_state_dict(load_file(folder / "model.safetensors"))
    return network.eval()
