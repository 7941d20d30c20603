"""Features of the relations: how two elements touch.

| feature | segment-segment | all others |
|---|---|---|
| `contact_um` | width of the vessel at the shared node | length along which the two touch |
| `distance_mm` | between the positions of the two | the same |
| `angle_deg` | between the two directions at the node | 0 |
| `size_ratio` | smaller over larger mean radius | smaller over larger area |

Two capillaries that run on into each other have 180 degrees, a fork less. Segments that share both
of their nodes have the mean of the two. The relation of the FAZ with itself has zeros.
"""

from dataclasses import dataclass

import numpy as np

from retia.graphs.skeleton import Skeleton, end_directions, half_widths_px

EDGE_FEATURES = ("contact_um", "distance_mm", "angle_deg", "size_ratio")
"""Columns of the relations, and of `edge_attr` of every edge type."""
REACH_UM = 50.0
"""The direction at an end is that of the chord over this length of the centre line."""


@dataclass(frozen=True)
class Nodes:
    """What the edges need of the `N` nodes of one type.

    Attributes:
        x_px: Position to the right, `(N,)`.
        y_px: Position down, `(N,)`.
        size: What is compared with the other node, `(N,)`.
    """

    x_px: np.ndarray
    y_px: np.ndarray
    size: np.ndarray


def measure_edges(
    pairs: np.ndarray,
    contact_px: np.ndarray,
    nodes: tuple[Nodes, Nodes],
    mm_per_px: float,
    angle_deg: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Measure the relations of one kind.

    Args:
        pairs: Source and target, int `(E, 2)`.
        contact_px: Length of the contact, `(E,)`.
        nodes: Of the type of the source and of that of the target.
        mm_per_px: Scale.
        angle_deg: `(E,)`; 0 where it has no meaning.

    Returns:
        Float `(E, 4)`, columns `EDGE_FEATURES`.
    """
    one, other = nodes
    source, target = pairs.T
    gap = np.hypot(one.x_px[source] - other.x_px[target], one.y_px[source] - other.y_px[target])
    sizes = np.stack([one.size[source], other.size[target]])
    larger = sizes.max(axis=0)
    ratio = np.divide(sizes.min(axis=0), larger, out=np.zeros(len(pairs)), where=larger > 0)
    columns = (contact_px * mm_per_px * 1000, gap * mm_per_px, angle_deg, ratio)
    return np.stack([np.broadcast_to(c, len(pairs)) for c in columns], axis=1)


def measure_joints(
    skeleton: Skeleton, pairs: np.ndarray, joints: np.ndarray, mm_per_px: float
) -> tuple[np.ndarray, np.ndarray]:
    """Width and angle of the nodes at which segments meet.

    Args:
        skeleton: Of `S` segments.
        pairs: Pairs of segments, int `(E, 2)`, sorted.
        joints: Pairs of ends, int `(M, 2)`, both of `relations.segments_that_meet`.
        mm_per_px: Scale.

    Returns:
        Width in pixels and angle in degrees, each `(E,)`.
    """
    if not len(pairs):
        return np.zeros(0), np.zeros(0)
    # The pairs are sorted, so a joint finds its pair by one number.
    base = len(skeleton)
    at = np.searchsorted(pairs @ (base, 1), joints // 2 @ (base, 1))
    tips = np.stack([skeleton.starts[:-1], skeleton.starts[1:] - 1], axis=1).ravel()
    width = 2 * half_widths_px(skeleton, skeleton.points[tips])[joints].mean(axis=1)
    one, other = end_directions(skeleton, REACH_UM / 1000 / mm_per_px)[joints].swapaxes(0, 1)
    angle = np.degrees(np.arccos(np.clip((one * other).sum(axis=1), -1, 1)))
    number = np.bincount(at, minlength=len(pairs))
    width, angle = (np.bincount(at, v, len(pairs)) / number for v in (width, angle))
    return width, angle
