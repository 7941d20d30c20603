"""How close pictures are to other pictures: grey values, spectrum, local contrast.

In:  two stacks of grey images `(N, H, W)`, 0 to 255, of the same scale and size.
Out: three distances; 0 for equal distributions.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.stats import wasserstein_distance

TILE_PX = 9
"""Local contrast is the standard deviation in a window of this side."""


@dataclass(frozen=True)
class Closeness:
    """Distances between two stacks of images.

    Attributes:
        grey: Wasserstein distance of the grey values, in grey levels.
        spectrum: Mean absolute difference of the log10 radial power spectra.
        contrast: Wasserstein distance of the local contrasts, in grey levels.
    """

    grey: float
    spectrum: float
    contrast: float


def closeness(first: np.ndarray, second: np.ndarray) -> Closeness:
    """Compare two stacks of images."""
    return Closeness(
        grey=float(wasserstein_distance(_some(first), _some(second))),
        spectrum=float(np.abs(radial_spectrum(first) - radial_spectrum(second)).mean()),
        contrast=float(
            wasserstein_distance(_some(local_contrast(first)), _some(local_contrast(second)))
        ),
    )


def radial_spectrum(images: np.ndarray) -> np.ndarray:
    """Log10 power by spatial frequency, mean over images; ``(size // 2 - 1,)`` without the mean.

    A Hann window keeps the images' borders out of it.
    """
    size = images.shape[-1]
    window = np.hanning(size)
    inner = images - images.mean(axis=(1, 2), keepdims=True)
    power = np.abs(np.fft.fft2(inner * np.outer(window, window))) ** 2
    frequency = np.fft.fftfreq(size, 1 / size)
    ring = np.hypot(frequency[:, None], frequency[None, :]).round().astype(int)
    count = np.bincount(ring.ravel())
    total = np.bincount(ring.ravel(), weights=power.mean(axis=0).ravel())
    return np.log10(total / count)[1 : size // 2]


def local_contrast(images: np.ndarray) -> np.ndarray:
    """Standard deviation of the grey in a window around each pixel, ``(N, H, W)``."""
    grey = images.astype(np.float64)
    axes = (1, 2)
    mean = uniform_filter(grey, TILE_PX, axes=axes)
    variance = uniform_filter(grey**2, TILE_PX, axes=axes) - mean**2
    return np.sqrt(np.maximum(variance, 0))


def _some(values: np.ndarray) -> np.ndarray:
    """Every seventeenth value is enough for a distribution."""
    return np.ravel(values)[::17].astype(np.float64)
