"""A hash grid over the field: which points lie near a place, without looking at all of them.

In:  points ``(N, 3)`` in mm, hung into square cells by their x and y.
Out: the nearest point, or whether one lies within a distance. All functions are numba kernels.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from retia.synthesis.growth.vectors import row


class Grid(NamedTuple):
    """Points hung into cells as linked lists.

    Attributes:
        head: ``(K, K)`` int32, the first point of each cell; -1 for none.
        after: ``(C,)`` int32, the next point of the same cell; -1 at the end.
        low_mm: Coordinate of the grid's corner, the same in x and y.
        cell_mm: Side of a cell.
    """

    head: np.ndarray
    after: np.ndarray
    low_mm: float
    cell_mm: float


def new_grid(low_mm: float, high_mm: float, cell_mm: float, capacity: int) -> Grid:
    """An empty grid over ``[low, high]`` in x and y, for points numbered below ``capacity``."""
    cells = int((high_mm - low_mm) / cell_mm) + 2
    empty = np.full((cells, cells), -1, np.int32)
    return Grid(empty, np.full(capacity, -1, np.int32), low_mm, cell_mm)


@njit(cache=True)
def cell_of(grid, point):
    """Row and column of the cell a point lies in; places outside count to the nearest cell."""
    last = grid.head.shape[0] - 1
    i = int((point[0] - grid.low_mm) / grid.cell_mm)
    j = int((point[1] - grid.low_mm) / grid.cell_mm)
    return min(max(i, 0), last), min(max(j, 0), last)


@njit(cache=True)
def hang(grid, number, point):
    """Put a point into its cell."""
    i, j = cell_of(grid, point)
    grid.after[number] = grid.head[i, j]
    grid.head[i, j] = number


@njit(cache=True)
def unhang(grid, number, point):
    """Take a point out of its cell."""
    i, j = cell_of(grid, point)
    at = grid.head[i, j]
    if at == number:
        grid.head[i, j] = grid.after[number]
        return
    while grid.after[at] != number:
        at = grid.after[at]
    grid.after[at] = grid.after[number]


@njit(cache=True)
def distance2(a, b):
    """Squared distance of two points in space."""
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2


@njit(cache=True)
def nearest(grid, points, place, reach_mm):
    """Nearest point closer than ``reach_mm``: ``(number or -1, distance)``."""
    ci, cj = cell_of(grid, place)
    size = grid.head.shape[0]
    best, best_d2 = -1, reach_mm * reach_mm
    ring = 0
    while ring <= size and (ring < 2 or ((ring - 1) * grid.cell_mm) ** 2 < best_d2):
        for i in range(max(0, ci - ring), min(size, ci + ring + 1)):
            side = i == ci - ring or i == ci + ring
            for j in range(cj - ring, cj + ring + 1, 1 if side else max(1, 2 * ring)):
                if j < 0 or j >= size:
                    continue
                at = grid.head[i, j]
                while at >= 0:
                    d2 = distance2(row(points, at), place)
                    if d2 < best_d2:
                        best, best_d2 = at, d2
                    at = grid.after[at]
        ring += 1
    return best, math.sqrt(best_d2)


@njit(cache=True)
def cells_within(grid, place, reach_mm):
    """Cells that hold all within a distance: rows ``i0`` to ``i1``, columns ``j0`` to ``j1``."""
    span = int(reach_mm / grid.cell_mm) + 1
    i, j = cell_of(grid, place)
    size = grid.head.shape[0]
    return max(0, i - span), min(size, i + span + 1), max(0, j - span), min(size, j + span + 1)


@njit(cache=True)
def occupied(grid, points, place, reach_mm):
    """Whether a point lies closer than ``reach_mm``."""
    i0, i1, j0, j1 = cells_within(grid, place, reach_mm)
    for i in range(i0, i1):
        for j in range(j0, j1):
            at = grid.head[i, j]
            while at >= 0:
                if distance2(row(points, at), place) < reach_mm * reach_mm:
                    return True
                at = grid.after[at]
    return False
