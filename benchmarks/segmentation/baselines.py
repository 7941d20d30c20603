"""Textbook vessel filters, each tuned (settings and threshold) on training images in the run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from skimage.filters import frangi, sato, threshold_otsu

THRESHOLDS = 160
"""How many thresholds are tried for each setting."""


@dataclass(frozen=True)
class Filter:
    """A filter whose response is higher on vessels, and the settings to choose from."""

    name: str
    settings: tuple[Any, ...]
    response: Callable[[np.ndarray, Any], np.ndarray]
    """Image in [0, 1] and a setting to a response, both `(H, W)`."""


@dataclass(frozen=True)
class Tuned:
    """A filter with the setting and threshold that are best on the training images."""

    filter: Filter
    setting: Any
    threshold: float
    training_dice: float

    def mask(self, pixels: np.ndarray, shape: tuple[int, int] | None = None) -> np.ndarray:
        """Vessels of one image, bool; at another size the response is enlarged, then cut."""
        response = self.filter.response(pixels / 255, self.setting)
        return _enlarged(response, shape or pixels.shape) > self.threshold


def tune(filter: Filter, images: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> Tuned:
    """Choose the setting and threshold of the highest mean Dice.

    Args:
        filter: What to tune.
        images: uint8, `(H, W)`.
        truths: bool, of the same or another size; responses are enlarged to it.
    """
    best = None
    for setting in filter.settings:
        responses = [
            _enlarged(filter.response(image / 255, setting), truth.shape)
            for image, truth in zip(images, truths, strict=True)
        ]
        pooled = np.concatenate([response.ravel()[::37] for response in responses])
        # From the emptiest to the fullest mask anyone would draw; dense where vessels end.
        levels = np.unique(np.quantile(pooled, np.linspace(0.3, 0.99, THRESHOLDS)))
        curves = [_dice_at(r, t, levels) for r, t in zip(responses, truths, strict=True)]
        mean = np.mean(curves, axis=0)
        at = int(mean.argmax())
        if best is None or mean[at] > best.training_dice:
            best = Tuned(filter, setting, float(levels[at]), float(mean[at]))
    assert best is not None, "a filter needs at least one setting"
    return best


def _enlarged(response: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if response.shape == tuple(shape):
        return response
    size = (shape[1], shape[0])
    return cv2.resize(response.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)


def _dice_at(response: np.ndarray, truth: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Dice of `response > level` for every level, from two histograms."""
    above, hits = (_above(values, levels) for values in (response.ravel(), response[truth]))
    return 2 * hits / np.maximum(above + int(truth.sum()), 1)


def _above(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    ranks = np.searchsorted(levels, values, side="left")
    counts = np.bincount(ranks, minlength=len(levels) + 1)
    return counts[::-1].cumsum()[::-1][1:]


def _otsu(image: np.ndarray, sigma: float) -> np.ndarray:
    smooth = _smooth(image, sigma)
    # In units of Otsu's own level: the tuned threshold is a factor near 1.
    return smooth / threshold_otsu(smooth)


def _adaptive(image: np.ndarray, setting: tuple[float, float]) -> np.ndarray:
    fine, wide = setting
    return _smooth(image, fine) - _smooth(image, wide)


def _frangi(image: np.ndarray, sigmas: Any) -> np.ndarray:
    return frangi(image, sigmas=sigmas, black_ridges=False)


def sato_response(image: np.ndarray, sigmas: Any) -> np.ndarray:
    """Strength of bright ridges of an image in [0, 1] (Sato et al. 1998); sigmas in px."""
    return sato(image, sigmas=sigmas, black_ridges=False)


def _smooth(image: np.ndarray, sigma: float) -> np.ndarray:
    image = image.astype(np.float32)
    return cv2.GaussianBlur(image, (0, 0), sigma) if sigma else image


SCALES = ((1,), (1, 2), (1, 2, 3), (2, 3), (2, 3, 4), (3, 5))
FILTERS = (
    Filter("Otsu", (0, 0.5, 1, 1.5, 2), _otsu),
    Filter("adaptive", tuple((f, w) for f in (0.5, 1, 1.5) for w in (8, 16, 32)), _adaptive),
    Filter("Frangi", SCALES, _frangi),
    Filter("Sato", SCALES, sato_response),
)
