"""Which tissue lacks a vessel, and which vessel it calls for. All functions are numba kernels.

In:  a `Forest` and the `Tissue` it shall supply.
Out: the same; every point of the tissue knows its host, the nearest node that can branch.
"""

import math

import numpy as np
from numba import njit

from retia.synthesis.growth.grid import cells_within, distance2, hang, nearest, occupied, unhang
from retia.synthesis.growth.state import NONE, REACHED, UNKNOWN
from retia.synthesis.growth.vectors import row


@njit(cache=True)
def rim_distance(x, y, zone):
    """Distance outside the FAZ's outline, along the ray from its centre; negative inside."""
    dx, dy = x - zone.center[0], y - zone.center[1]
    return math.hypot(dx, dy) - rim_radius(dx, dy, zone)


@njit(cache=True)
def rim_radius(dx, dy, zone):
    """Distance from the FAZ's centre to its outline in one direction."""
    degree = math.degrees(math.atan2(dy, dx)) % 360.0
    low = int(degree) % 360
    part = degree - int(degree)
    return zone.rim[low] * (1 - part) + zone.rim[(low + 1) % 360] * part


@njit(cache=True)
def perfusion_distance(radius):
    """How far a vessel supplies the tissue around it, in mm: most at a capillary of 3.5 um.

    The wall's permeability as in Kreitner et al. (TMI 2024), there for a cube of 3 mm.
    """
    ratio = radius / 0.0035
    return 0.02 * 0.2039 * 6 * ratio * math.exp(1 - ratio)


@njit(cache=True)
def draw_sinks(rng, tissue, arteries, zone, turn):
    """Draw the turn's sinks; those that an artery supplies, or too near to another, are none."""
    reach = max(turn.query, turn.sink_reach)
    side = zone.high - zone.low
    for _ in range(turn.sinks):
        x, y = zone.low + side * rng.random(), zone.low + side * rng.random()
        place = (x, y, zone.thick * rng.random())
        if rim_distance(place[0], place[1], zone) < 0:
            continue
        if occupied(tissue.grid, tissue.place, place, turn.sink_gap):
            continue
        if supplied(arteries, place, reach):
            continue
        add_point(tissue, place)


@njit(cache=True)
def supplied(forest, place, reach):
    """Whether a node within ``reach`` lies closer than its own perfusion distance."""
    grid = forest.every
    furthest = min(reach, 0.0245)  # the perfusion distance is never longer
    i0, i1, j0, j1 = cells_within(grid, place, furthest)
    for i in range(i0, i1):
        for j in range(j0, j1):
            at = grid.head[i, j]
            while at >= 0:
                d2 = distance2(row(forest.place, at), place)
                near = d2 < furthest * furthest  # spares most exponentials
                if near and d2 < perfusion_distance(forest.radius[at]) ** 2:
                    return True
                at = grid.after[at]
    return False


@njit(cache=True)
def add_point(tissue, place):
    """Add a point; its number is the first free one."""
    at = tissue.count[0]
    if at == len(tissue.live):
        return
    number = tissue.live[at]
    tissue.place[number, 0], tissue.place[number, 1], tissue.place[number, 2] = place
    tissue.host[number] = UNKNOWN
    hang(tissue.grid, number, place)
    tissue.count[0] = at + 1


@njit(cache=True)
def drop_point(tissue, index):
    """Remove the point at one index of ``live``; the last one takes its index."""
    last = tissue.count[0] - 1
    number = tissue.live[index]
    unhang(tissue.grid, number, row(tissue.place, number))
    tissue.live[index] = tissue.live[last]
    tissue.live[last] = number
    tissue.count[0] = last


@njit(cache=True)
def can_branch(forest, n):
    """Whether a node can still branch: it has fewer than two children and is no root."""
    return forest.children[n, 1] < 0 and forest.parent[n] >= 0


@njit(cache=True)
def assign(forest, tissue, reach):
    """Find the hosts that are not known or can branch no more.

    Returns:
        The points by host as in a CSR matrix: node ``n`` is pulled by
        ``points[begin[n] : begin[n + 1]]``.
    """
    begin = np.zeros(forest.count[0] + 1, np.int64)
    for index in range(tissue.count[0]):
        s = tissue.live[index]
        n = tissue.host[s]
        if n == UNKNOWN or (n >= 0 and not can_branch(forest, n)):
            n, tissue.gap[s] = nearest(forest.active, forest.place, row(tissue.place, s), reach)
            tissue.host[s] = n
            if n >= 0:
                forest.news[n] = True
        if n >= 0 and tissue.gap[s] < reach:
            begin[n + 1] += 1
    begin = np.cumsum(begin)
    fill = begin.copy()
    points = np.empty(begin[-1], np.int64)
    for index in range(tissue.count[0]):
        s = tissue.live[index]
        if tissue.host[s] >= 0 and tissue.gap[s] < reach:
            points[fill[tissue.host[s]]] = s
            fill[tissue.host[s]] += 1
    return points, begin


@njit(cache=True)
def announce(forest, n, tissue, attraction, reach):
    """Tell the points around a new node of it: it may have reached them, or be their host."""
    grid, place = tissue.grid, row(forest.place, n)
    i0, i1, j0, j1 = cells_within(grid, place, max(attraction, reach))
    for i in range(i0, i1):
        for j in range(j0, j1):
            s = grid.head[i, j]
            while s >= 0:
                gap = math.sqrt(distance2(row(tissue.place, s), place))
                if gap < reach:
                    if tissue.host[s] >= 0:
                        forest.news[tissue.host[s]] = True
                    tissue.host[s] = REACHED
                elif gap < attraction and (
                    tissue.host[s] == NONE or (tissue.host[s] >= 0 and gap < tissue.gap[s])
                ):
                    tissue.host[s], tissue.gap[s] = n, gap
                    forest.news[n] = True
                s = grid.after[s]


@njit(cache=True)
def forget_hosts(tissue):
    """Look for all hosts anew: vessels attract from farther away than before."""
    for index in range(tissue.count[0]):
        tissue.host[tissue.live[index]] = UNKNOWN
