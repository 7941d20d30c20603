"""What was seen in an image, drawn over it."""

import cv2
import numpy as np

from retia.figures import draw_mask_edges, to_rgb
from retia.figures.overlay import COLOURS, OTHER
from retia.segmentation.masks import Structures

CAPILLARY, LARGE, FAZ = (77, 208, 225), (255, 183, 77), (102, 187, 106)
LIKELY = 0.5
"""Lesions are outlined where they are at least this likely."""


def draw_structures(pixels: np.ndarray, seen: Structures, scale: int = 2) -> np.ndarray:
    """The image, and beside it its vessels (larger ones in amber), FAZ and places of lesions.

    Args:
        pixels: uint8, shape `(H, W)`.
        seen: What was found in it.
        scale: Whole-number enlargement.

    Returns:
        RGB, uint8, shape `(scale H, 2 scale W, 3)`.
    """
    from retia.segmentation.maps import LESIONS

    plain = to_rgb(pixels, scale)
    canvas = to_rgb((pixels * 0.75).astype(np.uint8), scale)
    for mask, colour in ((seen.vessels, CAPILLARY), (seen.large_vessels, LARGE)):
        big = _enlarged(mask, scale)
        tint = 0.45 * canvas[big] + 0.55 * np.array(colour)
        canvas[big] = tint.astype(np.uint8)
    canvas = draw_mask_edges(canvas, seen.faz, FAZ, scale)
    if seen.lesions is not None:
        for kind, p in zip(LESIONS, seen.lesions, strict=True):
            colour = COLOURS.get(kind, OTHER)
            canvas = draw_mask_edges(canvas, p >= LIKELY, colour, scale)
    return np.concatenate([plain, canvas], axis=1)


def _enlarged(mask: np.ndarray, scale: int) -> np.ndarray:
    size = (scale * mask.shape[1], scale * mask.shape[0])
    return cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
