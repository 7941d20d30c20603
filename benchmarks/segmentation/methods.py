"""Retia's methods in the form that the tables call, and the clock."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from retia.segmentation import Structures, fine_vessels, segment_image
from retia.segmentation.masks import Method
from retia.segmentation.vessels import THRESHOLD, vesselness
from retia.weights import shipped_folder


@dataclass(frozen=True)
class Retia:
    """One of Retia's ways to segment an image."""

    name: str
    method: Method
    model: Path | None = None
    """A folder of weights; the shipped ones when left out."""

    def structures(self, pixels: np.ndarray, mm_per_px: float) -> Structures:
        """Vessels, FAZ and large vessels of one image: bool, `(H, W)` each."""
        return segment_image(pixels, mm_per_px, method=self.method, model=self.model)

    def vessels(self, pixels: np.ndarray, mm_per_px: float) -> np.ndarray:
        """Vessels alone."""
        return self.structures(pixels, mm_per_px).vessels

    def thin_vessels(self, pixels: np.ndarray, mm_per_px: float) -> np.ndarray:
        """Vessels as labels of exact width show them: pixels that are at least half covered."""
        if self.method == "network":
            return fine_vessels(pixels, mm_per_px, times=1, model=self.model)
        return self.vessels(pixels, mm_per_px)

    def fine_vessels(self, pixels: np.ndarray, mm_per_px: float) -> np.ndarray:
        """Vessels at four times the size, bool."""
        if self.method == "network":
            return fine_vessels(pixels, mm_per_px, times=4, model=self.model)
        size = (4 * pixels.shape[1], 4 * pixels.shape[0])
        evidence = vesselness(pixels, mm_per_px)
        return cv2.resize(evidence, size, interpolation=cv2.INTER_CUBIC) > THRESHOLD


def retia_methods(model: Path | None) -> list[Retia]:
    """The classical filter and, where there is one, the network."""
    methods = [Retia("Retia classical", "classical")]
    if model is not None or (shipped_folder() / "segmenter").is_dir():
        methods.append(Retia("Retia network", "network", model))
    return methods


def timed(function: Callable[..., Any], inputs: Sequence[tuple]) -> tuple[list[Any], float]:
    """Results of a function on many inputs, and its CPU seconds an input (after a warm call)."""
    function(*inputs[0])
    start = time.process_time()
    results = [function(*one) for one in inputs]
    return results, (time.process_time() - start) / len(inputs)
