"""From vessels to something that looks like an OCTA en-face image.

In:  segments, blobs, tissue and one eye's `Texture` (all its noise).
Out: 8-bit grey image.

Everything is local: a pixel depends only on what lies within `REACH_PX` of it. Noise is
drawn per eye before any lesion, nothing is normalised over the image. So an eye without
one of its lesions is identical everywhere else.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from retia.synthesis.rasterizer import draw_discs, draw_vessels
from retia.synthesis.vessels import TUFT, Vessels

REACH_PX = 12
"""No lesion changes pixels farther than this from what it removes or adds."""


@dataclass(frozen=True)
class Texture:
    """All the noise of one eye; fields are ``(H, W)`` unless said otherwise.

    Attributes:
        depth: How near to the surface the capillaries run, about 0 to 1.
        deep: Signal of the deep capillaries that are not resolved, about 0 to 1.
        gain: Slow illumination times motion lines, about 1.
        speckle: Multiplicative noise of mean 1.
        floor: Additive noise of the empty signal.
        strength: Signal strength of the scan, one number.
    """

    depth: np.ndarray
    deep: np.ndarray
    gain: np.ndarray
    speckle: np.ndarray
    floor: np.ndarray
    strength: float


def draw_texture(seed: np.random.SeedSequence, image_px: int) -> Texture:
    """Draw the noise of one eye, each part from a child seed of its own."""
    depth, deep, light, motion, speckle, floor = (
        np.random.default_rng(child) for child in seed.spawn(6)
    )
    shape = (image_px, image_px)
    fine, coarse = _smooth(depth, shape, 3.0), _smooth(depth, shape, 14.0)
    gain = 1 + 0.05 * _smooth(light, shape, image_px / 5)
    tilt = light.normal(0, 0.05, 2) @ (np.indices(shape) / image_px - 0.5).reshape(2, -1)
    gain = gain + tilt.reshape(shape)
    for _ in range(motion.poisson(0.5)):
        row = motion.integers(4, image_px - 4)
        gain[row : row + motion.integers(1, 3)] *= motion.choice([0.72, 1.22])
    ridges = 1 - np.abs(_smooth(deep, shape, 1.5) - 0.5 * _smooth(deep, shape, 3.0))
    grain = gaussian_filter(speckle.gamma(3.0, 1 / 3.0, shape), 0.7)
    return Texture(
        depth=np.clip(0.5 + 0.2 * fine + 0.14 * coarse, 0, 1),
        deep=np.clip(0.25 + 0.75 * ridges, 0, 1.2),
        gain=gain,
        speckle=grain,
        floor=np.abs(gaussian_filter(floor.normal(0, 1, shape), 0.6)),
        strength=float(light.uniform(0.93, 1.06)),
    )


def _smooth(rng: np.random.Generator, shape: tuple[int, int], sigma_px: float) -> np.ndarray:
    """Gaussian noise of standard deviation about 1, smooth over ``sigma_px``."""
    noise = gaussian_filter(rng.normal(size=shape), sigma_px, mode="wrap")
    return noise * (2 * np.sqrt(np.pi) * sigma_px)


def render(
    vessels: Vessels, blobs: np.ndarray, texture: Texture, image_px: int, mm_per_px: float
) -> np.ndarray:
    """Draw one eye.

    Args:
        vessels: Segments that are there.
        blobs: Microaneurysms, ``(N, 3)`` as ``(x, y, radius)`` in mm.
        texture: The eye's noise.
        image_px: Side of the image.
        mm_per_px: Scale.

    Returns:
        uint8 ``(H, W)``.
    """
    size, shown = image_px, vessels
    place = shown.middle_mm[:, ::-1].T / mm_per_px - 0.5
    depth = map_coordinates(texture.depth, place, order=1, mode="nearest")
    wide = 1 - np.exp(-np.maximum(shown.radius_mm - 0.0045, 0) / 0.008)
    bright = (0.30 + 0.46 * depth) * (1 - wide) + 0.95 * wide
    bright = np.where(shown.kind == TUFT, 0.92, bright)
    flow = draw_vessels(shown, size, mm_per_px, bright)
    sacs = draw_discs(blobs[:, :2], blobs[:, 2], size, mm_per_px)
    flow = gaussian_filter(np.maximum(flow, sacs), 0.7, truncate=4)
    # Tissue that its capillaries have left carries no unresolved flow either.
    tissue = np.clip(3 * gaussian_filter(np.minimum(flow, 0.5), 4.0, truncate=2), 0, 1)
    deep = 0.30 * tissue * texture.deep
    signal = 1 - (1 - np.clip(flow, 0, 1)) * (1 - deep)
    signal = signal * texture.gain * texture.strength * texture.speckle
    grey = 1.02 * signal + 0.06 * texture.floor + 0.03
    return np.round(255 * np.clip(grey, 0, 1)).astype(np.uint8)
