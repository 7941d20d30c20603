"""How the elements of a vessel graph touch: the six relations of `records.graph.RELATIONS`.

All pairs are int64 `(E, 2)`, each once, sorted; within a type the lower id comes first. Beside
them goes the contact of each pair, float `(E,)`, in pixels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt

THICKEST_UM = 60.0
"""Two areas face each other across a vessel of at most this half width."""
CONTACT_PX = 2
"""Areas that meet along fewer pixel sides only meet at a crossing of vessels."""
LENGTH_OF_A_SIDE = np.pi / 4
"""Length of an outline per pixel side along it, averaged over all directions (Cauchy, Crofton)."""


@dataclass(frozen=True)
class Links:
    """What the segments of one image meet and touch, all int64.

    Attributes:
        meets: Pairs of segments that share a node, `(E, 2)`.
        joints: The pairs of ends that make them so, `(M, 2)`.
        touches: Pairs (segment, area), `(F, 2)`.
    """

    meets: np.ndarray
    joints: np.ndarray
    touches: np.ndarray


def segments_that_meet(ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of segment ends at one node.

    Args:
        ends: Node at both ends of each segment, int `(S, 2)`.

    Returns:
        Pairs of segments that share a node, `(E, 2)`; and, as `(M, 2)`, the pairs of ends that
        make them so: end `2 s + e` is end `e` of segment `s`. Pairs of segments that share both
        of their nodes have two pairs of ends or more.
    """
    node = ends.ravel()
    order = np.argsort(node, kind="stable")
    node = node[order]
    joints = [np.zeros((0, 2), np.int64)]
    for step in range(1, int(np.bincount(node).max()) if len(node) else 0):
        same = node[step:] == node[:-step]
        joints.append(np.stack([order[:-step][same], order[step:][same]], axis=1))
    both = np.concatenate(joints)
    both = both[both[:, 0] // 2 != both[:, 1] // 2]
    return _unordered(both // 2)[0], np.sort(both, axis=1)


def regions_that_face(
    areas: np.ndarray, rim: np.ndarray, mm_per_px: float
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Areas with nothing but one vessel between them, and areas that face the FAZ.

    The regions grow over the vessels until they meet; those whose shares touch face each other.

    Args:
        areas: Area of every pixel, int `(H, W)`, -1 outside of them.
        rim: The FAZ and what belongs to its rim, bool `(H, W)`; may be empty.
        mm_per_px: Scale.

    Returns:
        Pairs of areas `(E, 2)` with their contacts, and the areas that face the FAZ `(K,)` with
        theirs.
    """
    count = int(areas.max(initial=-1)) + 1
    regions = np.where(rim, count, areas)
    if not (regions >= 0).any():
        nothing = np.zeros(0)
        return (np.zeros((0, 2), np.int64), nothing), (np.zeros(0, np.int64), nothing)
    found: Any = distance_transform_edt(regions < 0, return_indices=True)
    distance, at = found
    # Half a pixel lies between the centre of the last pixel and the edge of the vessel.
    near = distance <= THICKEST_UM / 1000 / mm_per_px + 0.5
    grown = np.where(near, regions[at[0], at[1]], -1)
    pairs, contact = _unordered(_contacts(grown, grown), CONTACT_PX)
    at_faz = pairs[:, 1] == count
    return (pairs[~at_faz], contact[~at_faz]), (pairs[at_faz, 0], contact[at_faz])


def segments_at_areas(partition: np.ndarray, areas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (segment, area) whose pixels share a side, with their contacts.

    Args:
        partition: Segment of every vessel pixel, int `(H, W)`, -1 elsewhere.
        areas: Area of every pixel, int `(H, W)`, -1 elsewhere.
    """
    pairs = [_contacts(partition, areas), _contacts(areas, partition)[:, ::-1]]
    return _unique(np.concatenate(pairs))


def segments_at_faz(partition: np.ndarray, rim: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Segments whose pixels share a side with the FAZ or its rim, `(K,)`, sorted; contacts.

    Args:
        partition: Segment of every vessel pixel, int `(H, W)`, -1 elsewhere.
        rim: The FAZ and what belongs to its rim, bool `(H, W)`.
    """
    pairs, contact = segments_at_areas(partition, np.where(rim, 0, -1))
    return pairs[:, 0], contact


def _contacts(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pairs (label in `one`, label in `other`) of pixels that share a side, left and upper first.

    An image compared with itself gives the pairs of different labels.
    """
    found = []
    for a, b in ((one[:, :-1], other[:, 1:]), (one[:-1], other[1:])):
        both = (a >= 0) & (b >= 0)
        if one is other:
            both &= a != b
        found.append(np.stack([a[both], b[both]], axis=1))
    return np.concatenate(found).astype(np.int64)


def _unordered(pairs: np.ndarray, times: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Sort each pair, drop pairs of one with itself and those that occur less often."""
    return _unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), times)


def _unique(pairs: np.ndarray, times: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Each pair once, sorted, and the length of its contact in pixels."""
    base = int(pairs.max(initial=0)) + 1
    keys, number = np.unique(pairs[:, 0] * base + pairs[:, 1], return_counts=True)
    kept = number >= times
    unique = np.stack(np.divmod(keys[kept], base), axis=1).astype(np.int64)
    return unique, number[kept] * LENGTH_OF_A_SIDE
