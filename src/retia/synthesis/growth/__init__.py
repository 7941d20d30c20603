"""Growth of a healthy eye's vessels by space colonisation."""

from retia.synthesis.growth.config import (
    CAPILLARIES,
    DVC,
    REFERENCE,
    SVC,
    GrowthConfig,
    GrowthMode,
)
from retia.synthesis.growth.grow import draw_roots, grow_vessels

__all__ = [
    "CAPILLARIES",
    "DVC",
    "REFERENCE",
    "SVC",
    "GrowthConfig",
    "GrowthMode",
    "draw_roots",
    "grow_vessels",
]
