"""Graphs written and read one image at a time are the graphs of the whole tables."""

from pathlib import Path

import polars as pl
import pytest

from retia.errors import UserError
from retia.records import VesselGraph
from retia.records.graph_folder import GraphFolder, write_graphs


def graph(case: str, areas: int = 2) -> VesselGraph:
    text = pl.String
    return VesselGraph(
        segments=pl.DataFrame(
            {"case": [case], "id": [0], "length_mm": [0.5], "polyline_px": [[[0, 0], [0, 1]]]}
        ),
        areas=pl.DataFrame(
            {"case": [case] * areas, "id": range(areas), "area_mm2": [0.1] * areas},
            schema={"case": text, "id": pl.Int64, "area_mm2": pl.Float64},
        ),
        faz=pl.DataFrame({"case": [case], "id": [0], "area_mm2": [0.25]}),
        relations=pl.DataFrame({"case": [case], "kind": ["faz-faz"], "source": [0], "target": [0]}),
    )


def same(a: VesselGraph, b: VesselGraph) -> bool:
    return all(
        getattr(a, n).equals(getattr(b, n)) for n in ("segments", "areas", "faz", "relations")
    )


def test_each_image_comes_back_as_it_was(tmp_path: Path):
    graphs = {id: graph(id, areas) for id, areas in (("a", 2), ("b", 0), ("c", 3))}
    assert write_graphs(tmp_path, graphs.values())["areas"] == 5
    opened = GraphFolder(tmp_path)
    assert opened.cases() == ["a", "b", "c"]
    assert all(same(opened.read(id), expected) for id, expected in graphs.items())


def test_the_whole_tables_are_the_stacked_graphs(tmp_path: Path):
    graphs = [graph("a"), graph("b", 0), graph("c")]
    write_graphs(tmp_path, graphs)
    assert same(VesselGraph.read(tmp_path), VesselGraph.stack(graphs))


def test_tables_of_another_tool_in_one_row_group_are_read_too(tmp_path: Path):
    graphs = {id: graph(id) for id in "abc"}
    VesselGraph.stack(graphs.values()).write(tmp_path)
    assert all(same(g, graphs[id]) for id, g in GraphFolder(tmp_path))


def test_geometry_can_be_left_out(tmp_path: Path):
    write_graphs(tmp_path, [graph("a")])
    light = GraphFolder(tmp_path, geometry=False).read("a")
    assert "polyline_px" not in light.segments.columns
    assert "length_mm" in light.segments.columns


def test_a_case_that_is_not_there_is_named(tmp_path: Path):
    write_graphs(tmp_path, [graph("a")])
    with pytest.raises(UserError, match="holds no case z"):
        GraphFolder(tmp_path).read("z")


def test_a_damaged_table_is_named(tmp_path: Path):
    write_graphs(tmp_path, [graph("a")])
    (tmp_path / "areas.parquet").write_bytes(b"PAR1 nothing more")
    with pytest.raises(UserError, match=r"areas.parquet cannot be read as Parquet"):
        GraphFolder(tmp_path)
