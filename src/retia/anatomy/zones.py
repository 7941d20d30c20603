"""Where a point lies, in the words of the ETDRS grid.

In:  a point and the centre of the FAZ, in pixels, with the scale and the laterality.
Out: a `Zone`: ring by distance, quadrant by direction, clock hour as seen in the image.
"""

import math

from retia.records import Zone

RINGS = {"fovea": 0.5, "parafovea": 1.5, "perifovea": 3.0}
"""Outer radius of each ring in mm (ETDRS diameters 1, 3 and 6 mm)."""

QUADRANTS = ("superior-temporal", "superior-nasal", "inferior-temporal", "inferior-nasal")


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
        laterality: `OD` (nasal is right in the image), `OS` (nasal is left) or None (unknown:
            the quadrant then says left or right).

    Returns:
        Ring, quadrant and clock hour. A point on the centre itself has no quadrant and no hour.
    """
    dx = (point_px[0] - fovea_px[0]) * mm_per_px
    dy = (point_px[1] - fovea_px[1]) * mm_per_px
    distance_mm = math.hypot(dx, dy)
    ring = next((name for name, outer in RINGS.items() if distance_mm < outer), "periphery")
    if distance_mm == 0:
        return Zone(ring=ring)
    vertical = "superior" if dy < 0 else "inferior"
    horizontal = _side(dx >= 0, laterality)
    hours = math.degrees(math.atan2(dx, -dy)) % 360 / 30
    return Zone(ring=ring, quadrant=f"{vertical}-{horizontal}", clock=round(hours) % 12 or 12)


def _side(is_right: bool, laterality: str | None) -> str:
    if laterality is None:
        return "right" if is_right else "left"
    return "nasal" if is_right == (laterality == "OD") else "temporal"


def describe_zone(zone: Zone | None) -> str:
    """Words for a zone, such as `the superior-temporal parafovea`; empty when nothing is known."""
    if zone is None or (zone.ring is None and zone.quadrant is None):
        return ""
    return "the " + " ".join(part for part in (zone.quadrant, zone.ring) if part)
