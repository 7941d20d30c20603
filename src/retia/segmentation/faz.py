"""FAZ mask: the dark, round, central place that no vessel crosses.

How dark the FAZ is differs between devices, so several levels are tried. At each, dark background
is eroded with a disc wider than the gaps between capillaries, which cuts the FAZ off from its
surroundings; the large central part is grown back. Of all levels, the one whose outline is
roundest and stands out most against the ring around it is kept (the idea of maximally stable
regions, Matas et al. 2002). Last, its outline is moved to the vessels: experts draw the FAZ up to
the innermost capillaries, and across gaps between them that are narrower than about 0.07 mm.
"""

import cv2
import numpy as np

from retia.segmentation.vessels import THRESHOLD, vesselness

GAP_MM = 0.05
"""Radius of the disc: capillary gaps of healthy eyes are narrower than twice this."""
LEVELS = (0.3, 0.38, 0.46, 0.54, 0.62, 0.7, 0.78)
"""Shares of the typical brightness below which a smoothed pixel is dark."""
REACH_MM = 0.7
"""How quickly a candidate loses weight with its distance from the centre."""
AREA_MM2 = (0.03, 2.0)
"""No FAZ is smaller or larger."""
USUAL_MM2 = 0.15
"""Candidates smaller than most healthy FAZs count for less."""
RING_MM = 0.1
COARSE_MM = 0.01
"""Finer images are shrunk to this scale first: morphology with wide discs is slow."""
PURITY = 2.0
"""How strongly vessels inside a candidate count against it."""
FLOW = 0.09
"""Evidence for flow (see `vesselness`) above which a vessel bounds the FAZ, however dark."""
REACHED_MM = 0.035
"""Radius of the disc that has to fit between the vessels all the way to the outline."""
ROOM_MM = 0.03
"""The dark place grows by no more than this towards the vessels: beyond, drop-out may begin."""


def segment_faz(pixels: np.ndarray, mm_per_px: float) -> np.ndarray:
    """Find the FAZ.

    Args:
        pixels: uint8, shape `(H, W)`.
        mm_per_px: Scale.

    Returns:
        bool, shape `(H, W)`; empty when no dark place of a plausible size is found.
    """
    if mm_per_px < 0.75 * COARSE_MM:
        return _on_coarser_grid(pixels, mm_per_px)
    image = pixels.astype(np.float32) / 255
    smooth = cv2.GaussianBlur(image, (0, 0), 0.025 / mm_per_px)
    typical = float(np.median(smooth))
    strength = vesselness(pixels, mm_per_px)
    flow = strength > FLOW
    vessels = strength > THRESHOLD
    best, best_score = np.zeros(pixels.shape, bool), 0.0
    for level in LEVELS:
        dark = (smooth < level * typical) & ~flow
        mask = _central_part(dark, mm_per_px)
        if mask is None or not AREA_MM2[0] <= mask.sum() * mm_per_px**2 <= AREA_MM2[1]:
            continue
        purity = (1 - float(vessels[mask].mean())) ** PURITY
        score = _roundness(mask) * _contrast(mask, smooth, typical, mm_per_px) * purity
        score *= _centrality(mask, mm_per_px)
        score *= min(1.0, mask.sum() * mm_per_px**2 / USUAL_MM2) ** 0.5
        if score > best_score:
            best, best_score = mask, score
    return _up_to_vessels(best, flow, mm_per_px)


def _up_to_vessels(mask: np.ndarray, flow: np.ndarray, mm_per_px: float) -> np.ndarray:
    """What a disc reaches between the vessels, in and just around the mask."""
    room = _away_mm(mask, mm_per_px) <= ROOM_MM
    core = (_away_mm(flow, mm_per_px) > REACHED_MM) & room
    _, labels = cv2.connectedComponents(core.astype(np.uint8), connectivity=4)
    inside = labels[mask & core]
    if not len(inside):
        return mask
    part = labels == int(np.bincount(inside).argmax())
    # Bright specks inside are noise, not vessels.
    return _filled((_away_mm(part, mm_per_px) <= REACHED_MM) & room)


def _away_mm(mask: np.ndarray, mm_per_px: float) -> np.ndarray:
    """Distance of every pixel to the nearest one of the mask; far everywhere if there is none."""
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5) * mm_per_px


def _on_coarser_grid(pixels: np.ndarray, mm_per_px: float) -> np.ndarray:
    """Find the FAZ in a shrunk image: its outline is far coarser than a fine pixel."""
    height, width = pixels.shape
    shrink = mm_per_px / COARSE_MM
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    mask = segment_faz(small, COARSE_MM).astype(np.float32)
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR) > 0.5


def _centrality(mask: np.ndarray, mm_per_px: float) -> float:
    """1 for a mask at the middle of the image, less the farther away its centre lies."""
    rows, cols = np.nonzero(mask)
    away_px = np.hypot(rows.mean() - mask.shape[0] / 2, cols.mean() - mask.shape[1] / 2)
    return float(np.exp(-((away_px * mm_per_px / REACH_MM) ** 2)))


def _central_part(dark: np.ndarray, mm_per_px: float) -> np.ndarray | None:
    closed = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_CLOSE, _disc(0.02 / mm_per_px))
    core = cv2.erode(closed, _disc(GAP_MM / mm_per_px), borderType=cv2.BORDER_CONSTANT)
    count, labels, stats, centres = cv2.connectedComponentsWithStats(core, connectivity=4)
    if count < 2:
        return None
    middle = np.array(dark.shape[::-1]) / 2
    away_mm = np.hypot(*(centres[1:] - middle).T) * mm_per_px
    weight = stats[1:, cv2.CC_STAT_AREA] * np.exp(-((away_mm / REACH_MM) ** 2))
    seed = (labels == 1 + int(weight.argmax())).astype(np.uint8)
    return _filled(cv2.dilate(seed, _disc(GAP_MM * 1.2 / mm_per_px)))


def _filled(mask: np.ndarray) -> np.ndarray:
    """The mask without holes."""
    filled = mask.astype(np.uint8)
    contours, _ = cv2.findContours(filled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(filled, contours, -1, 1, cv2.FILLED).astype(bool)


def _roundness(mask: np.ndarray) -> float:
    """Area over that of a circle with the same perimeter, in (0, 1]."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=cv2.contourArea)
    perimeter = cv2.arcLength(outline, closed=True)
    return min(1.0, 4 * np.pi * cv2.contourArea(outline) / max(perimeter, 1.0) ** 2)


def _contrast(mask: np.ndarray, smooth: np.ndarray, typical: float, mm_per_px: float) -> float:
    """Brightness of the ring around the mask less that inside, in units of the typical one."""
    wide = cv2.dilate(mask.astype(np.uint8), _disc(RING_MM / mm_per_px)).astype(bool)
    ring = wide & ~mask
    if not ring.any():
        return 0.0
    return max(0.0, float(smooth[ring].mean() - smooth[mask].mean()) / max(typical, 1e-6))


def _disc(radius_px: float) -> np.ndarray:
    radius = max(1, round(radius_px))
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return (x**2 + y**2 <= (radius_px + 0.3) ** 2).astype(np.uint8)
