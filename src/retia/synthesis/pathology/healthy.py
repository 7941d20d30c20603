"""The healthy eye that lesions befall, with what they all ask of it.

In:  vessels, avascular zone, size and scale of the image.
Out: `Healthy`: its capillary calibre, its vessel mask, masks of parts of it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial import KDTree

from retia.synthesis.faz import Faz
from retia.synthesis.rasterizer import Window, draw_mask
from retia.synthesis.vessels import ARTERY, BRIDGE, VEIN, Vessels, selected, stored

SMALL, LARGE = 1.7, 2.4
"""Up to `SMALL` times the typical capillary's radius a vessel is a capillary, from `LARGE` times
on an arteriole or venule: multiples, so that they hold for eyes of any calibre."""

BESIDE_MM = 0.06
"""Vessels nearer to each other than this run side by side."""


@dataclass(frozen=True)
class Healthy:
    """An eye before any lesion.

    Attributes:
        vessels: Its segments, ``S`` rows.
        faz: Its avascular zone.
        image_px: Side of its images.
        mm_per_px: Scale of its images.
    """

    vessels: Vessels
    faz: Faz
    image_px: int
    mm_per_px: float

    @property
    def field_mm(self) -> float:
        """Side of the field."""
        return self.image_px * self.mm_per_px

    @cached_property
    def calibre(self) -> np.ndarray:
        """Radius of every segment over that of a typical capillary, ``(S,)``."""
        return self.vessels.radius_mm / np.median(self.vessels.radius_mm)

    @cached_property
    def middle_mm(self) -> np.ndarray:
        """Midpoint of every segment, ``(S, 2)``."""
        return self.vessels.middle_mm

    @cached_property
    def mask(self) -> np.ndarray:
        """Its vessel mask, bool ``(H, W)``."""
        return self.drawn(self.vessels)

    @cached_property
    def side(self) -> np.ndarray:
        """Artery or vein for every segment; a bridge counts to the vessel it springs from."""
        side = self.vessels.kind.copy()
        bridges = np.flatnonzero(side == BRIDGE)
        for _ in range(len(bridges)):
            side[bridges] = side[self.vessels.parent[bridges]]
            bridges = bridges[side[bridges] == BRIDGE]
            if not len(bridges):
                break
        return side

    @cached_property
    def alone(self) -> np.ndarray:
        """Segments with no arteriole or venule of the other tree beside them, bool ``(S,)``."""
        alone = np.ones(len(self.vessels), bool)
        for side in (ARTERY, VEIN):
            others = (self.side != side) & (self.calibre > LARGE)
            if others.any():
                tree = KDTree(self.middle_mm[others])
                gap, _ = tree.query(self.middle_mm, distance_upper_bound=BESIDE_MM)
                alone &= (self.side != side) | np.isinf(gap)
        return alone

    def side_name(self, segment: int) -> str:
        """`artery` or `vein`."""
        return "vein" if self.side[segment] == VEIN else "artery"

    def drawn(self, vessels: Vessels | None = None, blobs: np.ndarray | None = None) -> np.ndarray:
        """Pixels that some segments, or discs, cover, bool ``(H, W)``.

        Args:
            vessels: The segments.
            blobs: Discs ``(N, 3)`` as ``(x, y, radius)`` in mm.
        """
        vessels = self._nothing if vessels is None else vessels
        blobs = np.zeros((0, 3)) if blobs is None else blobs
        points = np.concatenate([vessels.start_mm, vessels.end_mm, blobs[:, :2]])
        widest = max(vessels.radius_mm.max(initial=0), blobs[:, 2].max(initial=0))
        mask = np.zeros((self.image_px, self.image_px), bool)
        if len(points):
            window = self.window(points, widest + self.mm_per_px)
            mask[self.part(window)] = self.drawn_in(window, vessels, blobs)
        return mask

    def drawn_in(
        self, window: Window, vessels: Vessels, blobs: np.ndarray | None = None
    ) -> np.ndarray:
        """The same in a window alone, bool ``(side, side)``."""
        blobs = np.zeros((0, 3)) if blobs is None else blobs
        return draw_mask(stored(vessels), blobs, self.image_px, self.mm_per_px, window)

    @cached_property
    def _nothing(self) -> Vessels:
        return selected(self.vessels, np.zeros(len(self.vessels), bool))

    def window(self, points_mm: np.ndarray, margin_mm: float) -> Window:
        """The smallest window that holds points and a margin around them."""
        low = (points_mm.min(axis=0) - margin_mm) / self.mm_per_px
        high = (points_mm.max(axis=0) + margin_mm) / self.mm_per_px
        first = np.floor(low).astype(int).clip(0, self.image_px - 1)
        last = np.ceil(high).astype(int).clip(1, self.image_px)
        side = int(np.clip(last - first, 1, self.image_px).max())
        left, top = np.minimum(first, self.image_px - side).tolist()
        return left, top, side

    @staticmethod
    def part(window: Window) -> tuple[slice, slice]:
        """Rows and columns of a window."""
        left, top, side = window
        return slice(top, top + side), slice(left, left + side)

    def within(self, points_mm: np.ndarray, margin_mm: float) -> np.ndarray:
        """Points that lie in the field, at least a margin from its border, bool ``(...)``."""
        low, high = margin_mm, self.field_mm - margin_mm
        return np.asarray(((points_mm > low) & (points_mm < high)).all(axis=-1))

    def clearance_mm(self, mask: np.ndarray, points_mm: np.ndarray) -> np.ndarray:
        """Distance of points ``(N, 2)`` from the nearest pixel of a mask, ``(N,)``."""
        if not mask.any():
            return np.full(len(points_mm), np.inf)
        column, row = (points_mm / self.mm_per_px).astype(int).clip(0, self.image_px - 1).T
        return np.asarray(distance_transform_edt(~mask))[row, column] * self.mm_per_px

    def area_mm2(self, mask: np.ndarray) -> float:
        """Area of a mask."""
        return float(mask.sum() * self.mm_per_px**2)
