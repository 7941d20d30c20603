"""One image in three panels: its structure, what spoke for the stage, the findings."""

import cv2
import numpy as np

from retia.attribution.scene import Shares
from retia.figures import draw_findings, draw_mask_edges, draw_weights, to_rgb
from retia.graphs.painting import area_mask, paint_areas, paint_segments
from retia.records import Case, VesselGraph

SCALE = 2
CAPILLARY, VESSEL, FAZ = (77, 208, 225), (255, 183, 77), (102, 187, 106)
LARGE_UM = 15.0
"""Half width from which a segment is drawn as a larger vessel."""


def draw_attribution(
    pixels: np.ndarray, case: Case, graph: VesselGraph, shares: Shares
) -> np.ndarray:
    """Draw the three panels side by side.

    Args:
        pixels: The image, uint8, shape `(H, W)`.
        case: With its findings.
        graph: Its graph.
        shares: Of its elements.

    Returns:
        RGB, uint8, shape `(2 H, 6 W, 3)`.
    """
    weights = element_weights(graph, (pixels.shape[0], pixels.shape[1]), shares)
    panels = (
        draw_structure(pixels, graph),
        draw_weights(pixels, weights, SCALE),
        draw_findings(pixels, case.findings, SCALE),
    )
    return np.concatenate(panels, axis=1)


def element_weights(graph: VesselGraph, shape: tuple[int, int], shares: Shares) -> np.ndarray:
    """The share of the segment or area under each pixel, float64 `(H, W)`."""
    segments = paint_segments(graph, shape, shares.segment)
    areas = paint_areas(graph, shape, shares.area)
    return np.where(np.abs(segments) >= np.abs(areas), segments, areas)


def draw_structure(pixels: np.ndarray, graph: VesselGraph) -> np.ndarray:
    """Draw the centre lines of the vessels (larger ones in amber) and the outline of the FAZ."""
    canvas = to_rgb((pixels * 0.8).astype(np.uint8), SCALE)
    table = graph.segments.select("polyline_px", "radius_mean_um").sort("radius_mean_um")
    for line, radius_um in table.iter_rows():
        points = np.array(line, np.int32)[:, ::-1] * SCALE + SCALE // 2
        colour = VESSEL if radius_um >= LARGE_UM else CAPILLARY
        cv2.polylines(canvas, [points.reshape(-1, 1, 2)], False, colour, 1, cv2.LINE_AA)
    faz = area_mask(graph.faz, (pixels.shape[0], pixels.shape[1]))
    return draw_mask_edges(canvas, faz, FAZ, SCALE)
