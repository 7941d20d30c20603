"""Vessels as bright ridges.

A ridge is where the image curves down strongly across one direction: the smallest eigenvalue of
the Hessian is far below zero (Sato et al. 1998, Frangi et al. 1998). Responses at several scales
are maximised; scales are widths of vessels in mm, so the filter sees the same vessels at any
resolution.
"""

import cv2
import numpy as np

SCALES_MM = (0.008, 0.013, 0.022)
"""Standard deviations of the Gaussians: capillaries, small vessels, trunks."""
WIDE_MM = 0.03
"""That of arterioles and venules."""


def ridge_response(
    image: np.ndarray, mm_per_px: float, scales_mm: tuple[float, ...] = SCALES_MM
) -> np.ndarray:
    """Strength of bright ridges.

    Args:
        image: Float, shape `(H, W)`, in [0, 1].
        mm_per_px: Scale.
        scales_mm: Standard deviations to look at.

    Returns:
        Non-negative, shape `(H, W)`, in units of contrast (scale-normalised).
    """
    best = np.zeros(image.shape, np.float32)
    for scale_mm in scales_mm:
        # Below 0.8 px a sampled Gaussian no longer has a meaningful second derivative.
        sigma = max(scale_mm / mm_per_px, 0.8)
        xx, xy, yy = _hessian(image.astype(np.float32), sigma)
        mean, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
        smallest, other = mean - half, mean + half
        # Blobs curve down in both directions, ridges in one: half of the blob part is left out.
        response = -smallest - 0.5 * np.maximum(-other, 0)
        best = np.maximum(best, np.maximum(response, 0) * sigma**1.5)
    return best


def _hessian(image: np.ndarray, sigma: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    radius = int(np.ceil(4 * sigma))
    x = np.arange(-radius, radius + 1, dtype=np.float64)
    g = np.exp(-(x**2) / (2 * sigma**2))
    g /= g.sum()
    first = -x / sigma**2 * g
    second = (x**2 / sigma**4 - 1 / sigma**2) * g
    second -= second.mean()  # a constant image must have no curvature

    def filtered(kx: np.ndarray, ky: np.ndarray) -> np.ndarray:
        # Correlation equals convolution here but for the sign of odd kernels, which cancels.
        return cv2.sepFilter2D(image, cv2.CV_32F, kx, ky, borderType=cv2.BORDER_REFLECT)

    return filtered(second, g), filtered(first, first), filtered(g, second)
