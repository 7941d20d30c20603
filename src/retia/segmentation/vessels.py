"""Vessel mask: ridges plus local brightness, one threshold.

Ridges find capillaries, brightness above the neighbourhood fills broad trunks. The threshold is
absolute, so that a region without flow stays empty instead of filling with amplified noise.
"""

import cv2
import numpy as np

from retia.segmentation.regions import without_specks
from retia.segmentation.ridges import WIDE_MM, ridge_response

NEIGHBOURHOOD_MM = 0.4
BRIGHTNESS_WEIGHT = 0.3
THRESHOLD = 0.06
BROAD_MM, BROAD_THRESHOLD = 0.018, 0.18
"""Blur that only larger vessels survive, and the brightness above their surroundings that is
left of them."""


def segment_vessels(pixels: np.ndarray, mm_per_px: float) -> np.ndarray:
    """Find vessels.

    Args:
        pixels: uint8, shape `(H, W)`.
        mm_per_px: Scale.

    Returns:
        bool, shape `(H, W)`.
    """
    return without_specks(vesselness(pixels, mm_per_px) > THRESHOLD, mm_per_px)


def segment_large_vessels(pixels: np.ndarray, mm_per_px: float) -> np.ndarray:
    """Find arterioles and venules.

    Args:
        pixels: uint8, shape `(H, W)`.
        mm_per_px: Scale.

    Returns:
        bool, shape `(H, W)`.
    """
    image = pixels.astype(np.float32) / 255
    around = _local_mean(image, NEIGHBOURHOOD_MM / mm_per_px)
    broad = cv2.GaussianBlur(image, (0, 0), BROAD_MM / mm_per_px) - around
    broad += ridge_response(image, mm_per_px, (WIDE_MM,))
    return without_specks(broad > BROAD_THRESHOLD, mm_per_px)


def vesselness(pixels: np.ndarray, mm_per_px: float) -> np.ndarray:
    """Evidence for flow, float32, shape `(H, W)`; vessels lie above `THRESHOLD`."""
    image = pixels.astype(np.float32) / 255
    around = _local_mean(image, NEIGHBOURHOOD_MM / mm_per_px)
    return ridge_response(image, mm_per_px) + BRIGHTNESS_WEIGHT * (image - around)


def _local_mean(image: np.ndarray, sigma: float) -> np.ndarray:
    # A wide Gaussian needs no fine grid, and on one it would cost most of the time.
    shrink = max(1, int(sigma / 10))
    height, width = image.shape
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
