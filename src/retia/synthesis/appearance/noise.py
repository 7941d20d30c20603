"""A physical model of the scan: flow, capillaries below the resolution, speckle.

In:  vessels, blobs, the eye's `Texture`, the grid of the scan.
Out: signal, float32 `(H, W)`, 0 to about 1.
"""

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from retia.synthesis.appearance.texture import Texture
from retia.synthesis.rasterizer import draw_discs, draw_vessels
from retia.synthesis.vessels import TUFT, Vessels

BED_SIGMA_PX = 4.0
BED_TRUNCATE = 2.0
POINT_SIGMA_PX = 0.75
POINT_TRUNCATE = 4.0

NOISE_REACH_PX = 1 + round(BED_SIGMA_PX * BED_TRUNCATE) + 1
"""The blur of the bed spreads farthest; a pixel that a capsule only touches counts too."""


def draw_noise(
    vessels: Vessels, blobs: np.ndarray, texture: Texture, size: int, mm_per_px: float
) -> np.ndarray:
    """Draw the signal of one eye.

    Capillaries are as bright as they are near to the surface, large vessels saturate. Between
    them lies the bed of capillaries below the resolution: as dense as the capillaries that
    survive around it, hidden behind the shadow of large vessels.
    """
    place = vessels.middle_mm[:, ::-1].T / mm_per_px - 0.5
    depth = map_coordinates(texture.depth, place, order=1, mode="nearest")
    wide = 1 - np.exp(-np.maximum(vessels.radius_mm - 0.0035, 0) / 0.008)
    bright = (0.45 + 0.2 * depth) * (1 - wide) + 0.82 * wide
    bright = np.where(vessels.kind == TUFT, 0.85, bright)
    sacs = draw_discs(blobs[:, :2], blobs[:, 2], size, mm_per_px)
    flow = np.maximum(draw_vessels(vessels, size, mm_per_px, bright), 0.82 * sacs)
    cover = np.maximum(draw_vessels(vessels, size, mm_per_px), sacs).astype(np.float32)
    sharp = gaussian_filter(flow.astype(np.float32), POINT_SIGMA_PX, truncate=POINT_TRUNCATE)
    near = gaussian_filter(np.minimum(cover, 0.5), BED_SIGMA_PX, truncate=BED_TRUNCATE)
    bed = np.clip(4 * near, 0, 1) * (1 - cover) * texture.bed
    return (sharp + 0.4 * bed) * texture.speckle + 0.06 * texture.floor + 0.04
