"""The two verbs on six eyes: what they write is complete, consistent and can be read back."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from retia.attribution.attribute import AttributeConfig, attribute
from retia.attribution.case_table import TOP_EDGES, TOP_NODES, CaseTable
from retia.attribution.check import AttributeCheckConfig, check
from retia.attribution.faithfulness import SHARES
from retia.attribution.integrated_gradients import attribute_graph
from retia.errors import UserError
from retia.records.attribution_folder import AttributionFolder
from retia.staging.model import StageModel


@pytest.fixture(scope="module")
def attributed(graphs_folder: Path, model_folder: Path, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("attributed")
    attribute(AttributeConfig(graphs=graphs_folder, model=model_folder, out=out, overlays=1))
    return out


def test_a_folder_gives_back_what_was_attributed(
    attributed: Path, stage_model: StageModel, hetero_graphs
):
    folder = AttributionFolder(attributed)
    assert folder.cases() == [f"eye{n}" for n in range(6)]
    own, read = attribute_graph(stage_model, "eye4", hetero_graphs[4]), folder.read("eye4")
    assert (read.stage, read.baseline, read.features) == (own.stage, own.baseline, own.features)
    assert read.probabilities == pytest.approx(own.probabilities, abs=1e-6)
    for path, done in own.paths.items():
        assert read.paths[path].delta == pytest.approx(done.delta, abs=1e-5)
    for name in ("nodes", "presence", "edges", "edge_index", "edge_features"):
        before, after = getattr(own, name), getattr(read, name)
        assert list(before) == list(after)
        for key in before:
            assert np.allclose(before[key], after[key], rtol=1e-3, atol=1e-7), (name, key)


def test_an_unknown_case_is_named(attributed: Path):
    with pytest.raises(UserError, match="no attribution of case nobody"):
        AttributionFolder(attributed).read("nobody")


def test_elements_zones_and_totals_agree(attributed: Path):
    nodes = pl.read_parquet(attributed / "attributions.parquet")
    zones = pl.read_parquet(attributed / "zones.parquet")
    for id, part in nodes.group_by("case"):
        zone = zones.filter(pl.col("case") == id[0])
        assert zone["attribution"].sum() == pytest.approx(part["attribution"].sum(), abs=1e-6)
        assert zone["elements"].sum() == part.height
        assert zone["share"].sum() == pytest.approx(1)
    assert nodes["ring"].null_count() == 0


def test_features_of_all_types_add_up_to_what_is_explained(attributed: Path):
    features = pl.read_parquet(attributed / "features.parquet")
    for entry in json.loads((attributed / "completeness.json").read_text()):
        part = features.filter(pl.col("case") == entry["case"])
        path = entry["paths"]["features"]
        assert part["attribution"].sum() == pytest.approx(path["delta"] + path["gap"], abs=1e-4)
        assert part["share"].sum() == pytest.approx(1)


def test_completeness_is_told_for_every_case_and_path(attributed: Path):
    entries = json.loads((attributed / "completeness.json").read_text())
    assert len(entries) == 6
    for entry in entries:
        assert set(entry["paths"]) == {"features", "edges", "presence"}
        assert sum(entry["baseline_probabilities"].values()) == pytest.approx(1, abs=1e-5)
        for path in entry["paths"].values():
            assert path["error"] == pytest.approx(abs(path["gap"] / path["delta"]))


def test_the_case_table_parses_back(attributed: Path):
    nodes = pl.read_parquet(attributed / "attributions.parquet")
    for path in sorted((attributed / "attribution").glob("*.csv")):
        text = path.read_text(encoding="utf-8")
        assert len(text.split("\n\n")) == 4
        table = CaseTable.parse(text)
        assert table.text() == text
        part = nodes.filter(pl.col("case") == path.stem).sort("share", descending=True)
        first = part.row(0, named=True)
        assert table.nodes[0]["node"] == f"seen/{first['node']}/{first['id']}"
        assert 0 < len(table.nodes) <= TOP_NODES and len(table.edges) <= TOP_EDGES
        assert all(0 <= n[k] <= 100 for n in table.nodes for k in ("x_percent", "y_percent"))
        assert all(n["features"] for n in table.nodes)
        assert len(table.quadrants) == 4
        assert sum(q["edge_share_percent"] for q in table.quadrants) <= 100.01
        assert table.true in ("healthy", "npdr", "pdr")
        # Column two of the second line is the truth, as in the source's files.
        assert text.splitlines()[1].split(",")[1] == table.true


def test_arrows_follow_the_healthy_mean(attributed: Path, graphs_folder: Path, model_folder: Path):
    from retia.graphs.reference import HealthyReference

    reference = HealthyReference(model_folder)
    faz = pl.read_parquet(graphs_folder / "faz.parquet")
    for path in sorted((attributed / "attribution").glob("*.csv")):
        row = faz.filter(pl.col("case") == path.stem).row(0, named=True)
        for node in CaseTable.parse(path.read_text(encoding="utf-8")).nodes:
            for said in node["features"].split("; ") if node["node"] == "seen/faz/0" else ():
                feature, arrow = said.split(" ")
                above = row[feature] >= reference.mean("faz", feature, row["ring"])
                assert arrow == ("↑" if above else "↓")


@pytest.fixture(scope="module")
def checked(attributed: Path, graphs_folder: Path, model_folder: Path, tmp_path_factory):
    out = tmp_path_factory.mktemp("checked")
    settings = {"attributed": attributed, "graphs": graphs_folder, "model": model_folder}
    return check(AttributeCheckConfig(**settings, out=out, draws=2, sanity_cases=1)), out


def test_the_check_counts_diseased_cases_only(checked, attributed: Path):
    summary, out = checked
    entries = json.loads((attributed / "completeness.json").read_text())
    diseased = {f"eye{n}" for n in (1, 2, 4, 5)}
    expected = [e["case"] for e in entries if e["case"] in diseased and e["stage"] != "healthy"]
    rows = [json.loads(line) for line in (out / "cases.jsonl").read_text().splitlines()]
    assert [row["case"] for row in rows] == expected and summary["n"] == len(expected) > 0


def test_mean_curves_run_from_everything_to_nothing(checked):
    summary, _ = checked
    for name, cell in summary["curves"].items():
        assert cell["shares"] == list(SHARES)
        for curve in cell["mean"].values():
            assert {round(curve[0], 6), round(curve[-1], 6)} == {0.0, 1.0}, name
        for part in ("area", "early"):
            assert set(cell[part]) == set(cell["mean"])
            assert set(cell[f"{part}_difference"]) == set(cell["mean"]) - {"attribution"}


def test_the_report_holds_all_tables(checked):
    summary, out = checked
    text = (out / "check.md").read_text()
    for heading in ("Completeness", "Deletion", "Random weights", "Localisation per kind"):
        assert f"## {heading}" in text
    assert (out / "curves.png").is_file()
    assert json.loads((out / "check.json").read_text()) == summary
    assert summary["localisation"]["kinds"]["capillary_dropout"]["n"] == summary["n"]


def test_no_diseased_case_is_refused(
    attributed: Path, graphs_folder: Path, model_folder: Path, tmp_path: Path
):
    from retia.records import read_cases, write_cases
    from retia.records.cohort import METADATA

    folder = tmp_path / "healthy"
    folder.mkdir()
    cases = [c for c in read_cases(graphs_folder) if c.stage == "healthy"]
    write_cases(folder, cases)
    assert (folder / METADATA).is_file()
    with pytest.raises(UserError, match="needs at least one"):
        settings = {"attributed": attributed, "graphs": folder, "model": model_folder}
        check(AttributeCheckConfig(**settings, out=tmp_path / "out"))
