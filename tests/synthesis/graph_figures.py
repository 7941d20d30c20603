"""Figures of a grown network, by which it is compared with the published ones."""

from itertools import pairwise

import numpy as np

from retia.synthesis.vessels import Vessels

RINGS_MM = (0.35, 0.5, 0.75, 1.0, 1.25, 1.5)


def figures(vessels: Vessels, fovea_mm: np.ndarray) -> dict[str, float]:
    """Counts, radii in micrometres, angles in degrees, lengths in mm per square mm."""
    parent = vessels.parent
    top = np.where(parent >= 0, vessels.depth_mm[parent], vessels.depth_mm)
    way = np.column_stack([vessels.end_mm - vessels.start_mm, vessels.depth_mm - top])
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    children = np.bincount(parent[parent >= 0], minlength=len(vessels))
    of = np.argsort(parent, kind="stable")
    of = of[np.searchsorted(parent[of], 0) :]
    first = np.cumsum(children) - children
    forks = np.flatnonzero(children == 2)
    one, two = of[first[forks]], of[first[forks] + 1]
    angle = np.degrees(np.arccos(np.clip((way[one] * way[two]).sum(1), -1, 1)))
    radius_um = vessels.radius_mm * 1000
    reach = np.hypot(*(vessels.middle_mm - fovea_mm).T)
    found: dict[str, float] = {
        "segments": len(vessels),
        "bifurcations": len(forks),
        "tips": int((children == 0).sum()),
        "arterial share": float((vessels.kind == 0).mean()),
        "mean radius": float(radius_um.mean()),
        "mean branching angle": float(angle.mean()),
    }
    for q in (0.05, 0.5, 0.95):
        found[f"branching angle q{q}"] = float(np.quantile(angle, q))
    for q in (0.5, 0.75, 0.9, 0.95, 0.99):
        found[f"radius q{q}"] = float(np.quantile(radius_um, q))
    for low, high in pairwise(RINGS_MM):
        inside = (reach >= low) & (reach < high)
        area = np.pi * (high**2 - low**2)
        found[f"density {low}-{high} mm"] = float(vessels.length_mm[inside].sum() / area)
    return found
