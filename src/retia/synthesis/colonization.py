"""Space colonisation in numba: two trees that grow towards tissue short of oxygen.

In:  root stumps, an avascular zone, a schedule of perfusion distances, a generator.
Out: nodes with position, parent, tree and flow (sum of terminal ``r**k``).

Every turn scatters one random sink into each cell of a randomly shifted grid. A sink
farther than the perfusion distance from all vessels pulls at the nearest node of the
growing tree: tips elongate or split in two, nodes along a vessel sprout. The perfusion
distance shrinks from turn to turn, so trunks come first and capillaries fill the gaps
(constrained constructive optimisation by attraction; Kreitner et al., TMI 2024).
"""

import math

import numpy as np
from numba import njit

CELL_MM = 0.06
"""Pitch of the hash grid that answers nearest-node queries."""


@njit(cache=True)
def rim_distance(x, y, center, rim):
    """Distance outside a star-shaped outline, along the ray; negative inside."""
    dx, dy = x - center[0], y - center[1]
    degree = math.degrees(math.atan2(dy, dx)) % 360.0
    low = int(degree) % 360
    part = degree - int(degree)
    return math.hypot(dx, dy) - (rim[low] * (1 - part) + rim[(low + 1) % 360] * part)


@njit(cache=True)
def insert(node, pos, head, after, origin):
    """Put a node into the hash grid of its tree."""
    i = int((pos[node, 0] - origin) / CELL_MM)
    j = int((pos[node, 1] - origin) / CELL_MM)
    after[node] = head[i, j]
    head[i, j] = node


@njit(cache=True)
def nearest(x, y, reach, pos, head, after, origin, skip_a, skip_b, skip_c):
    """Nearest node of one tree within ``reach``: ``(node or -1, distance)``."""
    size = head.shape[0]
    ci, cj = int((x - origin) / CELL_MM), int((y - origin) / CELL_MM)
    best, best_d2 = -1, reach * reach
    ring = 0
    while ring == 0 or ((ring - 1) * CELL_MM) ** 2 < best_d2:
        for i in range(max(0, ci - ring), min(size, ci + ring + 1)):
            edge = i == ci - ring or i == ci + ring
            stride = 1 if edge else max(1, 2 * ring)
            for j in range(cj - ring, cj + ring + 1, stride):
                if j < 0 or j >= size:
                    continue
                node = head[i, j]
                while node >= 0:
                    d2 = (pos[node, 0] - x) ** 2 + (pos[node, 1] - y) ** 2
                    if d2 < best_d2 and node != skip_a and node != skip_b and node != skip_c:
                        best, best_d2 = node, d2
                    node = after[node]
        ring += 1
        if ring > size:
            break
    return best, math.sqrt(best_d2)


@njit(cache=True)
def murray_angle(parent_r, own_r, sibling_r):
    """Angle between parent and branch of least work (Murray 1926), in radians."""
    a, b, c = parent_r**4, own_r**4, sibling_r**4
    cosine = (a + b - c) / (2 * parent_r**2 * own_r**2)
    return math.acos(min(1.0, max(-1.0, cosine)))


@njit(cache=True)
def turned(dx, dy, angle):
    """A vector rotated by ``angle``."""
    c, s = math.cos(angle), math.sin(angle)
    return c * dx - s * dy, s * dx + c * dy


@njit(cache=True)
def along_rim(x, y, dx, dy, band, center, rim):
    """Bend a direction into the tangent of the avascular zone when close to it."""
    gap = rim_distance(x, y, center, rim)
    if gap < band:
        rx, ry = x - center[0], y - center[1]
        norm = math.hypot(rx, ry)
        tx, ty = -ry / norm, rx / norm
        if tx * dx + ty * dy < 0:
            tx, ty = -tx, -ty
        w = min(1.0, 1.15 * (1 - max(gap, 0.0) / band))
        dx, dy = (1 - w) * dx + w * tx, (1 - w) * dy + w * ty
        norm = math.hypot(dx, dy)
        dx, dy = dx / norm, dy / norm
    return dx, dy


@njit(cache=True)
def colonize(pos, parent, tree, flow, count, eps_schedule, settings, center, rim, low, high, rng):
    """Grow both trees in place.

    Args:
        pos: ``(C, 2)`` node positions in mm; the first ``count`` are the root stumps,
            each a root followed by its first node.
        parent: ``(C,)`` int32, -1 for roots. Children always have larger numbers.
        tree: ``(C,)`` uint8, 0 arterial, 1 venous.
        flow: ``(C,)`` sum of ``r**k`` over the terminals downstream.
        count: Number of nodes already there.
        eps_schedule: ``(T,)`` perfusion distance in mm for every turn.
        settings: ``(k, terminal radius, its spread, cone, split spread, band, shyness)``.
        center: FAZ centre ``(2,)``.
        rim: FAZ outline ``(360,)``.
        low: Smallest coordinate in which vessels grow, in mm.
        high: Largest coordinate.
        rng: numpy Generator.

    Returns:
        Number of nodes, at most ``C``.
    """
    k, terminal, spread, cone, split, band, shyness = settings
    capacity = pos.shape[0]
    size = int((high - low) / CELL_MM) + 2
    heads = np.full((2, size, size), -1, np.int32)
    after = np.full(capacity, -1, np.int32)
    child = np.full(capacity, -1, np.int32)
    children = np.zeros(capacity, np.int8)
    for n in range(count):
        insert(n, pos, heads[tree[n]], after, low)
        if parent[n] >= 0:
            child[parent[n]] = n
            children[parent[n]] = 2  # a root does not sprout
    pull = np.zeros((capacity, 5))
    touched = np.empty(capacity, np.int32)
    for eps in eps_schedule:
        step = min(0.055, max(0.022, 0.35 * eps))
        reach = 3.5 * eps + 0.08
        inertia = 0.35 + 0.3 * min(1.0, eps / 0.25)
        pitch = 0.8 * eps
        for t in range(2):
            n_touched = 0
            shift_x, shift_y = low - pitch * rng.random(), low - pitch * rng.random()
            cells = int((high - low) / pitch) + 2
            for i in range(cells):
                for j in range(cells):
                    x = shift_x + (i + rng.random()) * pitch
                    y = shift_y + (j + rng.random()) * pitch
                    if x <= low or y <= low or x >= high or y >= high:
                        continue
                    if rim_distance(x, y, center, rim) < 0.3 * eps:
                        continue
                    n, d = nearest(x, y, reach, pos, heads[t], after, low, -1, -1, -1)
                    if n < 0 or d < eps or children[n] >= 2 or parent[n] < 0:
                        continue
                    other, _ = nearest(
                        x, y, shyness * eps, pos, heads[1 - t], after, low, -1, -1, -1
                    )
                    if other >= 0:
                        continue
                    ux, uy = (x - pos[n, 0]) / d, (y - pos[n, 1]) / d
                    m = n if children[n] == 0 else child[n]
                    px = pos[m, 0] - pos[parent[m], 0]
                    py = pos[m, 1] - pos[parent[m], 1]
                    angle = math.atan2(px * uy - py * ux, px * ux + py * uy)
                    if children[n] == 0 and abs(angle) > cone:
                        continue
                    if children[n] == 1 and not 0.5 < abs(angle) < 2.2:
                        continue
                    if pull[n, 0] == 0:
                        touched[n_touched] = n
                        n_touched += 1
                    pull[n, 0] += 1
                    pull[n, 1] += ux
                    pull[n, 2] += uy
                    pull[n, 3] += angle
                    pull[n, 4] += angle * angle
            for index in range(n_touched):
                n = touched[index]
                c, gx, gy = pull[n, 0], pull[n, 1], pull[n, 2]
                mean = pull[n, 3] / c
                scatter = math.sqrt(max(0.0, pull[n, 4] / c - mean * mean))
                pull[n, :] = 0.0
                norm = math.hypot(gx, gy)
                if norm < 1e-9 or count + 2 > capacity:
                    continue
                gx, gy = gx / norm, gy / norm
                m = n if children[n] == 0 else child[n]
                px, py = pos[m, 0] - pos[parent[m], 0], pos[m, 1] - pos[parent[m], 1]
                norm = math.hypot(px, py)
                px, py = px / norm, py / norm
                shoots = 1
                turn = 0.0
                born = (terminal * math.exp(spread * rng.standard_normal())) ** k
                if children[n] == 0:
                    gx, gy = inertia * px + (1 - inertia) * gx, inertia * py + (1 - inertia) * gy
                    if scatter > split:
                        shoots = 2
                        own, new = flow[n] ** (1 / k), born ** (1 / k)
                        turn = murray_angle((flow[n] + born) ** (1 / k), own, new)
                else:
                    own, new = flow[child[n]] ** (1 / k), born ** (1 / k)
                    bend = murray_angle((flow[child[n]] + born) ** (1 / k), new, own)
                    bend = min(1.35, max(0.6, bend))
                    sx, sy = turned(px, py, bend if mean > 0 else -bend)
                    gx, gy = 0.5 * (gx + sx), 0.5 * (gy + sy)
                norm = math.hypot(gx, gy)
                gx, gy = gx / norm, gy / norm
                planted = 0
                for s in range(shoots):
                    dx, dy = gx, gy
                    if shoots == 2:
                        dx, dy = turned(gx, gy, turn if s == 0 else -turn)
                    dx, dy = along_rim(pos[n, 0], pos[n, 1], dx, dy, band, center, rim)
                    x, y = pos[n, 0] + step * dx, pos[n, 1] + step * dy
                    if x <= low or y <= low or x >= high or y >= high:
                        continue
                    half = rim_distance(x - 0.5 * step * dx, y - 0.5 * step * dy, center, rim)
                    if min(half, rim_distance(x, y, center, rim)) < 0.006:
                        continue
                    clear = 0.7 * step
                    hit, _ = nearest(x, y, clear, pos, heads[t], after, low, n, child[n], parent[n])
                    if hit < 0:
                        hit, _ = nearest(x, y, clear, pos, heads[1 - t], after, low, -1, -1, -1)
                    if hit >= 0:
                        continue
                    pos[count, 0], pos[count, 1] = x, y
                    parent[count], tree[count] = n, t
                    insert(count, pos, heads[t], after, low)
                    if children[n] == 0 and planted == 0:
                        flow[count] = flow[n]
                    else:
                        flow[count] = born
                        up = n
                        while up >= 0:
                            flow[up] += born
                            up = parent[up]
                    children[n] += 1
                    child[n] = count
                    planted += 1
                    count += 1
    return count
