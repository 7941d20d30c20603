"""A segmenter on disk and at work.

A folder of `config.json`, `model.safetensors`, `README.md`, and `fine.safetensors` where fine
vessels have a network of their own.
"""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from retia.atomic import atomic_file
from retia.errors import UserError
from retia.segmentation.maps import MAPS
from retia.segmentation.network import FineNetwork, SegmentNetwork
from retia.segmentation.scale import at_standard_scale, normalised

FINE_VESSELS = "fine_vessels"
FINE_WEIGHTS = "fine.safetensors"
HALF: dict[str, float] = dict.fromkeys((*MAPS, FINE_VESSELS), 0.5)


@dataclass(frozen=True)
class Segmenter:
    """A network with the thresholds of its maps."""

    network: SegmentNetwork
    thresholds: dict[str, float] = field(default_factory=lambda: dict(HALF))
    """Probability from which a pixel counts, by name of the map."""
    fine_network: FineNetwork | None = None
    """Tells fine vessels; without it `network` does, less exactly."""

    def probabilities(
        self, pixels: np.ndarray, mm_per_px: float, fine: bool = False
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Look at one scan.

        Args:
            pixels: uint8, shape `(H, W)`.
            mm_per_px: Its scale.
            fine: Whether the fine vessels are wanted.

        Returns:
            Probabilities of `MAPS`, float32 `(len(MAPS), H, W)` on the grid of the scan; and what
            `fine_vessels` returns, or None.
        """
        image = normalised(at_standard_scale(pixels, mm_per_px))
        told = self.network
        maps = probabilities_of(lambda scan: told.maps(told.features(scan)), image, told.step_px)
        if maps.shape[1:] != pixels.shape:
            size = (pixels.shape[1], pixels.shape[0])
            layers = (cv2.resize(m, size, interpolation=cv2.INTER_LINEAR) for m in maps)
            maps = np.stack([np.asarray(m) for m in layers])
        detail = self.fine_vessels(pixels, mm_per_px) if fine else None
        return np.ascontiguousarray(maps), detail

    def fine_vessels(self, pixels: np.ndarray, mm_per_px: float) -> np.ndarray:
        """Look at the vessels of one scan alone.

        Args:
            pixels: uint8, shape `(H, W)`.
            mm_per_px: Its scale.

        Returns:
            Their probabilities on a grid `FINE` times finer than the standard scale, float32.
        """
        image = normalised(at_standard_scale(pixels, mm_per_px))
        if self.fine_network is not None:
            return probabilities_of(self.fine_network, image, self.fine_network.step_px)[0]
        told = self.network
        return probabilities_of(lambda scan: told.fine(told.features(scan)), image, told.step_px)[0]

    def save(self, folder: Path) -> None:
        """Write `config.json` and the weights, each file atomically."""
        config = {"widths": self.network.widths, "maps": MAPS, "thresholds": self.thresholds}
        _save_weights(self.network, folder / "model.safetensors")
        if self.fine_network is not None:
            config["fine_widths"] = self.fine_network.widths
            _save_weights(self.fine_network, folder / FINE_WEIGHTS)
        with atomic_file(folder / "config.json") as part:
            part.write_text(json.dumps(config, indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Segmenter":
        """Read a model folder.

        Raises:
            UserError: If a file is missing or the model shows other maps than this version reads.
        """
        folder = Path(folder)
        config = json.loads(_file(folder, "config.json").read_text())
        if tuple(config.get("maps", ())) != MAPS:
            raise UserError(
                f"{folder} shows the maps {config.get('maps')}. Expected {list(MAPS)}; train it "
                "again with `retia segment train`."
            )
        network = SegmentNetwork(tuple(config["widths"]))
        _load_weights(network, _file(folder, "model.safetensors"))
        fine_network = None
        if "fine_widths" in config:  # folders of earlier versions have none
            fine_network = FineNetwork(tuple(config["fine_widths"]))
            _load_weights(fine_network, _file(folder, FINE_WEIGHTS))
        return cls(network, config["thresholds"], fine_network)


@torch.inference_mode()
def probabilities_of(
    network: Callable[[Tensor], Tensor], image: np.ndarray, step_px: int
) -> np.ndarray:
    """Ask a network about one image.

    Args:
        network: Gives logits of its maps, on the grid of its input or one so many times finer.
        image: Normalised, float32 `(H, W)`, at the standard scale.
        step_px: The sides that the network takes are multiples of this.

    Returns:
        float32 `(maps, times H, times W)`.
    """
    height, width = image.shape
    padded = np.pad(image, ((0, -height % step_px), (0, -width % step_px)), mode="reflect")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the same sums, hence bytes, in every process
    try:
        scan = torch.from_numpy(padded)[None, None].to(memory_format=torch.channels_last)
        logits = network(scan)[0]
        times = logits.shape[-1] // padded.shape[1]
        return logits[:, : times * height, : times * width].sigmoid().numpy()
    finally:
        torch.set_num_threads(threads)


def _file(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        raise UserError(f"{folder} holds no {name}. Expected a folder of `retia segment train`.")
    return folder / name


def _save_weights(network: nn.Module, path: Path) -> None:
    with atomic_file(path) as part:
        save_file({k: v.contiguous() for k, v in network.state_dict().items()}, part)


def _load_weights(network: nn.Module, path: Path) -> None:
    network.load_state_dict(load_file(path))
    network.eval().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


@functools.lru_cache(maxsize=2)
def load_segmenter(folder: Path) -> Segmenter:
    """The segmenter of a folder, read once a process."""
    return Segmenter.load(folder)
