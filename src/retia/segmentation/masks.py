"""All structures of one image: vessels, large vessels, FAZ, the places of lesions."""

import functools
import importlib.util
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

log = logging.getLogger("retia")

Method = Literal["network", "classical"]

FINER = 0.75
"""Below this share of the standard scale vessels are taken from the fine map."""
TRACE = 0.6
"""A vessel of the network needs this share of the ridge filter's own threshold: in coarse or noisy
scans the network sees capillaries where it expects them and none shows."""


@dataclass(frozen=True)
class Structures:
    """What is seen in one image, on its grid.

    Attributes:
        vessels: Bool `(H, W)`; none inside the FAZ.
        faz: Bool `(H, W)`.
        large_vessels: Bool `(H, W)`.
        lesions: Probability of each kind of `LESIONS`, float32 `(len(LESIONS), H, W)`; None
            where nothing looks for them (the classical method).
    """

    vessels: np.ndarray
    faz: np.ndarray
    large_vessels: np.ndarray
    lesions: np.ndarray | None = None


def segment_image(
    pixels: np.ndarray,
    mm_per_px: float,
    method: Method = "network",
    model: Path | None = None,
) -> Structures:
    """Find the structures of an image.

    Args:
        pixels: uint8, shape `(H, W)`.
        mm_per_px: Scale.
        method: `network`, or the ridge filter that needs no PyTorch. Without PyTorch the network
            is replaced by the ridge filter, and a line says so.
        model: Folder of `retia segment train`; the shipped one when left out.

    Returns:
        The structures.

    Raises:
        UserError: If the model folder cannot be read.
    """
    if method == "network" and _torch_is_there():
        return _by_network(pixels, mm_per_px, model)
    return _by_ridges(pixels, mm_per_px)


def fine_vessels(
    pixels: np.ndarray, mm_per_px: float, times: int = 4, model: Path | None = None
) -> np.ndarray:
    """Vessels on a grid finer than the image, thin capillaries as thin as they are.

    Args:
        pixels: uint8, shape `(H, W)`.
        mm_per_px: Scale.
        times: How many times finer.
        model: Folder of `retia segment train`; the shipped one when left out.

    Returns:
        bool, shape `(times H, times W)`.

    Raises:
        UserError: If the model folder cannot be read.
    """
    from retia.segmentation.model import FINE_VESSELS, load_segmenter

    segmenter = load_segmenter(_folder(model))
    fine = segmenter.fine_vessels(pixels, mm_per_px)
    size = tuple(times * side for side in pixels.shape)
    return _resized(fine, size) >= segmenter.thresholds[FINE_VESSELS]


def _by_network(pixels: np.ndarray, mm_per_px: float, model: Path | None) -> Structures:
    from retia.segmentation.faz import segment_faz
    from retia.segmentation.maps import LESIONS, MAPS
    from retia.segmentation.model import FINE_VESSELS, load_segmenter
    from retia.segmentation.regions import central_zone, widened_zone, without_specks
    from retia.segmentation.scale import STANDARD_MM
    from retia.segmentation.vessels import THRESHOLD, vesselness

    segmenter = load_segmenter(_folder(model))
    finer = mm_per_px < FINER * STANDARD_MM
    maps, fine = segmenter.probabilities(pixels, mm_per_px, fine=finer)
    level = segmenter.thresholds
    p = maps[MAPS.index("faz")]
    faz = central_zone(p, level["faz"], mm_per_px)
    if faz.any():
        faz = widened_zone(faz, segment_faz(pixels, mm_per_px), p, mm_per_px)
    if fine is not None:  # on fine grids a capillary is wider than a pixel: draw its own width
        vessels = _resized(fine, pixels.shape) >= level[FINE_VESSELS]
    else:
        vessels = maps[MAPS.index("vessels")] >= level["vessels"]
    vessels &= vesselness(pixels, mm_per_px) > TRACE * THRESHOLD
    vessels = without_specks(vessels, mm_per_px) & ~faz
    large = maps[MAPS.index("large_vessels")] >= level["large_vessels"]
    lesions = np.ascontiguousarray(maps[-len(LESIONS) :])
    return Structures(vessels, faz, without_specks(large, mm_per_px) & ~faz, lesions)


def _by_ridges(pixels: np.ndarray, mm_per_px: float) -> Structures:
    from retia.segmentation.faz import segment_faz
    from retia.segmentation.vessels import segment_large_vessels, segment_vessels

    faz = segment_faz(pixels, mm_per_px)
    vessels = segment_vessels(pixels, mm_per_px) & ~faz
    return Structures(vessels, faz, segment_large_vessels(pixels, mm_per_px) & ~faz)


def _resized(map: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    import cv2

    if map.shape == size:
        return map
    shrinks = size[0] < map.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(map, (size[1], size[0]), interpolation=method))


def _folder(model: Path | None) -> Path:
    from retia.weights import segmenter_folder

    return segmenter_folder() if model is None else Path(model)


@functools.cache
def _torch_is_there() -> bool:
    there = importlib.util.find_spec("torch") is not None
    if not there:
        log.warning("PyTorch is not installed: vessels are found by the ridge filter instead.")
    return there
