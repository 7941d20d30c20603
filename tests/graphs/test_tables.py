"""Tables survive disk and become tensors."""

import dataclasses
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from drawn import MM, grid, middle_cell
from polars.testing import assert_frame_equal

from retia.anatomy import RING_NAMES
from retia.errors import UserError
from retia.graphs.build import build_graph
from retia.graphs.edges import EDGE_FEATURES
from retia.graphs.features import SEGMENT_FEATURES
from retia.graphs.hetero import EDGE_TYPES, to_hetero_data
from retia.records import VesselGraph


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_hetero_data_takes_the_graph(drawn_graph: VesselGraph):
    data = to_hetero_data(drawn_graph)
    data.validate(raise_on_error=True)
    assert set(data.edge_types) == set(EDGE_TYPES)
    assert data["segment"].x.shape == (drawn_graph.segments.height, len(SEGMENT_FEATURES))


def test_the_tables_survive_disk(tmp_path: Path, drawn_graph: VesselGraph):
    other = build_graph("other", grid(), middle_cell(), MM)
    VesselGraph.stack([drawn_graph, other]).write(tmp_path)
    back = dict(VesselGraph.read(tmp_path).split())
    assert set(back) == {"eye", "other"}
    for field in dataclasses.fields(VesselGraph):
        assert_frame_equal(getattr(back["eye"], field.name), getattr(drawn_graph, field.name))


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_tensors_say_where_the_nodes_lie(drawn_graph: VesselGraph):
    data = to_hetero_data(drawn_graph)
    faz = drawn_graph.faz.row(0, named=True)
    table = drawn_graph.segments.sort("id")
    there = table.select(pl.col("x_px") - faz["x_px"], pl.col("y_px") - faz["y_px"]).to_numpy()
    assert np.allclose(data["segment"].pos_mm.numpy(), there * MM, atol=1e-5)
    assert [RING_NAMES[n] for n in data["segment"].ring] == table["ring"].to_list()
    assert data["faz"].ring.tolist() == [0]
    assert data["faz"].pos_mm.abs().max() == 0


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_edges_carry_the_same_features_both_ways(drawn_graph: VesselGraph):
    data = to_hetero_data(drawn_graph)
    for kind in EDGE_TYPES:
        assert data[kind].edge_attr.shape == (data[kind].edge_index.shape[1], len(EDGE_FEATURES))
    there, back = data["segment", "touches", "area"], data["area", "rev_touches", "segment"]
    assert (there.edge_index == back.edge_index.flip(0)).all()
    assert (there.edge_attr == back.edge_attr).all()
    meets = data["segment", "meets", "segment"]
    known = dict(
        zip(map(tuple, meets.edge_index.T.tolist()), meets.edge_attr.tolist(), strict=True)
    )
    assert all(known[b, a] == features for (a, b), features in known.items())
    rows = drawn_graph.relations.filter(pl.col("kind") == "segment-segment")
    for row in rows.head(50).iter_rows(named=True):
        stored = [row[name] for name in EDGE_FEATURES]
        assert known[row["source"], row["target"]] == pytest.approx(stored)


def test_tables_of_an_earlier_version_are_named(drawn_graph: VesselGraph):
    old = dataclasses.replace(drawn_graph, relations=drawn_graph.relations.drop("contact_um"))
    with pytest.raises(UserError, match=r"no column `contact_um`.*Run `retia graph` again"):
        to_hetero_data(old)
    old = dataclasses.replace(drawn_graph, areas=drawn_graph.areas.drop("x_mm"))
    with pytest.raises(UserError, match=r"area nodes has no column `x_mm`"):
        to_hetero_data(old)
