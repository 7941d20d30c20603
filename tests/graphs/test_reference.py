"""The healthy reference gives back the distribution it was made of."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from drawn import MM, grid, middle_cell

from retia.anatomy import RING_NAMES
from retia.errors import UserError
from retia.graphs.build import build_graph
from retia.graphs.healthy import ReferenceConfig, reference
from retia.graphs.hetero import FEATURES
from retia.graphs.reference import FILE, QUANTILES, HealthyReference, healthy_reference
from retia.records import Case, VesselGraph, write_cases

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")


@pytest.fixture(scope="module")
def uniform(tmp_path_factory: pytest.TempPathFactory) -> HealthyReference:
    """Features that are uniform in [0, 1] in the fovea, in [1, 2] in the parafovea; few beyond."""
    import torch
    from torch_geometric.data import HeteroData

    rng = np.random.default_rng(0)
    data = HeteroData()
    for kind, features in FEATURES.items():
        ring = np.repeat([0, 1, 2], [2000, 2000, 5])
        x = rng.random((len(ring), len(features))) + ring[:, None]
        x[:, -1] = np.round(x[:, -1])
        data[kind].x = torch.tensor(x, dtype=torch.float32)
        data[kind].ring = torch.tensor(ring)
    folder = tmp_path_factory.mktemp("reference")
    healthy_reference([data], folder)
    return HealthyReference(folder)


def test_percentiles_of_a_uniform_feature_are_its_values(uniform: HealthyReference):
    values = np.linspace(0.02, 0.98, 25)
    found = uniform.percentile("segment", "length_mm", values, np.zeros(25, int))
    assert found == pytest.approx(values, abs=0.03)
    by_name = uniform.percentile("segment", "length_mm", values, ["fovea"] * 25)
    assert (by_name == found).all()
    assert (np.diff(found) > 0).all()


def test_each_ring_has_its_own_percentiles(uniform: HealthyReference):
    rings = ["fovea", "parafovea", "perifovea", "periphery"]
    found = uniform.percentile("area", "area_mm2", np.full(4, 1.5), rings)
    # The perifovea has five nodes, the periphery none: both are read as all rings.
    assert found == pytest.approx([1, 0.5, 0.75, 0.75], abs=0.03)
    assert uniform.percentile("area", "area_mm2", np.array([1.5]))[0] == found[2]
    assert uniform.mean("area", "area_mm2", "parafovea") == pytest.approx(1.5, abs=0.03)
    assert uniform.quantile("area", "area_mm2", 0.95, "fovea") == pytest.approx(0.95, abs=0.03)
    assert uniform.quantile("area", "area_mm2", 0.5) == pytest.approx(1, abs=0.05)


def test_what_lies_outside_of_all_healthy_eyes(uniform: HealthyReference):
    found = uniform.percentile("faz", "area_mm2", np.array([-9.0, 9.0]))
    assert found.tolist() == [0, 1]


def test_a_value_that_half_of_the_nodes_have_is_in_their_middle(uniform: HealthyReference):
    last = FEATURES["segment"][-1]
    found = uniform.percentile("segment", last, np.array([0.0, 1.0]), np.zeros(2, int))
    assert found == pytest.approx([0.25, 0.75], abs=0.03)


def test_quantiles_are_those_of_the_nodes(drawn_graph: VesselGraph, tmp_path: Path):
    from retia.graphs.hetero import to_hetero_data

    healthy_reference([to_hetero_data(drawn_graph)] * 2, tmp_path)
    found = HealthyReference(tmp_path)
    for ring in ("parafovea", None):
        rows = drawn_graph.segments
        rows = rows if ring is None else rows.filter(pl.col("ring") == ring)
        values = np.repeat(rows["radius_mean_um"].to_numpy(), 2)
        for q in QUANTILES:
            expected = np.quantile(values.astype(float), q)
            assert found.quantile("segment", "radius_mean_um", q, ring) == pytest.approx(expected)
    table = pl.read_parquet(tmp_path / FILE)
    assert set(table["ring"].drop_nulls()) <= set(RING_NAMES)
    counted = table.filter(pl.col("node") == "area", pl.col("feature") == "area_mm2")
    assert counted.filter(pl.col("ring").is_null())["nodes"].item() == 2 * drawn_graph.areas.height
    assert counted["nodes"].sum() == 4 * drawn_graph.areas.height


def test_a_missing_or_older_reference_is_named(tmp_path: Path):
    with pytest.raises(UserError, match=r"holds no healthy\.parquet"):
        HealthyReference(tmp_path)
    pl.DataFrame({"node": ["area"], "feature": ["area_mm2"], "mean": [1.0]}).write_parquet(
        tmp_path / FILE
    )
    with pytest.raises(UserError, match="has no column `ring`"):
        HealthyReference(tmp_path)


def write_folder(folder: Path, stages: dict[str, str], graph: VesselGraph) -> None:
    from retia.records.graph_folder import write_graphs

    folder.mkdir()
    drawn = build_graph("other", grid(), middle_cell(), MM)
    tables = ("segments", "areas", "faz", "relations")
    renamed = [
        VesselGraph(*(getattr(g, t).with_columns(case=pl.lit(id, dtype=pl.String)) for t in tables))
        for id, g in zip(stages, (graph, drawn), strict=True)
    ]
    write_graphs(folder, renamed)
    write_cases(
        folder,
        [
            Case(file_name=f"{id}.png", id=id, group=id, modality="octa", stage=stage)
            for id, stage in stages.items()
        ],
    )


def test_only_healthy_cases_count(drawn_graph: VesselGraph, tmp_path: Path):
    write_folder(tmp_path / "graphs", {"a": "healthy", "b": "pdr"}, drawn_graph)
    config = ReferenceConfig(graphs=tmp_path / "graphs", out=tmp_path / "reference")
    summary = reference(config)
    assert summary["eyes"] == 1
    assert summary["nodes"]["segment"]["all"] == drawn_graph.segments.height
    parts = [n for ring, n in summary["nodes"]["segment"].items() if ring != "all"]
    assert sum(parts) == drawn_graph.segments.height
    found = HealthyReference(tmp_path / "reference")
    assert found.mean("faz", "area_mm2") == pytest.approx(drawn_graph.faz["area_mm2"].item())
    card = (tmp_path / "reference" / "README.md").read_text()
    assert "`radius_mean_um`" in card
    assert reference(config) == summary


def test_a_folder_without_healthy_cases_is_named(drawn_graph: VesselGraph, tmp_path: Path):
    write_folder(tmp_path / "graphs", {"a": "npdr", "b": "pdr"}, drawn_graph)
    with pytest.raises(UserError, match=r"no healthy case.*npdr, pdr"):
        reference(ReferenceConfig(graphs=tmp_path / "graphs", out=tmp_path / "reference"))
