"""Where a point lies, in the words of the ETDRS grid.

In:  points and the centre of the FAZ, in pixels, with the scale and the laterality.
Out: ring by distance, quadrant by direction, clock hour as seen in the image; for one point as a
     `Zone`, for many as the arrays of `Zones`.
"""

from dataclasses import dataclass

import numpy as np

from retia.records import Zone

RINGS = {"fovea": 0.5, "parafovea": 1.5, "perifovea": 3.0}
"""Outer radius of each ring in mm (ETDRS diameters 1, 3 and 6 mm)."""
RING_NAMES = (*RINGS, "periphery")
"""All rings from the centre outwards; a number of a ring is a place in this list."""

QUADRANTS = ("superior-temporal", "superior-nasal", "inferior-temporal", "inferior-nasal")


@dataclass(frozen=True)
class Zones:
    """Zones of points, arrays of one shape.

    Attributes:
        ring: int64, place in `RING_NAMES`.
        quadrant: int64, place in `quadrant_names`; -1 on the centre itself.
        clock: int64, 1 to 12; 0 on the centre itself.
    """

    ring: np.ndarray
    quadrant: np.ndarray
    clock: np.ndarray


def find_zones(dx_mm: np.ndarray, dy_mm: np.ndarray) -> Zones:
    """Name the zones of many points.

    Args:
        dx_mm: To the right of the centre of the FAZ, in mm.
        dy_mm: Below it, in mm; of a shape that fits `dx_mm`.
    """
    distance = np.hypot(dx_mm, dy_mm)
    central = distance == 0
    ring = np.searchsorted(list(RINGS.values()), distance, side="right")
    quadrant = (dy_mm >= 0) * 2 + (dx_mm >= 0)
    hours = np.rint(np.degrees(np.arctan2(dx_mm, -dy_mm)) % 360 / 30).astype(np.int64) % 12
    clock = np.where(hours == 0, 12, hours)
    return Zones(ring, np.where(central, -1, quadrant), np.where(central, 0, clock))


def quadrant_names(laterality: str | None) -> tuple[str, str, str, str]:
    """Names of the upper left, upper right, lower left and lower right quadrant of the image.

    Args:
        laterality: `OD` (nasal is right in the image), `OS` (nasal is left) or None (unknown:
            the names then say left or right).
    """
    sides = {None: ("left", "right"), "OD": ("temporal", "nasal"), "OS": ("nasal", "temporal")}
    left, right = sides[laterality]
    return f"superior-{left}", f"superior-{right}", f"inferior-{left}", f"inferior-{right}"


def locate(
    point_px: tuple[float, float],
    fovea_px: tuple[float, float],
    mm_per_px: float,
    laterality: str | None,
) -> Zone:
    """Name the zone of a point.

    Args:
        point_px: `(x, y)`; x grows to the right, y downwards.
        fovea_px: `(x, y)` of the centre of the FAZ.
        mm_per_px: Side of one pixel in mm.
        laterality: `OD`, `OS` or None, as in `quadrant_names`.

    Returns:
        Ring, quadrant and clock hour. A point on the centre itself has no quadrant and no hour.
    """
    dx, dy = ((p - f) * mm_per_px for p, f in zip(point_px, fovea_px, strict=True))
    zones = find_zones(np.array([dx]), np.array([dy]))
    ring, quadrant = RING_NAMES[zones.ring[0]], int(zones.quadrant[0])
    if quadrant < 0:
        return Zone(ring=ring)
    return Zone(ring=ring, quadrant=quadrant_names(laterality)[quadrant], clock=int(zones.clock[0]))


def describe_zone(zone: Zone | None) -> str:
    """Words for a zone, such as `the superior-temporal parafovea`; empty when nothing is known."""
    if zone is None or (zone.ring is None and zone.quadrant is None):
        return ""
    return "the " + " ".join(part for part in (zone.quadrant, zone.ring) if part)
