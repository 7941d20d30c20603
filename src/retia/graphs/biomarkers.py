"""Numbers that sum up one image, as a clinician knows them."""

import numpy as np
import polars as pl

from retia.anatomy import RING_NAMES, find_zones, quadrant_names
from retia.graphs.painting import area_mask
from retia.graphs.skeleton import Chains, end_directions
from retia.records import VesselGraph

SMALLEST_ZONE = 0.02
"""A zone of which the image shows less than this many mm² gets no density."""
BOXES = (2, 4, 8, 16, 32, 64)
"""Sides of the boxes that are counted, in pixels."""
BRANCH_UM = 50.0
"""The direction of a branch is that of the chord over this length from the branch point."""

BIOMARKERS: dict[str, str] = {
    "vessel_density": "vessel area density: share of vessel pixels in the image",
    "skeleton_density_per_mm": "length of the centre lines over the area of the image, in mm / mm²",
    "vessel_diameter_index_um": "area of the vessels over the length of their centre lines, in µm",
    "fractal_dimension": "of the vessels, by box counting, 0 to 2",
    "mean_tortuosity": "length over chord of the segments, weighted by length; 1 is straight",
    "calibre_mean_um": "full width of the vessels, weighted by length, in µm; arterioles and "
    "venules are not told apart",
    "calibre_p95_um": "width that 95 % of the length of all vessels stays below, in µm",
    "branch_points_per_mm2": "points where three vessels or more meet, per mm² outside of the FAZ",
    "branch_angle_deg": "mean angle between the branches of a bifurcation (the smallest of three)",
    "intercapillary_area_mean_mm2": "mean area between vessels, of those all within the image",
    "intercapillary_area_p95_mm2": "area that 95 % of them stay below",
    "faz_area_mm2": "area of the foveal avascular zone; 0 where none was found",
    "faz_perimeter_mm": "length of its outline",
    "faz_circularity": "4 pi area over perimeter squared, 1 for a circle",
    "faz_axis_ratio": "short over long axis of the ellipse with the same moments",
    "vessel_density_<ring>": "share of vessel pixels in a ring of the ETDRS grid, without the FAZ",
    "vessel_density_<ring>_<quadrant>": "the same in a quadrant of a ring",
    "vessel_density_clock_<hour>": "the same in the 30 degrees around a clock hour of the image",
}
"""Columns of `biomarkers.csv` and their meaning; a cell stays empty where there is nothing to
measure, such as a zone outside of the image."""


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
        The numbers of `BIOMARKERS`, in that order, rings and quadrants in the words of
        `retia.anatomy`, dashes as underscores. What cannot be measured is left out.
    """
    length, tortuosity, radius = (
        graph.segments[name].to_numpy().astype(float)
        for name in ("length_mm", "tortuosity", "radius_mean_um")
    )
    row = graph.faz.row(0, named=True)
    faz = area_mask(graph.faz, vessels.shape)
    image_mm2 = vessels.size * mm_per_px**2
    total = length.sum()
    numbers = {
        "vessel_density": float(vessels.mean()),
        "skeleton_density_per_mm": float(total / image_mm2),
    }
    if total:
        area_mm2 = vessels.sum() * mm_per_px**2
        numbers["vessel_diameter_index_um"] = float(area_mm2 / total * 1000)
    numbers["fractal_dimension"] = fractal_dimension(vessels)
    # Without any vessel there is nothing that could be tortuous.
    numbers["mean_tortuosity"] = float(length @ tortuosity / total) if total else 1.0
    if total:
        numbers["calibre_mean_um"] = float(2 * length @ radius / total)
        numbers["calibre_p95_um"] = 2 * _weighted_quantile(radius, length, 0.95)
    numbers |= branching(graph.segments, float((~faz).sum()) * mm_per_px**2, mm_per_px)
    whole = graph.areas.filter(pl.col("touches_border") == 0)["area_mm2"].to_numpy()
    if len(whole):
        numbers["intercapillary_area_mean_mm2"] = float(whole.mean())
        numbers["intercapillary_area_p95_mm2"] = float(np.quantile(whole, 0.95))
    for name in ("area_mm2", "perimeter_mm", "circularity", "axis_ratio"):
        numbers[f"faz_{name}"] = row[name]
    center = row["x_px"], row["y_px"]
    return numbers | zone_densities(vessels, ~faz, center, mm_per_px, laterality)


def branching(segments: pl.DataFrame, seen_mm2: float, mm_per_px: float) -> dict[str, float]:
    """Density of the branch points and mean angle of the bifurcations.

    Args:
        segments: The table of one case.
        seen_mm2: Area in which vessels may lie.
        mm_per_px: Scale.

    Returns:
        `branch_points_per_mm2` and, where there is a bifurcation, `branch_angle_deg`.
    """
    node = segments.select("first_node", "last_node").to_numpy().ravel()
    number = np.bincount(node)
    found = {"branch_points_per_mm2": float((number > 2).sum() / seen_mm2) if seen_mm2 else 0.0}
    threes = np.flatnonzero((number == 3)[node])
    if len(threes):
        of_three = threes[np.argsort(node[threes], kind="stable")].reshape(-1, 3)
        reach = BRANCH_UM / 1000 / mm_per_px
        directions = end_directions(polylines(segments), reach)[of_three]
        cosines = (directions * np.roll(directions, 1, axis=1)).sum(axis=2)
        found["branch_angle_deg"] = float(np.degrees(np.arccos(cosines.max(1).clip(-1, 1))).mean())
    return found


def polylines(segments: pl.DataFrame) -> Chains:
    """The centre lines of the table of one case."""
    lines = segments["polyline_px"]
    starts = np.concatenate([[0], np.cumsum(lines.list.len().to_numpy().astype(np.int64))])
    points = lines.explode().drop_nulls().explode().drop_nulls().to_numpy().reshape(-1, 2)
    return Chains(points, starts)


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
    """Share of vessel pixels in every ring, quadrant of a ring and clock hour.

    Args:
        vessels: Bool `(H, W)`.
        counted: Pixels to count at all, bool `(H, W)`.
        center_px: `(x, y)` of the centre of the FAZ.
        mm_per_px: Scale.
        laterality: `OD`, `OS` or None (quadrants then say left and right).

    Returns:
        `vessel_density_<ring>`, `vessel_density_<ring>_<quadrant>`, `vessel_density_clock_<hour>`,
        dashes as underscores; zones hardly in the image are left out.
    """
    height, width = vessels.shape
    dx = (np.arange(width) - center_px[0])[None, :] * mm_per_px
    dy = (np.arange(height) - center_px[1])[:, None] * mm_per_px
    zones = find_zones(dx, dy)
    quadrants = [name.replace("-", "_") for name in quadrant_names(laterality)]
    named = (
        (zones.ring, list(RING_NAMES)),
        # The one pixel on the centre itself counts with the first quadrant.
        (
            zones.ring * 4 + np.maximum(zones.quadrant, 0),
            [f"{ring}_{quadrant}" for ring in RING_NAMES for quadrant in quadrants],
        ),
        (zones.clock, [None, *(f"clock_{hour:02d}" for hour in range(1, 13))]),
    )
    found = {}
    for zone, names in named:
        total = np.bincount(zone[counted], minlength=len(names))
        flowing = np.bincount(zone[counted & vessels], minlength=len(names))
        shown = total * mm_per_px**2 >= SMALLEST_ZONE
        found |= {
            f"vessel_density_{names[n]}": float(flowing[n] / total[n])
            for n in np.flatnonzero(shown)
            if names[n] is not None
        }
    return found


def _weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The smallest value that at least this share of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    at = np.searchsorted(below, share * below[-1])
    return float(values[order][min(at, len(values) - 1)])
