"""What lies around each place of an eye: maps on a grid of about 10 µm.

Discs count only as far as they lie inside the image and outside of the FAZ. The grid makes the
numbers those of the eye, not of the pixels: fine images are measured as coarse ones are.
"""

from dataclasses import dataclass

import cv2
import numpy as np

GRID_UM = 10.0
DENSITY_UM, CALIBRE_UM, GAP_UM = 100.0, 200.0, 200.0
BLUR_UM, SPREAD_UM = 50.0, 150.0
SPOT_UM = 20.0
"""Radii of the discs, and the width of the blur that shows sacs (its partner is twice as wide)."""


@dataclass(frozen=True)
class Surroundings:
    """What lies around the vessels of one image, all `(H, W)`.

    Attributes:
        vessels: Bool.
        image: Float in [0, 1], or None.
        rim: The FAZ and what belongs to its rim, bool.
        faz_distance_px: Float, distance to the FAZ, 0 inside it.
        vessel_depth_px: Float, distance of vessel pixels to the nearest non-vessel pixel.
        free_depth_px: Float, distance of free pixels to the nearest vessel pixel.
        mm_per_px: Scale.
    """

    vessels: np.ndarray
    image: np.ndarray | None
    rim: np.ndarray
    faz_distance_px: np.ndarray
    vessel_depth_px: np.ndarray
    free_depth_px: np.ndarray
    mm_per_px: float


@dataclass(frozen=True)
class LocalMaps:
    """Float32 maps on the grid; `step` pixels a cell. Names and units as in `features`."""

    step: int
    inside: np.ndarray
    local_vessel_density: np.ndarray
    local_calibre_um: np.ndarray
    local_gap_um: np.ndarray
    local_intensity: np.ndarray
    local_intensity_std: np.ndarray
    spot_contrast: np.ndarray

    def at(self, name: str, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        """Values of a map at pixels of the image."""
        return getattr(self, name)[rows // self.step, cols // self.step].astype(float)


def map_surroundings(around: Surroundings) -> LocalMaps:
    """Measure what lies around each place of one image."""
    um_per_px = around.mm_per_px * 1000
    step = max(1, round(GRID_UM / um_per_px))
    cell_um = step * um_per_px

    def summed(field: np.ndarray) -> np.ndarray:
        return _block_sums(field.astype(np.float32), step)

    def disc(field: np.ndarray, radius_um: float) -> np.ndarray:
        return disc_sums(field, radius_um / cell_um)

    counted = ~around.rim
    number, vessels = summed(counted), summed(around.vessels & counted)
    image = np.zeros(counted.shape, np.float32) if around.image is None else around.image
    grey = summed(image * counted)
    pixels = disc(number, DENSITY_UM)
    depth = disc(summed(around.vessel_depth_px), CALIBRE_UM)
    gap = _block_highest(np.where(counted, around.free_depth_px, 0), step)
    blurred = _ratio(disc(grey, BLUR_UM), disc(number, BLUR_UM))
    weight = disc(number, SPREAD_UM)
    mean = _ratio(disc(number * blurred, SPREAD_UM), weight)
    square = _ratio(disc(number * blurred**2, SPREAD_UM), weight)
    cells = summed(np.ones(counted.shape))
    smooth = summed(image) / cells
    narrow, wide = (
        cv2.GaussianBlur(smooth, (0, 0), factor * SPOT_UM / cell_um) for factor in (1, 2)
    )
    return LocalMaps(
        step=step,
        inside=cells,
        local_vessel_density=np.clip(_ratio(disc(vessels, DENSITY_UM), pixels), 0, 1),
        local_calibre_um=_ratio(depth, disc(summed(around.vessels), CALIBRE_UM)) * um_per_px,
        local_gap_um=cv2.dilate(gap, _disc(GAP_UM / cell_um).astype(np.uint8)) * um_per_px,
        local_intensity=np.clip(_ratio(disc(grey, DENSITY_UM), pixels), 0, 1),
        local_intensity_std=np.sqrt(np.maximum(square - mean**2, 0)),
        spot_contrast=narrow - wide,
    )


def relative(values: np.ndarray) -> np.ndarray:
    """Values over their median; ones where that is 0."""
    middle = np.median(values) if len(values) else 0.0
    return values / middle if middle > 0 else np.ones(len(values))


def disc_sums(field: np.ndarray, radius: float) -> np.ndarray:
    """Sum over a disc around every cell; beyond the image nothing is counted."""
    kernel = _disc(radius).astype(np.float32)
    sums = cv2.filter2D(field, cv2.CV_32F, kernel, borderType=cv2.BORDER_CONSTANT)
    # Large discs are summed by Fourier transform, which leaves rounding errors around 0.
    return np.maximum(sums, 0)


def _disc(radius: float) -> np.ndarray:
    at = np.arange(-int(radius), int(radius) + 1)
    return np.hypot(at[:, None], at[None, :]) <= radius


def _ratio(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """One over the other; 0 where there is nothing to divide by (less than half a pixel)."""
    return np.divide(one, other, out=np.zeros_like(one), where=other > 0.5)


def _padded(field: np.ndarray, step: int) -> np.ndarray:
    """As many whole cells as hold the field; zeros beyond the image."""
    below, right = (-n % step for n in field.shape)
    return cv2.copyMakeBorder(field, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(0.0,))


def _block_sums(field: np.ndarray, step: int) -> np.ndarray:
    padded = _padded(field, step)
    size = padded.shape[1] // step, padded.shape[0] // step
    return cv2.resize(padded, size, interpolation=cv2.INTER_AREA) * np.float32(step**2)


def _block_highest(field: np.ndarray, step: int) -> np.ndarray:
    padded = _padded(field.astype(np.float32), step)
    height, width = padded.shape
    of_rows = padded.reshape(height // step, step, width).max(axis=1)
    return np.ascontiguousarray(of_rows.reshape(height // step, width // step, step).max(axis=2))
