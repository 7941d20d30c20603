"""Vessels as a table: one row a segment, in millimetres.

In:  what growth or a lesion made.
Out: `Vessels`; two of them joined, or some rows selected.
"""

from dataclasses import dataclass, replace

import numpy as np

ARTERY, VEIN, BRIDGE, TUFT = 0, 1, 2, 3
KIND_NAMES = ("artery", "vein", "bridge", "tuft")


@dataclass(frozen=True)
class Vessels:
    """Segments of a vascular network; row ``s`` runs from its parent's end to its own.

    Attributes:
        start_mm: ``(S, 2)`` as ``(x right, y down)`` from the field's top-left corner.
        end_mm: ``(S, 2)``.
        radius_mm: ``(S,)``.
        depth_mm: ``(S,)``, how deep the segment's end lies below the slab's upper face.
        parent: ``(S,)`` int32, the segment upstream; -1 at a root.
        kind: ``(S,)`` uint8, index into `KIND_NAMES`.
        joins: ``(S,)`` int32, the segment at whose end a bridge arrives; else -1.
    """

    start_mm: np.ndarray
    end_mm: np.ndarray
    radius_mm: np.ndarray
    depth_mm: np.ndarray
    parent: np.ndarray
    kind: np.ndarray
    joins: np.ndarray

    def __len__(self) -> int:
        """Number of segments."""
        return len(self.radius_mm)

    @property
    def middle_mm(self) -> np.ndarray:
        """Midpoint of every segment, ``(S, 2)``."""
        return (self.start_mm + self.end_mm) / 2

    @property
    def length_mm(self) -> np.ndarray:
        """Length of every segment, ``(S,)``."""
        return np.hypot(*(self.end_mm - self.start_mm).T)


def joined(first: Vessels, second: Vessels) -> Vessels:
    """Two networks in one table; the second one's own segment numbers are shifted.

    Numbers in ``second.parent`` and ``second.joins`` count from ``len(first)`` on
    already, so that a new segment may hang from an old one.
    """
    return Vessels(
        *(
            np.concatenate([getattr(first, name), getattr(second, name)])
            for name in Vessels.__dataclass_fields__
        )
    )


def selected(vessels: Vessels, keep: np.ndarray) -> Vessels:
    """The segments where ``keep`` (bool ``(S,)``) holds, renumbered.

    Links to a removed segment become -1: what is left downstream is fed by its bridges.
    """
    number = np.append(np.where(keep, np.cumsum(keep) - 1, -1), -1).astype(np.int32)
    rows = {name: getattr(vessels, name)[keep] for name in Vessels.__dataclass_fields__}
    rows["parent"], rows["joins"] = number[rows["parent"]], number[rows["joins"]]
    return replace(vessels, **rows)


def stored(vessels: Vessels) -> Vessels:
    """The same vessels with lengths that 32-bit floats hold (less than a nanometre away).

    Eyes are drawn from these, so that tables of 32 bits hold exactly what was drawn.
    """
    names = ("start_mm", "end_mm", "radius_mm", "depth_mm")
    return replace(
        vessels,
        **{n: getattr(vessels, n).astype(np.float32).astype(np.float64) for n in names},
    )
