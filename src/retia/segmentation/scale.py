"""One scale and one brightness for every scan that a network reads.

In:  pixels of any device and scale.
Out: float32 at `STANDARD_MM` a pixel, whose typical tissue is 0 and whose bright vessels are 1.
"""

import cv2
import numpy as np

STANDARD_MM = 3 / 304
"""Side of a pixel of a 3 mm scan of 304 px."""
CLOSE = 0.06
"""Scales that differ by less than this share are left as they are."""


def at_standard_scale(pixels: np.ndarray, mm_per_px: float) -> np.ndarray:
    """Resample a scan.

    Args:
        pixels: uint8 or float, shape `(H, W)`.
        mm_per_px: Its scale.

    Returns:
        float32, of about the standard scale; the very pixels where they have it already.
    """
    times = mm_per_px / STANDARD_MM
    image = pixels.astype(np.float32)
    if abs(times - 1) < CLOSE:
        return image
    height, width = image.shape
    size = (max(16, round(width * times)), max(16, round(height * times)))
    # Averaging keeps noise of fine grids out; enlarging must not invent edges.
    method = cv2.INTER_AREA if times < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), np.float32)


def normalised(image: np.ndarray) -> np.ndarray:
    """Shift and stretch the grey values: median to 0, 98th percentile to 1; flat images to 0."""
    middle, bright = np.percentile(image, [50, 98])
    return ((image - middle) / max(float(bright - middle), 4.0)).astype(np.float32)
