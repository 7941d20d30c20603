"""A builder for vessels that a lesion adds: polylines that hang from one another.

In:  points, radii, what they hang from and where they arrive.
Out: `Vessels` numbered from the end of the healthy eye's table on.
"""

from collections.abc import Callable

import numpy as np

from retia.synthesis.vessels import Vessels


class Sprouts:
    """Collects polylines; each becomes a chain of segments."""

    def __init__(self, first: int) -> None:
        """Start a table.

        Args:
            first: Number of the first new segment, the size of the healthy eye's table.
        """
        self._first = first
        self._rows: list[tuple[np.ndarray, np.ndarray, float | np.ndarray, np.ndarray, int]] = []
        self._count = first

    def add(
        self, points_mm: np.ndarray, radius_mm: float | np.ndarray, up: int, joins: int = -1
    ) -> np.ndarray:
        """Add a chain of segments.

        Args:
            points_mm: ``(N, 2)``; the first point is the end of segment ``up``.
            radius_mm: One number, or ``(N - 1,)``.
            up: Segment it hangs from, healthy or new.
            joins: Segment at whose end the chain's last point lies; -1 for a free end.

        Returns:
            Numbers of the new segments, ``(N - 1,)``.
        """
        numbers = np.arange(self._count, self._count + len(points_mm) - 1)
        self._count += len(numbers)
        self._rows.append((points_mm, np.append(up, numbers[:-1]), radius_mm, numbers, joins))
        return numbers

    def vessels(
        self,
        kind: int,
        depth_mm: float,
        warp: Callable[[np.ndarray], np.ndarray] = lambda points: points,
    ) -> Vessels:
        """All that was added, as a table.

        Args:
            kind: Kind of all segments.
            depth_mm: Depth of all segments.
            warp: Moves points ``(N, 2)``; the same point always to the same place.
        """
        lines = [warp(points) for points, *_ in self._rows]
        joins = np.full(self._count - self._first, -1, np.int32)
        for _, _, _, numbers, goal in self._rows:
            joins[numbers[-1] - self._first] = goal
        radii = [np.broadcast_to(r, len(numbers)) for _, _, r, numbers, _ in self._rows]
        return Vessels(
            start_mm=np.concatenate([line[:-1] for line in lines]),
            end_mm=np.concatenate([line[1:] for line in lines]),
            radius_mm=np.concatenate(radii).astype(np.float64),
            depth_mm=np.full(len(joins), depth_mm),
            parent=np.concatenate([up for _, up, *_ in self._rows]).astype(np.int32),
            kind=np.full(len(joins), kind, np.uint8),
            joins=joins,
        )


def curve(start_mm: np.ndarray, end_mm: np.ndarray, bulge_mm: float, step_mm: float) -> np.ndarray:
    """Points of an arc between two points, ``bulge_mm`` to the left of the chord at its middle."""
    chord = end_mm - start_mm
    length = float(np.hypot(*chord))
    left = np.array([-chord[1], chord[0]]) / max(length, 1e-9)
    count = max(2, round((length + 2 * abs(bulge_mm)) / step_mm))
    t = np.linspace(0, 1, count + 1)[:, None]
    points = start_mm + t * chord + bulge_mm * np.sin(np.pi * t) * left
    points[-1] = end_mm
    return points
