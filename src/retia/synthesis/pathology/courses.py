"""Courses: stretches of one vessel, from which tortuosity and changes of calibre are made.

In:  a healthy eye and the segments that may be used.
Out: segment numbers in the direction of growth; curves that fade out at both ends.
"""

import numpy as np

from retia.synthesis.pathology.healthy import Healthy
from retia.synthesis.vessels import Vessels


def draw_course(
    rng: np.random.Generator,
    eye: Healthy,
    able: np.ndarray,
    length_mm: float,
    straight: float = np.inf,
) -> np.ndarray | None:
    """A stretch of a vessel: upstream from some segment, as long as segments are able.

    Args:
        rng: Decides where.
        eye: The healthy eye.
        able: Segments that may be part of it, bool ``(S,)``.
        length_mm: Length wanted; at least 60 % of it is found.
        straight: Largest arc over chord it may have.

    Returns:
        Segment numbers, parents first; None where there is no such stretch.
    """
    vessels = eye.vessels
    length = vessels.length_mm
    tips = rng.permutation(np.flatnonzero(able))
    for tip in tips[:400]:
        course, total, s = [], 0.0, int(tip)
        while s >= 0 and able[s] and total < length_mm:
            course.append(s)
            total += float(length[s])
            s = int(vessels.parent[s])
        if total < 0.6 * length_mm or len(course) < 6:
            continue
        found = np.array(course[::-1])
        if arc_over_chord(nodes_of(vessels, found)) <= straight:
            return found
    return None


def nodes_of(vessels: Vessels, course: np.ndarray) -> np.ndarray:
    """The points a course runs through, ``(len(course) + 1, 2)`` in mm."""
    return np.concatenate([vessels.start_mm[course[:1]], vessels.end_mm[course]])


def arc_mm(points_mm: np.ndarray) -> np.ndarray:
    """Distance along a curve at each of its points, ``(N,)``."""
    steps = np.hypot(*np.diff(points_mm, axis=0).T)
    return np.append(0, np.cumsum(steps))


def arc_over_chord(points_mm: np.ndarray) -> float:
    """Length of a curve over the distance of its ends."""
    chord = float(np.hypot(*(points_mm[-1] - points_mm[0])))
    return float(arc_mm(points_mm)[-1]) / max(chord, 1e-9)


def faded(arc: np.ndarray, over_mm: float) -> np.ndarray:
    """A weight for each point of a curve: 0 at its ends, 1 from ``over_mm`` inwards."""
    inward = np.minimum(arc, arc[-1] - arc) / over_mm
    return np.sin(np.clip(inward, 0, 1) * np.pi / 2) ** 2


def frame(points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors along and across a curve, each ``(N, 2)``."""
    along = np.gradient(points_mm, axis=0)
    along = along / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    return along, np.stack([-along[:, 1], along[:, 0]], axis=1)


def meander(
    rng: np.random.Generator, points_mm: np.ndarray, wave_mm: float, times_arc: float
) -> np.ndarray:
    """How to displace the points of a curve so that it winds and becomes longer.

    Waves run across the curve and fade out at its ends, so that the chord stays. A smaller
    push along it, at twice their rate, makes them round as meanders are (sine-generated curves,
    Langbein and Leopold 1966). Their height is sought such that the arc becomes ``times_arc``
    as long.

    Args:
        rng: Decides the phase and how uneven the waves are.
        points_mm: The curve, ``(N, 2)``.
        wave_mm: Mean wavelength.
        times_arc: New arc over old, at least 1.

    Returns:
        Displacements ``(N, 2)`` in mm; 0 at both ends.
    """
    arc = arc_mm(points_mm)
    uneven = 0.08 * np.sin(2 * np.pi * arc / (2.7 * wave_mm) + rng.uniform(0, 2 * np.pi))
    phase = 2 * np.pi * (arc / wave_mm + uneven) + rng.uniform(0, 2 * np.pi)
    along, across = frame(points_mm)
    wave = np.sin(phase)[:, None] * across - 0.3 * np.sin(2 * phase)[:, None] * along
    wave = wave * faded(arc, wave_mm / 2)[:, None]
    low, high = 0.0, 0.5 * wave_mm
    for _ in range(24):
        half = (low + high) / 2
        longer = arc_mm(points_mm + half * wave)[-1] >= times_arc * arc[-1]
        low, high = (low, half) if longer else (half, high)
    return high * wave
