"""Places on the retina: ETDRS rings, quadrants and clock hours, nasal or temporal by laterality."""

from retia.anatomy.zones import (
    QUADRANTS,
    RING_NAMES,
    RINGS,
    Zones,
    describe_zone,
    find_zones,
    locate,
    quadrant_names,
)

__all__ = [
    "QUADRANTS",
    "RINGS",
    "RING_NAMES",
    "Zones",
    "describe_zone",
    "find_zones",
    "locate",
    "quadrant_names",
]
