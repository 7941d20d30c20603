"""Places on the retina: ETDRS rings, quadrants and clock hours, nasal or temporal by laterality."""

from retia.anatomy.zones import QUADRANTS, RINGS, describe_zone, locate

__all__ = ["QUADRANTS", "RINGS", "describe_zone", "locate"]
