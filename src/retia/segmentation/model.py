"""A segmenter on disk and at work: `config.json`, `model.safetensors`, `README.md`."""

import functools
import json
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file, save_file

from retia.atomic import atomic_file
from retia.errors import UserError
from retia.segmentation.maps import MAPS
from retia.segmentation.network import SegmentNetwork
from retia.segmentation.scale import at_standard_scale, normalised

FINE_VESSELS = "fine_vessels"
HALF: dict[str, float] = dict.fromkeys((*MAPS, FINE_VESSELS), 0.5)


@dataclass(frozen=True)
class Segmenter:
    """A network with the thresholds of its maps."""

    network: SegmentNetwork
    thresholds: dict[str, float] = field(default_factory=lambda: dict(HALF))
    """Probability from which a pixel counts, by name of the map."""

    @torch.inference_mode()
    def probabilities(
        self, pixels: np.ndarray, mm_per_px: float, fine: bool = False
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Look at one scan.

        Args:
            pixels: uint8, shape `(H, W)`.
            mm_per_px: Its scale.
            fine: Whether the fine vessels are wanted.

        Returns:
            Probabilities of `MAPS`, float32 `(len(MAPS), H, W)` on the grid of the scan; and of
            vessels on a grid four times finer than the standard scale.
        """
        image = normalised(at_standard_scale(pixels, mm_per_px))
        height, width = image.shape
        step = self.network.step_px
        padded = np.pad(image, ((0, -height % step), (0, -width % step)), mode="reflect")
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # the same sums, hence bytes, in every process
        try:
            scan = torch.from_numpy(padded)[None, None].to(memory_format=torch.channels_last)
            h = self.network.features(scan)
            maps = self.network.maps(h)[0, :, :height, :width].sigmoid().numpy()
            detail = None
            if fine:
                detail = self.network.fine(h)[0, 0, : 4 * height, : 4 * width].sigmoid().numpy()
        finally:
            torch.set_num_threads(threads)
        if maps.shape[1:] != pixels.shape:
            size = (pixels.shape[1], pixels.shape[0])
            layers = (cv2.resize(m, size, interpolation=cv2.INTER_LINEAR) for m in maps)
            maps = np.stack([np.asarray(m) for m in layers])
        return np.ascontiguousarray(maps), detail

    def save(self, folder: Path) -> None:
        """Write `config.json` and `model.safetensors`, atomically."""
        config = {"widths": self.network.widths, "maps": MAPS, "thresholds": self.thresholds}
        with atomic_file(folder / "model.safetensors") as part:
            save_file({k: v.contiguous() for k, v in self.network.state_dict().items()}, part)
        with atomic_file(folder / "config.json") as part:
            part.write_text(json.dumps(config, indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Segmenter":
        """Read a model folder.

        Raises:
            UserError: If a file is missing or the model shows other maps than this version reads.
        """
        for name in ("config.json", "model.safetensors"):
            if not (Path(folder) / name).is_file():
                raise UserError(
                    f"{folder} holds no {name}. Expected a folder of `retia segment train`."
                )
        config = json.loads((Path(folder) / "config.json").read_text())
        if tuple(config.get("maps", ())) != MAPS:
            raise UserError(
                f"{folder} shows the maps {config.get('maps')}. Expected {list(MAPS)}; train it "
                "again with `retia segment train`."
            )
        network = SegmentNetwork(tuple(config["widths"]))
        network.load_state_dict(load_file(Path(folder) / "model.safetensors"))
        network.eval().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        return cls(network, config["thresholds"])


@functools.lru_cache(maxsize=2)
def load_segmenter(folder: Path) -> Segmenter:
    """The segmenter of a folder, read once a process."""
    return Segmenter.load(folder)
