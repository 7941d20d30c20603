"""The pictures of an OCTA-SVR sample: vessel maps of the field, lesions in colour.

In:  a stored eye; the sample in its frame.
Out: uint8 arrays.
"""

from typing import TYPE_CHECKING

import numpy as np

from retia.synthesis.octa_svr.records import DROPOUT, SAC, TUFT, Sample
from retia.synthesis.rasterizer import draw_discs, draw_vessels
from retia.synthesis.vessels import ARTERY, BRIDGE, VEIN, Vessels, selected

if TYPE_CHECKING:
    from retia.synthesis.cohort.table import StoredEye

COLOURS = {DROPOUT: (255, 64, 64), SAC: (255, 220, 64), TUFT: (64, 220, 255)}
"""Red, yellow and cyan, in the order in which they are laid over each other."""
OPACITY = {DROPOUT: 0.25, SAC: 0.8, TUFT: 0.6}


def draw_maps(eye: "StoredEye") -> dict[str, np.ndarray]:
    """Draw arteries, veins, both, and both with white sacs, of the whole field.

    A bridge between both sides belongs to the side it springs from, a new vessel to its host's.

    Returns:
        uint8 ``(H, W)`` by name of the file.
    """
    side = sides(eye.vessels)
    arteries, veins = (
        draw_vessels(selected(eye.vessels, eye.there & (side == s)), eye.image_px, eye.mm_per_px)
        for s in (ARTERY, VEIN)
    )
    both = np.maximum(arteries, veins)
    sacs = draw_discs(eye.blobs[:, :2], eye.blobs[:, 2], eye.image_px, eye.mm_per_px)
    maps = {
        "art_img_gray": arteries,
        "ven_img_gray": veins,
        "art_ven_img_gray": both,
        "pathology_overlay_white": np.maximum(both, sacs),
    }
    return {name: np.round(255 * drawn).astype(np.uint8) for name, drawn in maps.items()}


def sides(vessels: Vessels) -> np.ndarray:
    """`ARTERY` or `VEIN` for every segment, ``(S,)``: that of the first such vessel upstream."""
    side, up = vessels.kind.copy(), vessels.parent
    open_ = np.flatnonzero(side >= BRIDGE)
    while len(open_):
        side[open_] = np.where(up[open_] >= 0, side[up[open_]], ARTERY)
        open_ = open_[side[open_] >= BRIDGE]
    return side


def draw_pathology(overlay: np.ndarray, sample: Sample) -> np.ndarray:
    """Lay the lesions over the vessel map: dropout red, sacs yellow, new vessels cyan.

    Args:
        overlay: Vessel map in the frame, uint8 ``(side, side)``.
        sample: The sample.

    Returns:
        RGB, uint8 ``(side, side, 3)``.
    """
    from scipy.ndimage import binary_erosion

    canvas = np.stack([overlay] * 3, axis=-1).astype(np.float32)
    for kind, colour in COLOURS.items():
        for shown in sample.of(kind):
            tint = (1 - OPACITY[kind]) * canvas[shown.mask] + OPACITY[kind] * np.array(colour)
            canvas[shown.mask] = tint
    for shown in sample.of(DROPOUT):
        canvas[shown.mask & ~np.asarray(binary_erosion(shown.mask), bool)] = COLOURS[DROPOUT]
    return np.round(canvas).astype(np.uint8)
