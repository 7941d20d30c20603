"""Vectors in space as tuples of three numbers, for numba.

Tuples live in registers; an array for each vector would cost an allocation (three times slower).
"""

import math

from numba import njit


@njit(cache=True, inline="always")
def row(points, n):
    """Row ``n`` of an array ``(N, 3)``."""
    return points[n, 0], points[n, 1], points[n, 2]


@njit(cache=True, inline="always")
def dot(a, b):
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(cache=True, inline="always")
def mix(s, a, t, b):
    """``s * a + t * b``."""
    return s * a[0] + t * b[0], s * a[1] + t * b[1], s * a[2] + t * b[2]


@njit(cache=True)
def unit(a):
    """The vector at length 1; a null vector stays null."""
    norm = math.sqrt(dot(a, a))
    if norm < 1e-12:
        return 0.0, 0.0, 0.0
    return a[0] / norm, a[1] / norm, a[2] / norm


@njit(cache=True)
def direction(points, start, end):
    """Unit vector from one row of an array to another."""
    return unit(mix(1.0, row(points, end), -1.0, row(points, start)))


@njit(cache=True)
def angle_between(a, b):
    """Angle between two unit vectors, in radians."""
    return math.acos(min(1.0, max(-1.0, dot(a, b))))


@njit(cache=True)
def leaned(axis, towards, angle):
    """The unit vector at ``angle`` from ``axis`` in the plane that also holds ``towards``."""
    side = unit(mix(1.0, towards, -dot(axis, towards), axis))
    return mix(math.cos(angle), axis, math.sin(angle), side)
