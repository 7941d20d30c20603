"""Numbers that sum up one image."""

import numpy as np

from retia.anatomy import RINGS
from retia.graphs.painting import area_mask
from retia.records import VesselGraph

SMALLEST_ZONE = 0.02
"""A zone of which the image shows less than this many mm² gets no density."""
BOXES = (2, 4, 8, 16, 32, 64)
"""Sides of the boxes that are counted, in pixels."""


def biomarkers(
    graph: VesselGraph,
    vessels: np.ndarray,
    mm_per_px: float,
    laterality: str | None = None,
) -> dict[str, float]:
    """Measure one image.

    Args:
        graph: Its graph, of `build_graph`.
        vessels: Vessel mask, bool `(H, W)`.
        mm_per_px: Scale.
        laterality: `OD`, `OS` or None, for the names of the quadrants.

    Returns:
        `vessel_density` (share of pixels), `skeleton_density_per_mm` (mm of centre line per mm²),
        `fractal_dimension` (of the vessels, by box counting), `mean_tortuosity` (weighted by
        length), `faz_area_mm2`, `faz_circularity`, `faz_axis_ratio`, and
        `vessel_density_<ring>_<quadrant>` of every zone of the ETDRS grid in the image, in the
        words of `retia.anatomy`, without the FAZ.
    """
    length = graph.segments["length_mm"].to_numpy().astype(float)
    tortuosity = graph.segments["tortuosity"].to_numpy().astype(float)
    row = graph.faz.row(0, named=True)
    numbers = {
        "vessel_density": float(vessels.mean()),
        "skeleton_density_per_mm": float(length.sum() / (vessels.size * mm_per_px**2)),
        "fractal_dimension": fractal_dimension(vessels),
        # Without any vessel there is nothing that could be tortuous.
        "mean_tortuosity": float(length @ tortuosity / length.sum()) if length.sum() else 1.0,
        "faz_area_mm2": row["area_mm2"],
        "faz_circularity": row["circularity"],
        "faz_axis_ratio": row["axis_ratio"],
    }
    faz = area_mask(graph.faz, vessels.shape)
    center = row["x_px"], row["y_px"]
    return numbers | zone_densities(vessels, ~faz, center, mm_per_px, laterality)


def fractal_dimension(mask: np.ndarray) -> float:
    """Box-counting dimension: slope of log(boxes that hold a vessel) over log(1 / side).

    Args:
        mask: Bool `(H, W)`.

    Returns:
        Between 0 and 2; 0 for an empty mask.
    """
    sides = [side for side in BOXES if side <= min(mask.shape)]
    if not mask.any() or len(sides) < 2:
        return 0.0
    counts = []
    for side in sides:
        rows, cols = (-n % side for n in mask.shape)
        padded = np.pad(mask, ((0, rows), (0, cols)))
        height, width = padded.shape
        boxes = padded.reshape(height // side, side, width // side, side)
        counts.append(np.count_nonzero(boxes.any(axis=(1, 3))))
    slope = np.polyfit(np.log(sides), np.log(counts), 1)[0]
    return float(np.clip(-slope, 0.0, 2.0))


def zone_densities(
    vessels: np.ndarray,
    counted: np.ndarray,
    center_px: tuple[float, float],
    mm_per_px: float,
    laterality: str | None,
) -> dict[str, float]:
    """Share of vessel pixels in every zone of the ETDRS grid.

    Args:
        vessels: Bool `(H, W)`.
        counted: Pixels to count at all, bool `(H, W)`.
        center_px: `(x, y)` of the centre of the FAZ.
        mm_per_px: Scale.
        laterality: `OD`, `OS` or None (quadrants then say left and right).

    Returns:
        `vessel_density_<ring>_<quadrant>`, dashes as underscores; zones hardly in the image are
        left out.
    """
    height, width = vessels.shape
    dx = (np.arange(width) - center_px[0])[None, :] * mm_per_px
    dy = (np.arange(height) - center_px[1])[:, None] * mm_per_px
    ring = np.searchsorted(list(RINGS.values()), np.hypot(dx, dy), side="right")
    quadrant = (dy >= 0) * 2 + (dx >= 0)
    zone = ring * 4 + quadrant
    count = 4 * (len(RINGS) + 1)
    total = np.bincount(zone[counted], minlength=count)
    flowing = np.bincount(zone[counted & vessels], minlength=count)
    names = [
        f"vessel_density_{r}_{v}_{h}"
        for r in (*RINGS, "periphery")
        for v in ("superior", "inferior")
        for h in _sides(laterality)
    ]
    shown = total * mm_per_px**2 >= SMALLEST_ZONE
    return {names[n]: float(flowing[n] / total[n]) for n in np.flatnonzero(shown)}


def _sides(laterality: str | None) -> tuple[str, str]:
    """Names of the left and of the right half of the image, as `anatomy.locate` gives them."""
    if laterality is None:
        return "left", "right"
    return ("temporal", "nasal") if laterality == "OD" else ("nasal", "temporal")
