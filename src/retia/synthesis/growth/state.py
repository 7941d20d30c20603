"""The arrays the growth kernels work on: made from `GrowthConfig`, turned into `Vessels`."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from retia.synthesis.faz import Faz
from retia.synthesis.growth.config import GrowthConfig
from retia.synthesis.growth.grid import Grid, hang, new_grid
from retia.synthesis.vessels import Vessels

NODES_PER_MM2 = 2200
"""Room for nodes of one forest; a healthy eye of the default parameters holds about 760."""

SINK_RIM_MM = 0.02
"""Sinks lie this far beyond the field too, so that its corners are as dense as its middle."""

CLEAR_MM = 0.006
"""No node comes closer to the FAZ's outline."""

SINK_CELL_MM = 0.03
NODE_CELL_MM = 0.05

STUMP_EXPONENT = 4.0
"""Murray exponent where a stump branches at its very first node."""

NONE, UNKNOWN, REACHED = -1, -2, -3
"""In place of a host: none is near, it has to be looked for, a vessel has reached the point."""


class Forest(NamedTuple):
    """Trees of one kind; row = node. Children have larger numbers than their parents.

    Attributes:
        place: ``(C, 3)`` in mm.
        parent: ``(C,)`` int32, -1 at a root.
        children: ``(C, 2)`` int32, -1 for none.
        radius: ``(C,)`` radius in mm of the vessel that ends here.
        exponent: ``(C,)`` Murray exponent that holds where this node branches.
        news: ``(C,)`` bool: since it last tried to grow, a node has got or lost a point, got
            a child or become wider.
        active: Nodes that can still branch.
        every: All nodes.
        count: ``(1,)`` int64, nodes in use.
    """

    place: np.ndarray
    parent: np.ndarray
    children: np.ndarray
    radius: np.ndarray
    exponent: np.ndarray
    news: np.ndarray
    active: Grid
    every: Grid
    count: np.ndarray


class Tissue(NamedTuple):
    """Points that call for a vessel: sinks of oxygen, or sources of carbon dioxide.

    Attributes:
        place: ``(C, 3)`` in mm.
        grid: Those that are there.
        host: ``(C,)`` int32, the node a point pulls at: the nearest that can branch;
            or `NONE`, `UNKNOWN`, `REACHED`.
        gap: ``(C,)``, distance to the host in mm.
        live: ``(C,)`` int32: the numbers in use come first.
        count: ``(1,)`` int64, how many are in use.
    """

    place: np.ndarray
    grid: Grid
    host: np.ndarray
    gap: np.ndarray
    live: np.ndarray
    count: np.ndarray


class Zone(NamedTuple):
    """The slab of tissue and the avascular zone in it, in mm.

    Attributes:
        low: Smallest x and y of a sink; vessels may reach a little beyond the outermost.
        high: Largest x and y of a sink.
        thick: Depth of the slab.
        center: FAZ centre ``(2,)``.
        rim: FAZ outline ``(360,)``, one distance a degree.
        clear: No node comes closer to the outline.
        ring: Within this distance of the centre vessels bend around it.
        sparse: Within this many FAZ radii of the centre vessels branch less often.
    """

    low: float
    high: float
    thick: float
    center: np.ndarray
    rim: np.ndarray
    clear: float
    ring: float
    sparse: float


class Turn(NamedTuple):
    """The numbers of one turn; lengths in mm, angles in radians."""

    sinks: int
    sink_gap: float
    sink_reach: float
    query: float
    attraction: float
    step: float
    cone: float
    spread: float
    inertia: float
    exponent: float
    terminal: float
    bends: bool
    least_bend: float


def new_forest(stumps: np.ndarray, config: GrowthConfig) -> Forest:
    """A forest of stumps ``(N, 2, 3)``, each a root and its first node, in mm."""
    low, high = -config.margin_mm, config.field_mm + config.margin_mm
    capacity = int(NODES_PER_MM2 * (high - low) ** 2) + 2 * len(stumps)
    count = 2 * len(stumps)
    place = np.zeros((capacity, 3))
    place[:count] = stumps.reshape(-1, 3)
    parent = np.full(capacity, -1, np.int32)
    parent[1:count:2] = np.arange(0, count, 2)
    children = np.full((capacity, 2), -1, np.int32)
    children[0:count:2, 0] = np.arange(1, count, 2)
    forest = Forest(
        place=place,
        parent=parent,
        children=children,
        radius=np.full(capacity, config.terminal_radius_mm),
        exponent=np.full(capacity, STUMP_EXPONENT),
        news=np.zeros(capacity, bool),
        active=new_grid(low, high, NODE_CELL_MM, capacity),
        every=new_grid(low, high, NODE_CELL_MM, capacity),
        count=np.array([count]),
    )
    for n in range(count):
        hang(forest.every, n, place[n])
        if parent[n] >= 0:  # a root does not sprout
            hang(forest.active, n, place[n])
    return forest


def new_tissue(config: GrowthConfig) -> Tissue:
    """Tissue that calls for no vessel yet."""
    low, high = -config.margin_mm, config.field_mm + config.margin_mm
    capacity = int(NODES_PER_MM2 * (high - low) ** 2)
    return Tissue(
        place=np.zeros((capacity, 3)),
        grid=new_grid(low, high, SINK_CELL_MM, capacity),
        host=np.full(capacity, UNKNOWN, np.int32),
        gap=np.zeros(capacity),
        live=np.arange(capacity, dtype=np.int32),
        count=np.zeros(1, np.int64),
    )


def new_zone(faz: Faz, config: GrowthConfig) -> Zone:
    """Where tissue calls for vessels, and where none may be."""
    low, high = -config.margin_mm - SINK_RIM_MM, config.field_mm + config.margin_mm + SINK_RIM_MM
    center, rim = np.asarray(faz.center_mm, float), np.asarray(faz.rim_mm, float)
    return Zone(
        low, high, config.slab_mm, center, rim, CLEAR_MM, config.faz_ring_mm, config.faz_sparse
    )


def turns_of(config: GrowthConfig) -> list[Turn]:
    """The numbers of every turn: distances shrink as the tissue expands."""
    area_mm2 = (config.field_mm + 2 * config.margin_mm) ** 2
    turns = []
    for mode in config.modes:
        sigma = 1.0
        for number in range(mode.turns):
            turns.append(
                Turn(
                    sinks=round(mode.sinks_per_mm2 * area_mm2),
                    sink_gap=mode.sink_gap_mm / sigma,
                    sink_reach=mode.sink_reach_mm / sigma,
                    query=mode.sink_query_mm / sigma,
                    attraction=mode.attraction_mm / sigma,
                    step=max(mode.least_step_mm, mode.step_mm / sigma),
                    cone=math.radians(mode.cone_deg),
                    spread=math.radians(mode.spread_deg),
                    inertia=mode.inertia,
                    exponent=mode.murray_exponent,
                    terminal=config.terminal_radius_mm,
                    bends=number >= config.first_bend,
                    least_bend=mode.least_bend,
                )
            )
            sigma += mode.expansion
    return turns


def to_vessels(forests: Sequence[Forest], kinds: Sequence[int]) -> Vessels:
    """All trees as one table; the segment of a node runs from its parent to it."""
    parts, first = [], 0
    for forest, kind in zip(forests, kinds, strict=True):
        count = int(forest.count[0])
        place, parent = forest.place[:count], forest.parent[:count]
        nodes = np.flatnonzero(parent >= 0)
        segment = np.cumsum(parent >= 0) - 1 + first  # node -> segment ending there
        up = parent[nodes]
        parts.append(
            Vessels(
                start_mm=place[up, :2],
                end_mm=place[nodes, :2],
                radius_mm=forest.radius[nodes],
                depth_mm=place[nodes, 2],
                parent=np.where(parent[up] >= 0, segment[up], -1).astype(np.int32),
                kind=np.full(len(nodes), kind, np.uint8),
                joins=np.full(len(nodes), -1, np.int32),
            )
        )
        first += len(nodes)
    names = Vessels.__dataclass_fields__
    return Vessels(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
