"""Folds never share a patient, every method sees the same ones, and resuming changes nothing."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.util import view_as_blocks

from retia.errors import UserError
from retia.records import Case, VesselGraph, write_cases
from retia.records.graph_folder import write_graphs
from retia.staging.cross_validate import CrossValidateConfig, cross_validate, folds_of
from retia.staging.eyes import STATISTICS, Eyes, look
from retia.staging.labels import class_list, label_of, labelled
from retia.staging.methods import METHODS
from retia.staging.scores import SCORES, score_methods
from retia.staging.splits import assign_folds, keep_share
from retia.staging.tiles import TileNetwork, grid_means
from retia.statistics import balanced_accuracy

QUICK = ("biomarkers, logistic regression", "nine image statistics")


@pytest.fixture
def folder(tmp_path: Path, grown_graphs) -> Path:
    """Graphs of 24 eyes of 12 patients: two classes that pixels and biomarkers tell apart."""
    from PIL import Image

    out = tmp_path / "graphs"
    (out / "images").mkdir(parents=True)
    cases, graphs, rows = [], [], []
    rng = np.random.default_rng(0)
    for number in range(24):
        group, ill = f"p{number // 2}", (number // 2) % 3 == 0
        id = f"e{number:02d}"
        pixels = rng.integers(0, 90 if ill else 140, (64, 64)).astype(np.uint8)
        Image.fromarray(pixels).save(out / "images" / f"{id}.png")
        labels = {"dr": "DR" if ill else "NORMAL"}
        cases.append(
            Case(
                file_name=f"images/{id}.png",
                id=id,
                group=group,
                modality="octa",
                labels=labels,
                age=60.0 - number,
                split="test" if number // 2 in (0, 1, 2) else "train",
            )
        )
        graph = grown_graphs[2 if ill else 0][1]
        tables = {
            f.name: getattr(graph, f.name).with_columns(pl.lit(id).alias("case"))
            for f in dataclasses.fields(graph)
        }
        graphs.append(VesselGraph(**tables))
        rows.append({"case": id, "vessel_density": 0.3 + 0.1 * ill + 0.02 * rng.random()})
    write_cases(out, cases)
    write_graphs(out, graphs)
    pl.DataFrame(rows).write_csv(out / "biomarkers.csv")
    return out


def config_of(folder: Path, out: str, **changes) -> CrossValidateConfig:
    flags = {"label": "dr", "folds": 3, "seeds": 2, "methods": QUICK} | changes
    return CrossValidateConfig(graphs=folder, out=folder.parent / out, **flags)


def test_every_eye_is_tested_once_a_seed_by_models_that_never_saw_its_patient(folder: Path):
    config = config_of(folder, "out")
    eyes = Eyes(folder, "dr")
    for seed in (0, 1):
        folds = folds_of(config, eyes, seed)
        tested = np.concatenate([f.test for f in folds])
        assert sorted(tested) == list(range(24))
        for fold in folds:
            parts = [{eyes.cases[i].group for i in p} for p in dataclasses.astuple(fold)]
            assert not parts[0] & parts[1] and not parts[2] & (parts[0] | parts[1])
            assert set(eyes.truth[fold.fitted]) == set(eyes.truth[fold.test]) == {0, 1}


def test_it_writes_what_it_says_and_a_second_run_changes_nothing(folder: Path):
    config = config_of(folder, "out", min_age=50.0)
    summary = cross_validate(config)
    table = pl.read_parquet(config.out / "predictions.parquet")
    assert table.height == 24 * 2 * len(QUICK)
    for name in QUICK:
        parts = table.filter(pl.col("method") == name).partition_by("seed")
        right = [balanced_accuracy(p["dr"].to_numpy(), p["predicted"].to_numpy()) for p in parts]
        score = summary["all"]["methods"][name]["scores"]["balanced_accuracy"]
        assert score["estimate"] == pytest.approx(np.mean(right))
        assert score["estimate"] > 0.9
        assert score["low"] <= score["estimate"] <= score["high"]
    assert summary["all"]["eyes"] == {"NORMAL": 16, "DR": 8}
    assert sum(summary["aged 50 or more"]["eyes"].values()) == 11
    before = (config.out / "results.json").read_bytes()
    assert cross_validate(config) == summary
    again = dataclasses.replace(config, out=folder.parent / "again")
    cross_validate(again)
    assert (again.out / "results.json").read_bytes() == before
    assert (config.out / "figure.png").stat().st_size > 1000


def test_a_test_split_is_the_only_part_tested_on(folder: Path):
    config = config_of(folder, "split", test_split="test", seeds=1)
    summary = cross_validate(config)
    assert sum(summary["all"]["eyes"].values()) == 6
    table = pl.read_parquet(config.out / "predictions.parquet")
    assert set(table["group"]) == {"p0", "p1", "p2"}


def test_all_methods_take_the_same_fold(folder: Path):
    config = config_of(
        folder, "all", methods=(), seeds=1, folds=2, epochs=1, hidden=4, curve=(0.5,)
    )
    summary = cross_validate(config)
    assert tuple(summary["all"]["methods"]) == tuple(METHODS)
    table = pl.read_parquet(config.out / "predictions.parquet")
    for part in table.filter(pl.col("share") == 1.0).partition_by("method"):
        assert part["case"].n_unique() == part.height == 24
        assert np.allclose(part["p_NORMAL"] + part["p_DR"], 1, atol=1e-5)
    assert [point["share"] for point in summary["curve"]] == [0.5, 1.0]
    assert set(json.loads((config.out / "costs.json").read_text())) == set(METHODS)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"folds": 13}, "folds is 13"),
        ({"test_split": "holdout"}, "no labelled case is in split"),
        ({"methods": ("magic",)}, "no such method"),
        ({"label": "shoe"}, "label `shoe` has 0 classes"),
        ({"curve": (2.0,)}, "curve holds 2.0"),
    ],
)
def test_what_cannot_be_done_is_refused(folder: Path, changes: dict, told: str):
    with pytest.raises(UserError, match=told):
        cross_validate(config_of(folder, "bad", **changes))


cohorts = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["NORMAL", "DR"])), min_size=1, max_size=60
)


@settings(deadline=None)
@given(cohorts, st.integers(2, 5), st.integers(0, 5))
def test_folds_never_cut_a_group_and_share_classes_out(members, folds: int, seed: int):
    first = {}
    for g, name in members:
        first.setdefault(g, name)
    cases = [
        Case(file_name="x", id=str(i), group=f"g{g}", modality="octa", labels={"dr": first[g]})
        for i, (g, _) in enumerate(members)
    ]
    if len(first) < folds:
        with pytest.raises(UserError, match="folds is"):
            assign_folds(cases, folds, seed, "dr")
        return
    dealt = assign_folds(cases, folds, seed, "dr")
    fold_of = {c.group: fold for c, fold in zip(cases, dealt, strict=True)}
    assert dealt == [fold_of[c.group] for c in cases]
    for name in set(first.values()):
        sizes = np.bincount(
            [fold_of[f"g{g}"] for g, n in first.items() if n == name], minlength=folds
        )
        assert sizes.max() - sizes.min() <= 1
    less, more = (keep_share(cases, share, seed, "dr") for share in (0.3, 0.6))
    assert all(m or not k for k, m in zip(less, more, strict=True))


def test_classes_come_from_the_data_with_the_healthy_one_first():
    assert class_list(["pdr", "healthy", "npdr"]) == ("healthy", "npdr", "pdr")
    assert class_list(["DR", "NORMAL"]) == ("NORMAL", "DR")
    assert class_list(["mild", "severe", "Healthy"]) == ("Healthy", "mild", "severe")
    case = Case(file_name="x", id="1", group="1", modality="octa", stage="pdr", labels={"a": "b"})
    assert (label_of(case, "stage"), label_of(case, "a"), label_of(case, "c")) == ("pdr", "b", None)
    with pytest.raises(UserError, match="1 classes in 1 cases: b"):
        labelled([case], "a")


def test_scores_of_one_seed_are_the_scores_and_a_method_is_level_with_itself():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 80)
    p = rng.dirichlet(np.ones(3), 80)
    groups = [str(i // 2) for i in range(80)]
    report = score_methods(truth, {"a": p[:, None], "b": p[:, None]}, groups, 0, resamples=50)
    for name, score in SCORES.items():
        assert report["a"]["scores"][name]["estimate"] == pytest.approx(score(truth, p))
    assert report["b"]["difference"]["auroc"] == {"estimate": 0, "low": 0, "high": 0}
    assert np.sum(report["a"]["confusion"]) == 80


def test_tiles_and_statistics_are_those_of_the_pixels(folder: Path):
    case = Eyes(folder, "dr").cases[0]
    statistics, tiles, small = look(folder, case)
    from retia.images import read_image

    grey = read_image(folder / case.file_name).pixels / 255
    blocks = view_as_blocks(grey, (8, 8)).reshape(64, -1)
    assert np.allclose(tiles[:, 0], blocks.mean(axis=1), atol=1e-5)
    assert np.allclose(tiles[:, 1], blocks.var(axis=1), atol=1e-5)
    assert len(statistics) == len(STATISTICS)
    assert statistics[0] == pytest.approx(grey.mean(), abs=1e-5)
    assert statistics[5] == pytest.approx(tiles[:, 2].min())
    assert small.min() >= 0 and small.max() <= 1


def test_a_tile_hears_the_four_beside_it_and_itself():
    means = grid_means(3)
    assert torch.allclose(means.sum(dim=1), torch.ones(9))
    assert (means[4] > 0).tolist() == [False, True, False, True, True, True, False, True, False]
    assert (means[0] > 0).nonzero().flatten().tolist() == [0, 1, 3]
    assert TileNetwork(3, 2, 4)(torch.rand(5, 9, 2)).shape == (5, 4)
