"""From vessels to something that looks like an OCTA en-face image.

In:  segments, blobs and one eye's `Texture` (all its noise).
Out: 8-bit grey image.

Everything is local: a pixel depends only on what lies within `reach_px` of it. Nothing is
drawn at random here and nothing is normalised over the image. So an eye without one of its
lesions is identical everywhere else.
"""

import math
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from retia.errors import UserError, did_you_mean
from retia.synthesis.appearance.learned import draw_learned, learned_reach_px
from retia.synthesis.appearance.noise import NOISE_REACH_PX, draw_noise
from retia.synthesis.appearance.texture import SCAN_MM_PER_PX, Texture
from retia.synthesis.rasterizer import draw_discs, draw_vessels
from retia.synthesis.vessels import Vessels

Appearance = Literal["plain", "noise", "learned"]
BEST: Appearance = "learned"

BLUR_REACH_PX = 3
SMEAR_REACH_PX = 1
CUBIC_REACH_PX = 3
"""Bicubic resampling looks two pixels away; one more for its different grid."""


def render(
    vessels: Vessels,
    blobs: np.ndarray,
    texture: Texture,
    image_px: int,
    mm_per_px: float,
    appearance: Appearance = BEST,
    renderer: Path | None = None,
) -> np.ndarray:
    """Draw one eye.

    `plain` is the true coverage of each pixel. `noise` is a physical model of the scan,
    `learned` a network that repeats how real-looking scans show vessels; both are drawn on
    the grid of the scan (`SCAN_MM_PER_PX`) and resampled to the image.

    Args:
        vessels: Segments that are there.
        blobs: Microaneurysms, ``(N, 3)`` as ``(x, y, radius)`` in mm.
        texture: The eye's noise; made for this ``image_px`` and ``mm_per_px``.
        image_px: Side of the image.
        mm_per_px: Scale.
        appearance: What to draw.
        renderer: Folder of `retia render train` for `learned`; the shipped one if absent.

    Returns:
        uint8 ``(H, W)``.

    Raises:
        UserError: If the appearance is unknown, or the learned one cannot be loaded.
    """
    _check(appearance)
    if appearance == "plain":
        flow = draw_vessels(vessels, image_px, mm_per_px)
        sacs = draw_discs(blobs[:, :2], blobs[:, 2], image_px, mm_per_px)
        return np.round(255 * np.maximum(flow, sacs)).astype(np.uint8)
    size = len(texture.gain)
    scale = image_px * mm_per_px / size
    if appearance == "noise":
        signal = draw_noise(vessels, blobs, texture, size, scale)
    else:
        signal = draw_learned(vessels, blobs, texture, size, scale, renderer)
    grey = _scanned(signal, texture)
    if size != image_px:
        import cv2

        shrunk = image_px < size
        how = cv2.INTER_AREA if shrunk else cv2.INTER_CUBIC
        grey = cv2.resize(grey, (image_px, image_px), interpolation=how)
    return np.round(255 * np.clip(grey, 0, 1)).astype(np.uint8)


def reach_px(
    appearance: Appearance = BEST, mm_per_px: float = SCAN_MM_PER_PX, renderer: Path | None = None
) -> int:
    """How far, in pixels of the image, a change of the vessels can spread.

    Counted from the pixels that the changed vessels touch.

    Args:
        appearance: See `render`.
        mm_per_px: Scale of the image.
        renderer: See `render`.

    Raises:
        UserError: If the appearance is unknown, or the learned one cannot be found.
    """
    _check(appearance)
    if appearance == "plain":
        return 0
    inner = NOISE_REACH_PX if appearance == "noise" else learned_reach_px(renderer)
    inner += BLUR_REACH_PX + SMEAR_REACH_PX
    ratio = SCAN_MM_PER_PX / mm_per_px
    if math.isclose(ratio, 1, rel_tol=1e-6):
        return inner
    # One pixel each way because the grids of scan and image do not coincide.
    return math.ceil((inner + CUBIC_REACH_PX + 1) * ratio) + 1


def _check(appearance: str) -> None:
    known = get_args(Appearance)
    if appearance not in known:
        raise UserError(
            f"appearance is `{appearance}`. Expected {', '.join(known)}."
            f"{did_you_mean(str(appearance), known)}"
        )


def _scanned(signal: np.ndarray, texture: Texture) -> np.ndarray:
    """What the scan does to the signal: resolution, contrast, light, motion lines, pixel noise."""
    import cv2

    edge = cv2.BORDER_REFLECT
    along_columns, along_rows = (np.array([s, 1 - 2 * s, s], np.float32) for s in texture.smear)
    signal = cv2.sepFilter2D(signal, -1, along_rows, along_columns, borderType=edge)
    side = 2 * BLUR_REACH_PX + 1
    soft = cv2.GaussianBlur(signal, (side, side), texture.edge_px, borderType=edge)
    grey = np.maximum(signal + texture.sharpness * (signal - soft), 0)
    grey = grey**texture.gamma * texture.strength * texture.gain
    return grey * (1 + texture.pixel_noise * texture.grain[0])
