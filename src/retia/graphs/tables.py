"""The four tables of a vessel graph: their columns, and arrays put into them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from retia.graphs.edges import EDGE_FEATURES
from retia.graphs.features import (
    AREA_FEATURES,
    AREA_MEASURES,
    FAZ_FEATURES,
    FAZ_MEASURES,
    SEGMENT_FEATURES,
    SEGMENT_MEASURES,
)
from retia.graphs.places import PLACE

KEYS = {"case": pl.String, "id": pl.Int32}
POINTS = pl.List(pl.List(pl.Int32))
BOX = dict.fromkeys(("x0", "y0", "x1", "y1"), pl.Int32)

SCHEMAS: dict[str, dict[str, Any]] = {
    "segments": KEYS
    | dict.fromkeys(SEGMENT_FEATURES | SEGMENT_MEASURES, pl.Float32)
    | PLACE
    | {"first_node": pl.Int32, "last_node": pl.Int32, "radius_px": pl.Float32}
    | {"polyline_px": POINTS},
    "areas": KEYS
    | dict.fromkeys(AREA_FEATURES | AREA_MEASURES, pl.Float32)
    | PLACE
    | BOX
    | {"runs_px": POINTS},
    "faz": KEYS
    | dict.fromkeys(FAZ_FEATURES | FAZ_MEASURES, pl.Float32)
    | PLACE
    | {"runs_px": POINTS},
    "relations": {"case": pl.String, "kind": pl.String, "source": pl.Int32, "target": pl.Int32}
    | dict.fromkeys(EDGE_FEATURES, pl.Float32),
}
"""Columns of the four tables, in their order; the same for every image.

The place is that of the middle of a segment's polyline, or of the centre of an area or of the FAZ.
`first_node, last_node`: the junction or free end at the first and last point, numbered in each
case. `radius_px`: mean half width. `x0, y0, x1, y1`: half-open box. `runs_px`: `[row, start,
stop]`, half-open.
"""


def nested(points: np.ndarray, starts: np.ndarray) -> pl.Series:
    """List column of lists: points `starts[n]:starts[n + 1]` in row `n`."""
    count, width = points.shape
    values = pa.array(np.ascontiguousarray(points, np.int32).ravel())
    inner = pa.LargeListArray.from_arrays(pa.array(np.arange(count + 1) * width), values)
    outer = pa.LargeListArray.from_arrays(pa.array(starts.astype(np.int64)), inner)
    return pl.Series(values=outer, dtype=POINTS)


def node_table(
    name: str, case_id: str, columns: Mapping[str, np.ndarray | pl.Series]
) -> pl.DataFrame:
    """Make the table `name` of the nodes of one type.

    Args:
        name: `segments`, `areas` or `faz`.
        case_id: Written into the column `case`.
        columns: All columns of the schema but `case` and `id`; others are left out.
    """
    rows = len(columns["x_px"])
    keys = {"case": pl.Series([case_id] * rows, dtype=pl.String), "id": np.arange(rows)}
    return pl.DataFrame(keys | dict(columns)).select(_typed(name))


def relation_table(
    case_id: str, edges: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> pl.DataFrame:
    """Make the table of the relations.

    Args:
        case_id: Written into the column `case`.
        edges: Per kind, source and target, int `(E, 2)`, and float `(E, 4)`, `EDGE_FEATURES`.
    """
    pairs, features = (np.concatenate(part) for part in zip(*edges.values(), strict=True))
    columns = {
        "case": pl.Series([case_id] * len(pairs), dtype=pl.String),
        "kind": np.repeat(list(edges), [len(p) for p, _ in edges.values()]),
        "source": pairs[:, 0],
        "target": pairs[:, 1],
    }
    columns |= dict(zip(EDGE_FEATURES, features.T, strict=True))
    return pl.DataFrame(columns).select(_typed("relations"))


def _typed(name: str) -> list[pl.Expr]:
    return [pl.col(column).cast(kind) for column, kind in SCHEMAS[name].items()]
