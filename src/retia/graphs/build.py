"""Masks to the `VesselGraph` of one image."""

import numpy as np

from retia.errors import UserError
from retia.graphs.areas import label_areas, measure_areas
from retia.graphs.edges import EDGE_FEATURES, Nodes, measure_edges, measure_joints
from retia.graphs.evidence import area_evidence, segment_evidence
from retia.graphs.faz import measure_faz
from retia.graphs.local import Surroundings, map_surroundings
from retia.graphs.places import place_nodes
from retia.graphs.relations import (
    Links,
    regions_that_face,
    segments_at_areas,
    segments_at_faz,
    segments_that_meet,
)
from retia.graphs.segments import (
    measure_segments,
    midpoints,
    partition_vessels,
    without_junctions,
)
from retia.graphs.shapes import measure_shapes
from retia.graphs.skeleton import extract_skeleton
from retia.graphs.tables import BOX, nested, node_table, relation_table
from retia.images.distance import distance_px
from retia.records import VesselGraph


def build_graph(
    case_id: str,
    vessels: np.ndarray,
    faz: np.ndarray,
    mm_per_px: float,
    image: np.ndarray | None = None,
    laterality: str | None = None,
    lesions: np.ndarray | None = None,
) -> VesselGraph:
    """Build the heterogeneous vessel graph of one image.

    Args:
        case_id: Written into the `case` columns.
        vessels: Vessel mask, bool `(H, W)`.
        faz: FAZ mask, bool `(H, W)`; all false where none was found.
        mm_per_px: Side of one pixel in mm.
        image: uint8 `(H, W)`; without it all intensities are 0.
        laterality: `OD`, `OS` or None (unknown: quadrants then say left and right).
        lesions: Probability of each kind of `segmentation.maps.LESIONS`, float
            `(len(LESIONS), H, W)`; without it all evidence is 0.

    Returns:
        Tables with the columns of `tables.SCHEMAS`; every number is finite.

    Raises:
        UserError: If the shapes differ or the scale is not above 0.
    """
    _check(case_id, vessels, faz, mm_per_px, image)
    faz = np.ascontiguousarray(faz, bool)
    grey = None if image is None else image.astype(np.float32) / 255
    skeleton = extract_skeleton(vessels)
    distance = _faz_distance(faz)
    partition = partition_vessels(skeleton)
    areas, rim = label_areas(skeleton.filled, faz, distance, mm_per_px)
    around = Surroundings(
        vessels=skeleton.filled,
        image=grey,
        rim=rim,
        faz_distance_px=distance,
        vessel_depth_px=skeleton.distance_px,
        free_depth_px=_free_depth(skeleton.filled),
        mm_per_px=mm_per_px,
    )
    maps = map_surroundings(around)
    shapes = measure_shapes(areas, int(areas.max(initial=-1)) + 1)
    meets, joints = segments_that_meet(skeleton.ends)
    own = without_junctions(partition, skeleton)
    touches, touch = segments_at_areas(own, areas)
    (faces, face), (areas_at_faz, area_rim) = regions_that_face(areas, rim, mm_per_px)
    at_faz, segment_rim = segments_at_faz(own, rim)

    columns, center, runs = measure_faz(faz, grey, len(at_faz), mm_per_px)
    middle_x, middle_y = np.array(center).reshape(2, 1)
    zone = Nodes(middle_x, middle_y, columns["area_mm2"])
    columns |= place_nodes(middle_x, middle_y, center, mm_per_px, laterality)
    columns |= {"runs_px": nested(runs, np.array([0, len(runs)]))}
    faz_table = node_table("faz", case_id, columns)

    columns = measure_segments(skeleton, partition, Links(meets, joints, touches), around, maps)
    columns |= segment_evidence(lesions, skeleton)
    x, y = midpoints(skeleton)
    segment, by_radius = (Nodes(x, y, columns[k]) for k in ("area_mm2", "radius_mean_um"))
    columns |= place_nodes(x, y, center, mm_per_px, laterality)
    columns |= {"radius_px": columns["radius_mean_um"] / 1000 / mm_per_px}
    columns |= dict(zip(("first_node", "last_node"), skeleton.ends.T, strict=True))
    columns |= {"polyline_px": nested(skeleton.points, skeleton.starts)}
    segment_table = node_table("segments", case_id, columns)

    columns = measure_areas(areas, shapes, faces, around, maps)
    columns |= area_evidence(lesions, areas, len(shapes.area))
    area = Nodes(shapes.x, shapes.y, columns["area_mm2"])
    columns |= dict(zip(BOX, shapes.boxes.T, strict=True))
    columns |= place_nodes(shapes.x, shapes.y, center, mm_per_px, laterality)
    columns |= {"runs_px": nested(shapes.runs, shapes.starts)}
    area_table = node_table("areas", case_id, columns)

    width, angle = measure_joints(skeleton, meets, joints, mm_per_px)
    to_faz = np.stack([at_faz, np.zeros_like(at_faz)], axis=1)
    from_faz = np.stack([np.zeros_like(areas_at_faz), areas_at_faz], axis=1)
    edges = {
        "segment-segment": (meets, width, (by_radius, by_radius), mm_per_px, angle),
        "area-area": (faces, face, (area, area), mm_per_px),
        "segment-area": (touches, touch, (segment, area), mm_per_px),
        "segment-faz": (to_faz, segment_rim, (segment, zone), mm_per_px),
        "faz-area": (from_faz, area_rim, (zone, area), mm_per_px),
    }
    relations = {kind: (edge[0], measure_edges(*edge)) for kind, edge in edges.items()}
    itself = (np.zeros((1, 2), np.int64), np.zeros((1, len(EDGE_FEATURES))))
    relations |= {"faz-faz": itself}
    return VesselGraph(segment_table, area_table, faz_table, relation_table(case_id, relations))


def _check(
    case_id: str,
    vessels: np.ndarray,
    faz: np.ndarray,
    mm_per_px: float,
    image: np.ndarray | None,
) -> None:
    shapes = {faz.shape} | ({image.shape} if image is not None else set())
    if vessels.ndim != 2 or shapes != {vessels.shape}:
        seen = "none" if image is None else image.shape
        raise UserError(
            f"{case_id}: vessel mask {vessels.shape}, FAZ mask {faz.shape}, image {seen}. "
            "Expected the same height and width for all of them."
        )
    if not mm_per_px > 0:
        raise UserError(
            f"{case_id}: mm_per_px is {mm_per_px}. "
            "It is the side of one pixel in mm, above 0 (a 3 mm scan of 304 px has 0.00987)."
        )


def _faz_distance(faz: np.ndarray) -> np.ndarray:
    """Distance to the FAZ, 0 inside; to the centre of the image where there is none."""
    if faz.any():
        return distance_px(~faz)
    rows, cols = (np.arange(n) - (n - 1) / 2 for n in faz.shape)
    return np.hypot(rows[:, None], cols[None, :])


def _free_depth(vessels: np.ndarray) -> np.ndarray:
    """Distance of free pixels to the nearest vessel pixel, float32 `(H, W)`."""
    depth = distance_px(~vessels)
    # Without any vessel the distance is not defined; the diagonal bounds it.
    return np.minimum(depth, np.float32(np.hypot(*vessels.shape)))
