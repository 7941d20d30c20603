"""How one vessel grows: it elongates, bifurcates or sprouts. All functions are numba kernels.

In:  a node of a `Forest` and the points of tissue that pull at it.
Out: new nodes, and radii by Murray's law up to the root.
"""

import math

from numba import njit

from retia.synthesis.growth.grid import hang, unhang
from retia.synthesis.growth.perfusion import rim_distance, rim_radius
from retia.synthesis.growth.vectors import angle_between, direction, dot, leaned, mix, row, unit


@njit(cache=True)
def murray_angle(parent, own, sibling):
    """Angle between a parent vessel and one of its branches at least work (Murray 1926)."""
    cosine = (parent**4 + own**4 - sibling**4) / (2 * parent**2 * own**2)
    return math.acos(min(1.0, max(-1.0, cosine)))


@njit(cache=True)
def sprout_angle(forest, n, turn):
    """Angle at which a new terminal vessel leaves the vessel that runs through node ``n``."""
    through = forest.radius[forest.children[n, 0]]
    kappa = forest.exponent[n]
    parent = (through**kappa + turn.terminal**kappa) ** (1 / kappa)
    return murray_angle(parent, turn.terminal, through)


@njit(cache=True)
def ways_within(forest, n, tissue, points, axis, least_cosine, ways):
    """Unit vectors from a node to those points that lie in a cone around an axis.

    They are written into ``ways``, of which the part in use is returned: this is the innermost
    loop of growth, where an allocation costs more than all the arithmetic.
    """
    x, y, z = forest.place[n]
    found = 0
    for s in points:
        dx, dy, dz = tissue.place[s, 0] - x, tissue.place[s, 1] - y, tissue.place[s, 2] - z
        norm = math.sqrt(dx * dx + dy * dy + dz * dz) + 1e-12
        if dx * axis[0] + dy * axis[1] + dz * axis[2] >= least_cosine * norm:
            ways[found, 0], ways[found, 1], ways[found, 2] = dx / norm, dy / norm, dz / norm
            found += 1
            if found == len(ways):
                break
    return ways[:found]


@njit(cache=True)
def mean_way(ways):
    """Direction of the sum of unit vectors ``(N, 3)``."""
    x, y, z = 0.0, 0.0, 0.0
    for i in range(len(ways)):
        x += ways[i, 0]
        y += ways[i, 1]
        z += ways[i, 2]
    return unit((x, y, z))


@njit(cache=True)
def spread_about(ways, axis):
    """Standard deviation of the angles between unit vectors and an axis."""
    total, square = 0.0, 0.0
    for i in range(len(ways)):
        angle = angle_between(axis, row(ways, i))
        total += angle
        square += angle * angle
    mean = total / len(ways)
    return math.sqrt(max(0.0, square / len(ways) - mean * mean))


@njit(cache=True)
def principal_axis(ways, mean):
    """First principal axis of unit vectors ``(N, 3)``, by the power method."""
    xx = xy = xz = yy = yz = zz = 0.0
    for i in range(len(ways)):
        x, y, z = mix(1.0, row(ways, i), -1.0, mean)
        xx, xy, xz = xx + x * x, xy + x * y, xz + x * z
        yy, yz, zz = yy + y * y, yz + y * z, zz + z * z
    axis = unit((xx + 0.5 * xy, xy + 0.5 * yy, xz + 0.5 * yz))
    for _ in range(12):
        axis = unit((dot((xx, xy, xz), axis), dot((xy, yy, yz), axis), dot((xz, yz, zz), axis)))
    return axis


@njit(cache=True)
def may_branch(rng, place, pull, zone):
    """Whether a vessel here may branch: the nearer the FAZ the rarer, never towards it."""
    dx, dy = place[0] - zone.center[0], place[1] - zone.center[1]
    near = math.hypot(dx, dy) / (zone.sparse * rim_radius(dx, dy, zone))
    if near >= 1:
        return True
    return near**5 > rng.random() and pull[0] * dx + pull[1] * dy > 0


@njit(cache=True)
def around_faz(place, way, zone, turn):
    """Bend a direction into the tangent of the FAZ, the more the nearer its centre."""
    dx, dy = place[0] - zone.center[0], place[1] - zone.center[1]
    gap = math.hypot(dx, dy)
    weight = min(1.0, math.sqrt(max(turn.least_bend, (zone.ring - gap) / 3)))
    if weight == 0 or gap < 1e-9:
        return way
    outward, tangent = (dx / gap, dy / gap, 0.0), (-dy / gap, dx / gap, 0.0)
    turned = mix(0.7 if dot(tangent, way) > 0 else -0.7, tangent, 0.3, outward)
    return unit(mix(1 - weight, way, weight, turned))


@njit(cache=True)
def allowed(place, middle, zone):
    """Whether a node may lie here: it and the middle of its vessel keep clear of the FAZ."""
    if rim_distance(place[0], place[1], zone) < zone.clear:
        return False
    return rim_distance(middle[0], middle[1], zone) >= zone.clear


@njit(cache=True)
def plant(forest, n, way, zone, turn):
    """Grow a new node from node ``n``, if it may lie there; radii change up to the root."""
    number = forest.count[0]
    place = mix(1.0, row(forest.place, n), turn.step, way)
    middle = mix(1.0, row(forest.place, n), 0.5 * turn.step, way)
    if number == len(forest.parent) or not allowed(place, middle, zone):
        return
    forest.place[number, 0], forest.place[number, 1], forest.place[number, 2] = place
    forest.parent[number] = n
    forest.radius[number] = turn.terminal
    forest.exponent[number] = turn.exponent
    forest.count[0] = number + 1
    hang(forest.every, number, place)
    hang(forest.active, number, place)
    forest.news[n] = True
    if forest.children[n, 0] < 0:
        forest.children[n, 0] = number
    else:
        forest.children[n, 1] = number
        unhang(forest.active, n, row(forest.place, n))
        widen(forest, n)


@njit(cache=True)
def widen(forest, n):
    """Murray's law from node ``n`` up to the root: ``r**k = r1**k + r2**k``."""
    while n >= 0:
        one, two = forest.children[n, 0], forest.children[n, 1]
        if two < 0:
            forest.radius[n] = forest.radius[one]
        else:
            k = forest.exponent[n]
            forest.radius[n] = (forest.radius[one] ** k + forest.radius[two] ** k) ** (1 / k)
        forest.news[n] = True  # the angle at which it sprouts depends on the radius
        n = forest.parent[n]


@njit(cache=True)
def extend_tip(rng, forest, n, tissue, points, zone, turn, ways):
    """Elongate the vessel that ends at node ``n``, or split it in two."""
    place = row(forest.place, n)
    ahead = direction(forest.place, forest.parent[n], n)
    ways = ways_within(forest, n, tissue, points, ahead, math.cos(turn.cone / 2), ways)
    if len(ways) == 0:
        return
    pull = mean_way(ways)
    if spread_about(ways, ahead) > turn.spread and may_branch(rng, place, pull, zone):
        own = turn.terminal
        wide = (2 * own**turn.exponent) ** (1 / turn.exponent)
        angle = murray_angle(wide, own, own)
        axis = principal_axis(ways, pull)
        plant(forest, n, leaned(pull, axis, angle), zone, turn)
        plant(forest, n, leaned(pull, axis, -angle), zone, turn)
    else:
        way = unit(mix(turn.inertia, ahead, 1 - turn.inertia, pull))
        if turn.bends:
            way = around_faz(place, way, zone, turn)
        plant(forest, n, way, zone, turn)


@njit(cache=True)
def sprout(rng, forest, n, tissue, points, zone, turn, ways):
    """Grow a branch from the vessel that runs through node ``n``."""
    place = row(forest.place, n)
    ahead = direction(forest.place, forest.parent[n], n)
    pull = mean_way(ways_within(forest, n, tissue, points, ahead, -2.0, ways))
    best = leaned(ahead, pull, sprout_angle(forest, n, turn))
    ways = ways_within(forest, n, tissue, points, best, math.cos(turn.cone / 2), ways)
    if len(ways) == 0:
        return
    pull = mean_way(ways)
    if may_branch(rng, place, pull, zone):
        plant(forest, n, pull, zone, turn)
