"""Both masks of one image."""

import numpy as np

from retia.segmentation.faz import segment_faz
from retia.segmentation.vessels import segment_vessels


def segment_image(pixels: np.ndarray, mm_per_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Find vessels and FAZ.

    Args:
        pixels: uint8, shape `(H, W)`.
        mm_per_px: Scale.

    Returns:
        Two bool masks, shape `(H, W)`: vessels (none inside the FAZ), and the FAZ.
    """
    faz = segment_faz(pixels, mm_per_px)
    return segment_vessels(pixels, mm_per_px) & ~faz, faz
