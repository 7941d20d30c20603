"""How vessels grow: all parameters of the growth model, with the published values.

Out: `GrowthConfig`; `REFERENCE` is that of Kreitner et al. (TMI 2024).
"""

from dataclasses import dataclass, field, replace
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class GrowthMode:
    """One phase of growth; defaults are those of the superficial complex (SVC)."""

    turns: int = 100
    """Growth turns."""
    sinks_per_mm2: float = 320.0
    """Oxygen sinks drawn in every turn (most of them fall on supplied tissue)."""
    sink_query_mm: float = 0.18
    """Arteries farther than this from a new sink do not supply it."""
    sink_gap_mm: float = 0.135
    """Least distance between two sinks."""
    sink_reach_mm: float = 0.135
    """A new vessel this near supplies a sink (or drains a source)."""
    attraction_mm: float = 0.2925
    """A sink attracts vessels within this distance."""
    cone_deg: float = 50.0
    """Full opening of the cone in which sinks attract a node."""
    spread_deg: float = 15.0
    """A tip bifurcates when the angles to its sinks have a larger standard deviation."""
    inertia: float = 0.3
    """Share of its own direction in the direction of a growing tip."""
    murray_exponent: float = 2.55
    """k of ``r_parent**k = r_1**k + r_2**k`` at nodes grown in this mode."""
    least_bend: float = 0.0
    """Weight with which vessels bend around the FAZ everywhere, squared."""
    step_mm: float = 0.1
    """Length of a segment in the first turn."""
    least_step_mm: float = 0.04
    """Segments never get shorter."""
    expansion: float = 0.02
    """Each turn the tissue expands by this share: all distances above are divided by it."""


SVC = GrowthMode()
"""Superficial vascular complex: the arterioles and venules."""

DVC = GrowthMode(
    turns=150,
    sink_query_mm=0.09,
    sink_gap_mm=0.0675,
    sink_reach_mm=0.0675,
    attraction_mm=0.14625,
    cone_deg=90.0,
    inertia=0.0,
    murray_exponent=2.9,
    step_mm=0.04,
    least_bend=0.01,
)
"""Deep vascular complex: the capillaries that fill what is left."""

CAPILLARIES = replace(DVC, sink_query_mm=0.112, sink_gap_mm=0.084, sink_reach_mm=0.084)
"""The same, but wider apart: bridges add a fifth of their length to the published trees."""


@dataclass(frozen=True, kw_only=True)
class GrowthConfig:
    """How the vessels of an eye grow; `REFERENCE` holds the published parameters."""

    field_mm: float = 3.0
    """Side of the square field that is kept."""
    margin_mm: float = 0.1
    """Vessels also grow this far outside the field, so that trunks cross its border."""
    slab_mm: float = 0.0393
    """Depth of the slab of tissue."""
    arteries: int = 8
    """Arterial stumps on the border of the grown area."""
    veins: int = 8
    """Venous stumps."""
    roots: Literal["alternating", "random", "nerve"] = "alternating"
    """Where stumps lie: artery and vein in turn around the border, crowded where the arcades
    pass; anywhere on it; or in a disc around the optic nerve's head."""
    nerve_mm: tuple[float, float, float] = (4.2, 1.5, 0.3)
    """Centre (x, y) and radius of that disc; x is measured from the temporal side."""
    stump_mm: float = 0.135
    """Length of a stump."""
    terminal_radius_mm: float = 0.0025
    """Radius of a terminal capillary."""
    faz_ring_mm: float = 1.05
    """Within this distance of the fovea vessels bend around the FAZ."""
    faz_sparse: float = 1.2
    """Within this many FAZ radii of the fovea vessels branch less often."""
    first_bend: int = 15
    """They do so after this many turns of a mode."""
    modes: tuple[GrowthMode, ...] = field(default_factory=lambda: (SVC, CAPILLARIES))
    """Phases of growth, one after the other."""
    bridge_mm: float = 0.09
    """Longest anastomosis from a tip to another vessel; 0 leaves trees without loops."""


REFERENCE = GrowthConfig(
    margin_mm=0.0, roots="random", faz_sparse=1.75, bridge_mm=0.0, modes=(SVC, DVC)
)
"""Parameters of Kreitner et al. (TMI 2024), whose graphs are trees; the number of sinks and
`faz_sparse` are fitted to their published graphs."""
