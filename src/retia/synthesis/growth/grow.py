"""Vessels of one healthy eye: arteries, veins and the capillary bridges between them.

In:  `GrowthConfig`, an avascular zone, a random generator.
Out: `Vessels`, one row a segment, in millimetres from the field's top-left corner.
"""

import numpy as np

from retia.synthesis.faz import Faz
from retia.synthesis.growth.config import GrowthConfig
from retia.synthesis.vessels import ARTERY, VEIN, Vessels


def draw_roots(rng: np.random.Generator, config: GrowthConfig, tilt_rad: float = 0.0) -> np.ndarray:
    """Stumps on the border of the grown area: arteries first, then veins.

    Args:
        rng: Source of the positions.
        config: Field, margin, number and kind of roots.
        tilt_rad: Turns an alternating arrangement (a trait shared by the eyes of a patient).

    Returns:
        ``(arteries + veins, 2, 3)``: root and first node of each stump, in mm.
    """
    count = config.arteries + config.veins
    low, high = -config.margin_mm, config.field_mm + config.margin_mm
    if config.roots == "nerve":
        x, y, radius = config.nerve_mm
        angle, reach = rng.uniform(0, 2 * np.pi, count), radius * np.sqrt(rng.random(count))
        root = np.stack([x + reach * np.cos(angle), y + reach * np.sin(angle)], axis=-1)
        root = np.clip(root, low, high)
        way = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    elif config.roots == "random":
        side, along = rng.integers(0, 4, count), rng.uniform(low, high, count)
        edge = np.where(side % 2 == 0, low, high)
        root = np.where((side < 2)[:, None], np.stack([edge, along], 1), np.stack([along, edge], 1))
        inward = np.where(side % 2 == 0, 0.0, np.pi) + np.where(side < 2, 0.0, np.pi / 2)
        inward = np.where(side == 3, -np.pi / 2, inward)
        aim = inward + np.arcsin(rng.uniform(-0.95, 0.95, count))
        way = np.stack([np.cos(aim), np.sin(aim)], axis=-1)
    else:
        angle = (np.arange(count) + rng.uniform(-0.38, 0.38, count)) * 2 * np.pi / count
        angle = angle + 0.28 * np.sin(2 * angle) + tilt_rad  # crowd towards top and bottom
        ray = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        half = (high - low) / 2
        root = (low + high) / 2 + half * ray / np.abs(ray).max(axis=1, keepdims=True)
        aim = angle + np.pi + rng.normal(0, 0.35, count)
        way = np.stack([np.cos(aim), np.sin(aim)], axis=-1)
        turn = np.argsort(np.arange(count) % 2, kind="stable")
        root, way = root[turn], way[turn]
    first = np.clip(root + config.stump_mm * way, low + 0.005, high - 0.005)
    depth = np.broadcast_to(rng.uniform(0, config.slab_mm, (count, 1, 1)), (count, 2, 1))
    return np.concatenate([np.stack([root, first], axis=1), depth], axis=-1)


def grow_vessels(
    rng: np.random.Generator,
    faz: Faz,
    config: GrowthConfig | None = None,
    tilt_rad: float = 0.0,
) -> Vessels:
    """Grow the vessels of one healthy eye.

    Trees grow by space colonisation (Rauch & Harders, VCBM 2021; Kreitner et al., TMI 2024),
    radii follow Murray's law (Murray 1926) exactly, tips are then bridged to near vessels so
    that the capillaries close into loops.

    Args:
        rng: Decides everything random; same state, same vessels.
        faz: Avascular zone no vessel enters.
        config: Growth parameters; defaults if absent.
        tilt_rad: See `draw_roots`.

    Returns:
        All segments.
    """
    from numba.typed import List

    from retia.synthesis.growth.anastomoses import bridge_tips
    from retia.synthesis.growth.colonization import colonize
    from retia.synthesis.growth.state import (
        new_forest,
        new_tissue,
        new_zone,
        to_vessels,
        turns_of,
    )

    config = config or GrowthConfig()
    stumps = draw_roots(rng, config, tilt_rad)
    arteries = new_forest(stumps[: config.arteries], config)
    veins = new_forest(stumps[config.arteries :], config)
    sinks, sources = new_tissue(config), new_tissue(config)
    turns = List(turns_of(config))  # type: ignore[reportCallIssue]
    colonize(rng, arteries, veins, sinks, sources, new_zone(faz, config), turns)
    trees = to_vessels([arteries, veins], [ARTERY, VEIN])
    return bridge_tips(trees, faz, config.bridge_mm) if config.bridge_mm > 0 else trees
