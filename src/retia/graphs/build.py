"""Masks to the `VesselGraph` of one image."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import polars as pl
import pyarrow as pa

from retia.errors import UserError
from retia.graphs.areas import label_areas, measure_areas
from retia.graphs.faz import measure_faz
from retia.graphs.features import AREA_FEATURES, FAZ_FEATURES, SEGMENT_FEATURES
from retia.graphs.relations import (
    regions_that_face,
    segments_at_areas,
    segments_at_faz,
    segments_that_meet,
)
from retia.graphs.segments import (
    Surroundings,
    measure_segments,
    midpoints,
    partition_vessels,
    without_junctions,
)
from retia.graphs.shapes import measure_shapes
from retia.graphs.skeleton import extract_skeleton
from retia.records import VesselGraph

KEYS = {"case": pl.String, "id": pl.Int32}
POSITION = {"x_px": pl.Float32, "y_px": pl.Float32}
POINTS = pl.List(pl.List(pl.Int32))
BOX = dict.fromkeys(("x0", "y0", "x1", "y1"), pl.Int32)

SCHEMAS: dict[str, dict[str, Any]] = {
    "segments": KEYS
    | dict.fromkeys(SEGMENT_FEATURES, pl.Float32)
    | POSITION
    | {"radius_px": pl.Float32, "polyline_px": POINTS},
    "areas": KEYS | dict.fromkeys(AREA_FEATURES, pl.Float32) | POSITION | BOX | {"runs_px": POINTS},
    "faz": KEYS | dict.fromkeys(FAZ_FEATURES, pl.Float32) | POSITION | {"runs_px": POINTS},
    "relations": {"case": pl.String, "kind": pl.String, "source": pl.Int32, "target": pl.Int32},
}
"""Columns of the four tables, in their order; the same for every image.

`x_px, y_px`: middle of a segment's polyline, centre of an area or of the FAZ. `radius_px`: mean
half width. `x0, y0, x1, y1`: half-open box. `runs_px`: `[row, start, stop]`, half-open.
"""


def build_graph(
    case_id: str,
    vessels: np.ndarray,
    faz: np.ndarray,
    mm_per_px: float,
    image: np.ndarray | None = None,
) -> VesselGraph:
    """Build the heterogeneous vessel graph of one image.

    Args:
        case_id: Written into the `case` columns.
        vessels: Vessel mask, bool `(H, W)`.
        faz: FAZ mask, bool `(H, W)`; all false where none was found.
        mm_per_px: Side of one pixel in mm.
        image: uint8 `(H, W)`; without it all intensities are 0.

    Returns:
        Tables with the columns of `SCHEMAS`; every number is finite.

    Raises:
        UserError: If the shapes differ or the scale is not above 0.
    """
    _check(case_id, vessels, faz, mm_per_px, image)
    faz = np.ascontiguousarray(faz, bool)
    grey = None if image is None else image.astype(np.float32) / 255
    skeleton = extract_skeleton(vessels)
    distance = _faz_distance(faz)
    around = Surroundings(skeleton.filled, grey, distance, mm_per_px)

    partition = partition_vessels(skeleton)
    areas, rim = label_areas(skeleton.filled, faz, distance, mm_per_px)
    shapes = measure_shapes(areas, int(areas.max(initial=-1)) + 1)
    meets = segments_that_meet(skeleton.ends)
    own = without_junctions(partition, skeleton)
    touches = segments_at_areas(own, areas)
    faces, areas_at_faz = regions_that_face(areas, rim, mm_per_px)
    at_faz = segments_at_faz(own, rim)

    columns = measure_segments(skeleton, partition, meets, touches, around)
    half = columns["radius_mean_um"] / 1000 / mm_per_px
    x, y = midpoints(skeleton)
    lines = _nested(skeleton.points, skeleton.starts)
    columns |= {"x_px": x, "y_px": y, "radius_px": half, "polyline_px": lines}
    segment_table = _table("segments", case_id, columns)

    columns = measure_areas(areas, shapes, faces, around) | dict(
        zip(BOX, shapes.boxes.T, strict=True)
    )
    columns |= {"x_px": shapes.x, "y_px": shapes.y, "runs_px": _nested(shapes.runs, shapes.starts)}
    area_table = _table("areas", case_id, columns)

    row, (faz_x, faz_y), runs = measure_faz(faz, grey, len(at_faz), mm_per_px)
    columns = {k: np.array([v]) for k, v in (row | {"x_px": faz_x, "y_px": faz_y}).items()}
    columns |= {"runs_px": _nested(runs, np.array([0, len(runs)]))}
    faz_table = _table("faz", case_id, columns)

    pairs = {
        "segment-segment": meets,
        "area-area": faces,
        "segment-area": touches,
        "segment-faz": np.stack([at_faz, np.zeros_like(at_faz)], axis=1),
        "faz-area": np.stack([np.zeros_like(areas_at_faz), areas_at_faz], axis=1),
        "faz-faz": np.zeros((1, 2), np.int64),
    }
    return VesselGraph(segment_table, area_table, faz_table, _relations(case_id, pairs))


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
        return np.asarray(
            cv2.distanceTransform((~faz).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        )
    rows, cols = (np.arange(n) - (n - 1) / 2 for n in faz.shape)
    return np.hypot(rows[:, None], cols[None, :])


def _nested(points: np.ndarray, starts: np.ndarray) -> pl.Series:
    """List column of lists: points `starts[n]:starts[n + 1]` in row `n`."""
    count, width = points.shape
    values = pa.array(np.ascontiguousarray(points, np.int32).ravel())
    inner = pa.LargeListArray.from_arrays(pa.array(np.arange(count + 1) * width), values)
    outer = pa.LargeListArray.from_arrays(pa.array(starts.astype(np.int64)), inner)
    return pl.Series(values=outer, dtype=POINTS)


def _table(name: str, case_id: str, columns: Mapping[str, np.ndarray | pl.Series]) -> pl.DataFrame:
    schema = SCHEMAS[name]
    rows = len(columns["x_px"])
    keys = {"case": pl.Series([case_id] * rows, dtype=pl.String), "id": np.arange(rows)}
    values = keys | dict(columns)
    return pl.DataFrame(values).select(_typed(schema))


def _typed(schema: Mapping[str, Any]) -> list[pl.Expr]:
    return [pl.col(name).cast(kind) for name, kind in schema.items()]


def _relations(case_id: str, pairs: Mapping[str, np.ndarray]) -> pl.DataFrame:
    both = np.concatenate(list(pairs.values()))
    columns = {
        "case": pl.Series([case_id] * len(both), dtype=pl.String),
        "kind": np.repeat(list(pairs), [len(p) for p in pairs.values()]),
        "source": both[:, 0],
        "target": both[:, 1],
    }
    return pl.DataFrame(columns).select(_typed(SCHEMAS["relations"]))
