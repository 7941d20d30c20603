"""Relations of drawn vessels have known contacts, distances, angles and ratios."""

import numpy as np
import polars as pl
import pytest
from drawn import MM, grid, middle_cell

from retia.graphs.build import build_graph
from retia.graphs.edges import EDGE_FEATURES


def edges(mask: np.ndarray, kind: str, faz: np.ndarray | None = None) -> pl.DataFrame:
    graph = build_graph("eye", mask, np.zeros_like(mask) if faz is None else faz, MM)
    return graph.relations.filter(pl.col("kind") == kind)


def test_the_arms_of_a_cross():
    mask = np.zeros((61, 61), bool)
    mask[30, 5:56] = mask[5:56, 30] = True
    found = edges(mask, "segment-segment")
    assert sorted(found["angle_deg"].to_list()) == pytest.approx([90] * 4 + [180] * 2, abs=1)
    # Where the lines cross, the next free pixel is a diagonal away from the middle.
    assert found["contact_um"].to_list() == pytest.approx([20 * 2**0.5 - 10] * 6)
    assert found["size_ratio"].to_list() == pytest.approx([1] * 6)
    # The middles of the arms, which have 25 px, lie 12.5 px from the crossing.
    far, near = 25 * MM, 12.5 * 2**0.5 * MM
    assert sorted(found["distance_mm"].to_list()) == pytest.approx([near] * 4 + [far] * 2, abs=0.01)


def test_segments_that_share_both_nodes_are_one_pair():
    mask = np.zeros((61, 61), bool)
    mask[30, 2:59] = True
    mask[20, 20:41] = mask[20:31, 20] = mask[20:31, 40] = True
    found = edges(mask, "segment-segment")
    assert len(found) == found.select("source", "target").n_unique() == 5
    # At both nodes the bow leaves the straight vessel at a right angle.
    assert sorted(found["angle_deg"].to_list()) == pytest.approx([90, 90, 90, 180, 180], abs=12)


def test_two_areas_face_along_their_wall():
    mask = np.zeros((64, 63), bool)
    mask[10:54, 10] = mask[10:54, 31] = mask[10:54, 52] = True
    mask[10, 10:53] = mask[53, 10:53] = True
    found = edges(mask, "area-area").filter(pl.col("size_ratio") > 0.9)
    row = found.row(0, named=True)
    assert found.height == 1
    assert row["contact_um"] == pytest.approx(43 * 10 * np.pi / 4, rel=0.1)
    assert row["distance_mm"] == pytest.approx(21 * MM)
    assert row["size_ratio"] == pytest.approx(1)
    assert row["angle_deg"] == 0


def test_every_relation_has_finite_features_and_the_self_loop_none():
    graph = build_graph("eye", grid(), middle_cell(), MM)
    features = graph.relations.select(EDGE_FEATURES).to_numpy()
    assert np.isfinite(features).all()
    assert (features >= 0).all()
    assert graph.relations["size_ratio"].max() <= 1
    loop = graph.relations.filter(pl.col("kind") == "faz-faz")
    assert loop.select(EDGE_FEATURES).row(0) == (0, 0, 0, 0)
    others = graph.relations.filter(pl.col("kind") != "faz-faz")
    assert others["contact_um"].min() > 0
    assert others["distance_mm"].min() > 0
