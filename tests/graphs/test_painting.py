"""Painted elements cover what they were measured on."""

import numpy as np
import polars as pl
import pytest
from drawn import MM

from retia.graphs.build import build_graph
from retia.graphs.painting import area_mask, paint_areas, paint_segments
from retia.records import VesselGraph


def test_painting_covers_the_vessels_and_rebuilds_areas(
    drawn_eye: tuple[np.ndarray, np.ndarray, np.ndarray], drawn_graph: VesselGraph
):
    vessels, faz, _ = drawn_eye
    ones = paint_segments(drawn_graph, vessels.shape, np.ones(drawn_graph.segments.height))
    assert (vessels & (ones == 1)).sum() > 0.65 * vessels.sum()
    assert (~vessels & (ones != 0)).sum() < 0.25 * vessels.sum()
    numbers = paint_areas(drawn_graph, vessels.shape, np.arange(1.0, drawn_graph.areas.height + 1))
    assert not (vessels & (numbers > 0)).any()
    for row in drawn_graph.areas.head(20).iter_rows(named=True):
        mask = numbers == row["id"] + 1
        assert mask.sum() * MM**2 == pytest.approx(row["area_mm2"], rel=1e-5)
        assert (
            area_mask(drawn_graph.areas.filter(pl.col("id") == row["id"]), mask.shape) == mask
        ).all()
        rows, cols = np.nonzero(mask)
        box = [cols.min(), rows.min(), cols.max() + 1, rows.max() + 1]
        assert [row[k] for k in ("x0", "y0", "x1", "y1")] == box
    assert (area_mask(drawn_graph.faz, faz.shape) == faz).all()
    assert not area_mask(drawn_graph.areas.clear(), faz.shape).any()


def test_the_strongest_value_wins_when_segments_overlap():
    mask = np.zeros((41, 41), bool)
    mask[20, 5:36] = True
    mask[5:36, 20] = True
    graph = build_graph("cross", mask, np.zeros_like(mask), MM)
    painted = paint_segments(graph, mask.shape, [0.5, -3.0, 1.0, 2.0])
    assert painted[20, 20] == -3
    with pytest.raises(ValueError, match="4 segments"):
        paint_segments(graph, mask.shape, [1.0])
