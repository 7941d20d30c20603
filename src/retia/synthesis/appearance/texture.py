"""All the noise of one eye and of its scan, drawn once before any lesion.

In:  a seed, the size of the image, its scale.
Out: `Texture`; the appearances read it and draw no noise of their own.

Eyes are scanned on a grid of `SCAN_MM_PER_PX`, as common devices do (304 lines over 3 mm),
whatever the size of the image: larger images are resampled from the scan.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

SCAN_MM_PER_PX = 3 / 304
SPECKLE = 0.25
"""Standard deviation of the logarithm of the speckle."""
GRAIN_SIGMAS_PX = (0.0, 1.0, 4.0)
"""White noise for the speckle, wider noise for capillaries and for their local density."""


@dataclass(frozen=True)
class Texture:
    """Noise on the grid of the scan; fields are ``(H, W)`` float32 unless said otherwise.

    Attributes:
        grain: ``(3, H, W)``, Gaussian noise that the learned renderer turns into texture.
        depth: How near to the surface the capillaries run, about 0 to 1.
        bed: Signal of the capillaries that are not resolved, about 0 to 1.
        speckle: Multiplicative noise of mean 1.
        floor: Noise of the empty signal, 0 and more.
        gain: Illumination, vignetting, floaters and motion lines, about 1.
        sharpness: 0 as drawn, -1 where the scan is blurred, 1 where its edges are enhanced.
        edge_px: Width of the edges that are blurred or enhanced, one number.
        smear: Share that each pixel gives to both neighbours along columns and along rows,
            ``(2,)``: a scan is seldom as sharp from line to line as within a line.
        pixel_noise: Share of noise that differs from pixel to pixel, one number.
        gamma: Contrast of the scan, about 1, one number.
        strength: Signal strength of the scan, about 1, one number.
    """

    grain: np.ndarray
    depth: np.ndarray
    bed: np.ndarray
    speckle: np.ndarray
    floor: np.ndarray
    gain: np.ndarray
    sharpness: np.ndarray
    edge_px: float
    smear: tuple[float, float]
    pixel_noise: float
    gamma: float
    strength: float


def scan_px(image_px: int, mm_per_px: float) -> int:
    """Side of the scan behind an image; even, as the learned renderer needs it."""
    return 2 * max(1, round(image_px * mm_per_px / SCAN_MM_PER_PX / 2))


def draw_texture(seed: np.random.SeedSequence, image_px: int, mm_per_px: float) -> Texture:
    """Draw the noise of one eye, each part from a child seed of its own.

    Args:
        seed: Of the eye's noise alone.
        image_px: Side of the image.
        mm_per_px: Its scale.

    Returns:
        The noise, on the grid of the scan.
    """
    grain, depth, bed, speckle, floor, light, motion, floaters, sharpness, scan = (
        np.random.default_rng(child) for child in seed.spawn(10)
    )
    size = scan_px(image_px, mm_per_px)
    shape = (size, size)
    waves = smooth_noise(bed, shape, 1.2) + 0.4 * smooth_noise(bed, shape, 3.0)
    clouds = 0.2 * smooth_noise(depth, shape, 2.5) + 0.12 * smooth_noise(depth, shape, 14.0)
    return Texture(
        grain=draw_grain(grain, shape),
        depth=np.clip(0.5 + clouds, 0, 1),
        # The zero lines of smooth noise wind and branch about as capillaries do.
        bed=np.clip(1 - 0.9 * np.abs(waves), 0, 1),
        speckle=np.exp(SPECKLE * smooth_noise(speckle, shape, 0.7) - SPECKLE**2 / 2),
        floor=np.abs(floor.standard_normal(shape, np.float32)),
        gain=_light(light, size) * _motion(motion, size) * _floaters(floaters, size),
        sharpness=_sharpness(sharpness, size),
        edge_px=float(scan.uniform(0.7, 1.4)),
        smear=(float(scan.uniform(0.0, 0.12)), float(scan.uniform(0.0, 0.12))),
        pixel_noise=float(scan.uniform(0.0, 0.2)),
        gamma=float(np.exp(scan.normal(0.0, 0.1))),
        strength=float(np.exp(scan.normal(0.1, 0.07))),
    )


def draw_grain(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Draw maps of Gaussian noise of standard deviation 1, ``(3, H, W)`` float32."""
    return np.stack([smooth_noise(rng, shape, sigma) for sigma in GRAIN_SIGMAS_PX])


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], sigma_px: float) -> np.ndarray:
    """Gaussian noise of standard deviation about 1, smooth over ``sigma_px``; float32.

    Slow noise is drawn on a coarse grid and resampled.
    """
    import cv2

    step = max(1, int(sigma_px / 2))
    coarse = (-(-shape[0] // step), -(-shape[1] // step))
    noise = rng.standard_normal(coarse, np.float32)
    if sigma_px == 0:
        return noise
    sigma = sigma_px / step
    noise = gaussian_filter(noise, sigma, mode="wrap") * np.float32(2 * np.sqrt(np.pi) * sigma)
    if step > 1:
        noise = cv2.resize(noise, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return noise


def _axes(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows ``(H, 1)`` and columns ``(1, W)`` from -1 to 1."""
    line = np.linspace(-1, 1, size, dtype=np.float32)
    return line[:, None], line[None, :]


def _light(rng: np.random.Generator, size: int) -> np.ndarray:
    """Uneven illumination: slow clouds, a tilt, and corners that are darker than the middle."""
    y, x = _axes(size)
    clouds = 1 + 0.05 * smooth_noise(rng, (size, size), size / 6)
    tilt = rng.normal(0, 0.05, 2)
    return (clouds + tilt[0] * y + tilt[1] * x) * (1 - rng.uniform(0, 0.08) * (x * x + y * y))


def _motion(rng: np.random.Generator, size: int) -> np.ndarray:
    """Lines of a moving eye: one or two rows of another brightness. Rows are scan lines."""
    gain = np.ones((size, 1), np.float32)
    for _ in range(rng.poisson(0.6)):
        row = rng.integers(2, size - 2)
        gain[row : row + rng.integers(1, 3)] *= rng.choice([0.78, 1.2])
    return gain


def _floaters(rng: np.random.Generator, size: int) -> np.ndarray:
    """Shadows of vitreous floaters: one eye in eight has one or two soft, dark, long spots."""
    y, x = _axes(size)
    gain = np.ones((size, size), np.float32)
    for _ in range(rng.choice([0, 1, 2], p=[0.875, 0.09, 0.035])):
        at, turn = rng.uniform(-0.9, 0.9, 2), rng.uniform(0, np.pi)
        long, wide = rng.uniform(0.12, 0.35), rng.uniform(0.05, 0.14)
        u = (x - at[0]) * np.cos(turn) + (y - at[1]) * np.sin(turn)
        v = (y - at[1]) * np.cos(turn) - (x - at[0]) * np.sin(turn)
        gain *= 1 - rng.uniform(0.15, 0.5) * np.exp(-((u / long) ** 2) - (v / wide) ** 2)
    return gain


def _sharpness(rng: np.random.Generator, size: int) -> np.ndarray:
    """Most exports enhance edges; one scan in seven loses its resolution towards one side."""
    y, x = _axes(size)
    turn = rng.uniform(0, 2 * np.pi)
    lost = rng.uniform(0.5, 1.0) if rng.random() < 0.15 else rng.uniform(0, 0.2)
    ramp = 0.5 + 0.5 * (x * np.cos(turn) + y * np.sin(turn))
    ramp = np.clip(ramp + 0.2 * smooth_noise(rng, (size, size), size / 8), 0, 1)
    even = rng.uniform(0, 0.8)
    return (even - (even + 1) * lost * ramp).astype(np.float32)
