"""Places on the retina: ETDRS rings, quadrants, clock hours; laterality decides nasal or temporal."""

from retia.anatomy.zones import QUADRANTS, RINGS, describe_zone, locate

__all__ = ["QUADRANTS", "RINGS", "describe_zone", "locate"]
