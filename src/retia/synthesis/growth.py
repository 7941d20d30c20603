"""Vessels of one healthy eye: arteries, veins and the capillary bridges between them.

In:  `GrowthConfig`, an avascular zone, a random generator.
Out: `Vessels`, one row a segment, in millimetres from the field's top-left corner.
"""

from dataclasses import dataclass

import numpy as np

from retia.synthesis.faz import Faz
from retia.synthesis.vessels import Vessels


@dataclass(frozen=True, kw_only=True)
class GrowthConfig:
    """How the vessels of an eye grow."""

    field_mm: float = 3.0
    """Side of the square field that is kept."""
    margin_mm: float = 0.3
    """Vessels also grow this far outside the field, so that trunks cross its border."""
    trunks: int = 7
    """Roots of each tree, spread over the border of the grown area."""
    trunk_perfusion_mm: float = 0.34
    """Perfusion distance while the trunks grow."""
    capillary_perfusion_mm: float = 0.034
    """Perfusion distance at the end; about half the distance between capillaries."""
    turns: int = 110
    """Growth turns, each with a smaller perfusion distance."""
    trunk_turns: int = 30
    """Turns at the trunk perfusion distance, before it begins to shrink."""
    murray_exponent: float = 2.7
    """k of ``r_parent**k = r_1**k + r_2**k``."""
    terminal_radius_mm: float = 0.0034
    """Typical radius of a terminal capillary."""
    terminal_spread: float = 0.12
    """Standard deviation of the logarithm of the terminal radius."""
    cone_rad: float = 1.0
    """A tip follows only sinks within this angle of its direction."""
    split_rad: float = 0.5
    """A tip splits in two when its sinks scatter by more than this angle."""
    rim_band_mm: float = 0.09
    """Within this distance of the FAZ vessels bend along its rim."""
    shyness: float = 0.55
    """Sinks of one tree stay this fraction of the perfusion distance off the other tree."""
    bridge_mm: float = 0.13
    """Longest capillary bridge."""


def draw_roots(rng: np.random.Generator, config: GrowthConfig, tilt_rad: float = 0.0) -> np.ndarray:
    """Root stumps on the border of the grown area, arteries and veins in turn.

    Most lie above and below the fovea, where the arcades pass.

    Args:
        rng: Source of the positions.
        config: Field, margin and number of trunks.
        tilt_rad: Turns the whole arrangement (a trait shared by the eyes of a patient).

    Returns:
        ``(2 * trunks, 2, 2)``: stump, its (root, first node), ``(x, y)`` in mm.
    """
    count = 2 * config.trunks
    angle = (np.arange(count) + rng.uniform(-0.38, 0.38, count)) * 2 * np.pi / count
    angle = angle + 0.28 * np.sin(2 * angle) + tilt_rad  # crowd towards top and bottom
    half = config.field_mm / 2 + config.margin_mm - 0.004
    ray = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    root = config.field_mm / 2 + half * ray / np.abs(ray).max(axis=1, keepdims=True)
    aim = angle + np.pi + rng.normal(0, 0.35, count)
    inward = np.stack([np.cos(aim), np.sin(aim)], axis=-1)
    low, high = -config.margin_mm, config.field_mm + config.margin_mm
    first = np.clip(root + 0.055 * inward, low + 0.005, high - 0.005)
    return np.stack([root, first], axis=1)


def grow_vessels(
    rng: np.random.Generator,
    faz: Faz,
    config: GrowthConfig | None = None,
    tilt_rad: float = 0.0,
) -> Vessels:
    """Grow the vessels of one healthy eye.

    Trees grow by space colonisation (Kreitner et al., TMI 2024), radii follow Murray's
    law (Murray 1926) exactly, tips are then bridged to the other tree so that the
    capillaries close into loops.

    Args:
        rng: Decides everything random; same state, same vessels.
        faz: Avascular zone no vessel enters.
        config: Growth parameters; defaults if absent.
        tilt_rad: See `draw_roots`.

    Returns:
        All segments that touch the field or lead to one that does.
    """
    from retia.synthesis.anastomoses import bridge_tips
    from retia.synthesis.colonization import colonize

    config = config or GrowthConfig()
    stumps = draw_roots(rng, config, tilt_rad)
    count = 2 * len(stumps)
    capacity = 30_000
    pos = np.zeros((capacity, 2))
    pos[:count] = stumps.reshape(-1, 2)
    parent = np.full(capacity, -1, np.int32)
    parent[1:count:2] = np.arange(0, count, 2)
    tree = np.zeros(capacity, np.uint8)
    tree[:count] = (np.arange(count) // 2) % 2
    k = config.murray_exponent
    flow = np.zeros(capacity)
    flow[:count] = config.terminal_radius_mm**k
    shrink = config.turns - config.trunk_turns
    eps = np.concatenate(
        [
            np.full(config.trunk_turns, config.trunk_perfusion_mm),
            np.geomspace(config.trunk_perfusion_mm, config.capillary_perfusion_mm, shrink),
        ]
    )
    settings = (
        k,
        config.terminal_radius_mm,
        config.terminal_spread,
        config.cone_rad,
        config.split_rad,
        config.rim_band_mm,
        config.shyness,
    )
    low, high = -config.margin_mm, config.field_mm + config.margin_mm
    count = colonize(
        pos, parent, tree, flow, count, eps, settings, faz.center_mm, faz.rim_mm, low, high, rng
    )
    pos = smoothed(pos[:count], parent[:count], flow[:count], faz)
    segment = np.cumsum(parent[:count] >= 0).astype(np.int32) - 1  # node -> segment ending there
    nodes = np.flatnonzero(parent[:count] >= 0)
    up = parent[nodes]
    trees = Vessels(
        start_mm=pos[up],
        end_mm=pos[nodes],
        radius_mm=flow[nodes] ** (1 / k),
        depth_mm=np.zeros(len(nodes)),
        parent=np.where(parent[up] >= 0, segment[up], -1).astype(np.int32),
        kind=tree[nodes],
        joins=np.full(len(nodes), -1, np.int32),
    )
    return bridge_tips(trees, faz, config.bridge_mm)


def smoothed(
    pos: np.ndarray, parent: np.ndarray, flow: np.ndarray, faz: Faz, rounds: int = 5
) -> np.ndarray:
    """Take the kinks out of vessels: each node moves between its neighbours upstream and down.

    Wide vessels are stiff and are smoothed most. Nodes never enter the avascular zone.

    Args:
        pos: Node positions ``(N, 2)`` in mm.
        parent: ``(N,)``, -1 at roots; numbers below the node's own.
        flow: ``(N,)``; the child with most flow continues the vessel.
        faz: The avascular zone.
        rounds: How often to average.

    Returns:
        New positions ``(N, 2)``.
    """
    order = np.argsort(flow, kind="stable")
    order = order[parent[order] >= 0]
    child = np.full(len(pos), -1)
    child[parent[order]] = order  # the last one written has most flow
    moves = np.flatnonzero((parent >= 0) & (child >= 0))
    ratio = flow[moves] / flow[parent >= 0].min()
    weight = np.clip(0.15 + 0.12 * np.log(ratio), 0.15, 0.6)[:, None]
    for _ in range(rounds):
        between = (pos[parent[moves]] + pos[child[moves]]) / 2
        goal = (1 - weight) * pos[moves] + weight * between
        free = faz.rim_distance(goal) > 0.006
        pos = pos.copy()
        pos[moves[free]] = goal[free]
    return pos
