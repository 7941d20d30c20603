"""Space colonisation in numba: vessels that grow towards tissue short of oxygen.

In:  the stumps of an arterial and a venous forest, an avascular zone, growth modes.
Out: both forests, grown in place.

Every turn draws sinks of oxygen where no artery supplies them. Each pulls at the nearest
arterial node that can still branch: tips elongate or bifurcate, nodes along a vessel sprout.
Sinks reached by an artery become sources of carbon dioxide, towards which the veins grow in
the same way. Distances shrink from turn to turn, as if the tissue expanded (Rauch & Harders,
VCBM 2021; Kreitner et al., TMI 2024).
"""

import numpy as np
from numba import njit

from retia.synthesis.growth.branching import extend_tip, sprout
from retia.synthesis.growth.grid import occupied
from retia.synthesis.growth.perfusion import (
    add_point,
    announce,
    assign,
    draw_sinks,
    drop_point,
    forget_hosts,
)
from retia.synthesis.growth.state import REACHED
from retia.synthesis.growth.vectors import row

MOST_WAYS = 512
"""No node heeds more points than this (a few dozen are usual)."""


@njit(cache=True)
def grow_forest(rng, forest, tissue, zone, turn):
    """One turn of one forest: vessels grow, and what they reach is marked `REACHED`."""
    old = forest.count[0]
    points, begin = assign(forest, tissue, turn.attraction)
    ways = np.empty((MOST_WAYS, 3))
    for n in range(old):
        if forest.news[n] and begin[n + 1] > begin[n]:
            forest.news[n] = False
            own = points[begin[n] : begin[n + 1]]
            if forest.children[n, 0] < 0:
                extend_tip(rng, forest, n, tissue, own, zone, turn, ways)
            else:
                sprout(rng, forest, n, tissue, own, zone, turn, ways)
    for n in range(old, forest.count[0]):
        announce(forest, n, tissue, turn.attraction, turn.sink_reach)


@njit(cache=True)
def colonize(rng, arteries, veins, sinks, sources, zone, turns):
    """Grow both forests in place.

    Args:
        rng: numpy Generator.
        arteries: `Forest` of arterial stumps.
        veins: `Forest` of venous stumps.
        sinks: `Tissue` short of oxygen.
        sources: `Tissue` rich in carbon dioxide.
        zone: Where vessels may be.
        turns: List of `Turn`.
    """
    attraction = 0.0
    for turn in turns:
        if turn.attraction > attraction:
            forget_hosts(sinks)
            forget_hosts(sources)
        attraction = turn.attraction
        draw_sinks(rng, sinks, arteries, zone, turn)
        grow_forest(rng, arteries, sinks, zone, turn)
        for index in range(sinks.count[0] - 1, -1, -1):
            s = sinks.live[index]
            if sinks.host[s] == REACHED:
                drop_point(sinks, index)
                place = row(sinks.place, s)
                if not occupied(veins.every, veins.place, place, turn.sink_reach):
                    add_point(sources, place)
        grow_forest(rng, veins, sources, zone, turn)
        for index in range(sources.count[0] - 1, -1, -1):
            if sources.host[sources.live[index]] == REACHED:
                drop_point(sources, index)
