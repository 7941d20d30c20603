"""What a lesion is: segments it removes, moves or widens, vessels and blobs it adds.

In:  a healthy eye.
Out: `Lesion` records that can be combined, or left out, in any way: an eye without one
     of its lesions is the same eye everywhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from retia.synthesis.faz import Faz
from retia.synthesis.vessels import Vessels, joined


def _no_blobs() -> np.ndarray:
    return np.zeros((0, 3))


@dataclass(frozen=True, kw_only=True)
class Lesion:
    """One lesion of one eye, in terms of the healthy eye.

    Attributes:
        kind: Kind of the taxonomy.
        mask: Pixels it occupies, bool ``(H, W)``.
        values: Measured values with the keys the taxonomy fixes for the kind.
        removed: Segments of the healthy eye it takes away, bool ``(S,)``; None for none.
        added: Segments it adds; ``parent`` and ``joins`` hold numbers of the healthy eye
            below ``S`` and numbers of the lesion's own segments from ``S`` on.
        blobs: Discs it adds, ``(N, 3)`` as ``(x, y, radius)`` in mm.
        moved_mm: How far it moves the end of every healthy segment, ``(S, 2)``; None for none.
        calibre: Factor on the radius of every healthy segment, ``(S,)``; None for 1.
        faz: Outline it alone would give the avascular zone; None for the healthy one.
        segments: A few healthy segments concerned, for the evidence.
        traits: What else is true of it in words, such as the ``host`` of a sac.
    """

    kind: str
    mask: np.ndarray
    values: dict[str, float]
    removed: np.ndarray | None = None
    added: Vessels | None = None
    blobs: np.ndarray = field(default_factory=_no_blobs)
    moved_mm: np.ndarray | None = None
    calibre: np.ndarray | None = None
    faz: Faz | None = None
    segments: tuple[int, ...] = ()
    traits: dict[str, str] = field(default_factory=dict)


def removed_by(lesions: Sequence[Lesion], total: int) -> np.ndarray:
    """Segments that at least one of the lesions takes away, bool ``(total,)``."""
    gone = np.zeros(total, bool)
    for lesion in lesions:
        if lesion.removed is not None:
            gone |= lesion.removed
    return gone


def moved_by(lesions: Sequence[Lesion], total: int) -> np.ndarray:
    """Segments that at least one of the lesions moves, bool ``(total,)``."""
    moved = np.zeros(total, bool)
    for lesion in lesions:
        if lesion.moved_mm is not None:
            moved |= lesion.moved_mm.any(axis=1)
    return moved


def with_faz(healthy: Faz, lesions: Sequence[Lesion]) -> Faz:
    """The avascular zone of an eye with some lesions: whatever any of them opened."""
    rims = [lesion.faz.rim_mm for lesion in lesions if lesion.faz is not None]
    return replace(healthy, rim_mm=np.max([healthy.rim_mm, *rims], axis=0)) if rims else healthy


def with_lesions(
    healthy: Vessels, lesions: Sequence[Lesion]
) -> tuple[Vessels, np.ndarray, np.ndarray]:
    """The eye with some lesions.

    Displacements add up, factors on the radius multiply; what hangs from a moved segment moves
    its beginning along, so that the network stays connected.

    Args:
        healthy: Segments of the healthy eye, ``S`` rows.
        lesions: Any selection of the eye's lesions.

    Returns:
        All segments, healthy and added, ``A`` rows; which of them are there, bool ``(A,)``;
        the added blobs ``(N, 3)``.
    """
    vessels = _reshaped(healthy, lesions)
    for lesion in lesions:
        if lesion.added is not None:
            shift = len(vessels) - len(healthy)
            parent, joins = (
                np.where(link >= len(healthy), link + shift, link).astype(np.int32)
                for link in (lesion.added.parent, lesion.added.joins)
            )
            vessels = joined(vessels, replace(lesion.added, parent=parent, joins=joins))
    start, end = vessels.start_mm.copy(), vessels.end_mm.copy()
    joining, hanging = vessels.joins >= 0, vessels.parent >= 0
    end[joining] = end[vessels.joins[joining]]
    start[hanging] = end[vessels.parent[hanging]]
    vessels = replace(vessels, start_mm=start, end_mm=end)
    there = np.ones(len(vessels), bool)
    there[: len(healthy)] = ~removed_by(lesions, len(healthy))
    blobs = np.concatenate([lesion.blobs for lesion in lesions] or [_no_blobs()])
    return vessels, there, blobs


def _reshaped(healthy: Vessels, lesions: Sequence[Lesion]) -> Vessels:
    """The healthy segments with all displacements and calibres applied to ends and radii."""
    end, radius = healthy.end_mm, healthy.radius_mm
    for lesion in lesions:
        if lesion.moved_mm is not None:
            end = end + lesion.moved_mm
        if lesion.calibre is not None:
            radius = radius * lesion.calibre
    return replace(healthy, end_mm=end, radius_mm=radius)


def fed(vessels: Vessels, keep: np.ndarray) -> np.ndarray:
    """Segments of ``keep`` still joined to a root, through parents or bridges, bool ``(S,)``."""
    rows = np.arange(len(vessels))
    pairs = []
    for link in (vessels.parent, vessels.joins):
        alive = keep & (link >= 0)
        alive[alive] = keep[link[alive]]
        pairs.append(np.stack([rows[alive], link[alive]]))
    source, target = np.concatenate(pairs, axis=1)
    links = coo_array((np.ones(len(source), bool), (source, target)), shape=(len(rows),) * 2)
    _, part = connected_components(links, directed=False)
    roots = keep & (vessels.parent < 0)
    return keep & np.isin(part, np.unique(part[roots]))
