"""Drawn masks, and what holds of every graph."""

import numpy as np
import polars as pl

from retia.graphs.tables import SCHEMAS
from retia.records import VesselGraph
from retia.records.graph import TABLES

MM = 0.01


def grid(size: int = 101, step: int = 20, width: int = 1) -> np.ndarray:
    """Lines at `step / 2`, every `step` pixels, down and across."""
    mask = np.zeros((size, size), bool)
    for at in range(step // 2, size, step):
        mask[at : at + width, :] = True
        mask[:, at : at + width] = True
    return mask


def middle_cell(size: int = 101) -> np.ndarray:
    faz = np.zeros((size, size), bool)
    faz[53:68, 53:68] = True
    return faz


def pairs(graph: VesselGraph, kind: str) -> set[tuple[int, int]]:
    rows = graph.relations.filter(pl.col("kind") == kind)
    return set(zip(rows["source"].to_list(), rows["target"].to_list(), strict=True))


def assert_sound(graph: VesselGraph) -> None:
    for name in TABLES:
        table = getattr(graph, name)
        assert dict(table.schema) == SCHEMAS[name]
        # Only what lies on the centre has no direction from it.
        assert {c for c in table.columns if table[c].null_count()} <= {"quadrant", "clock"}
        for column, kind in table.schema.items():
            assert not kind.is_float() or table[column].is_finite().all(), column
    assert graph.faz.height == 1
    for table in (graph.segments, graph.areas):
        assert table["id"].to_list() == list(range(table.height))
