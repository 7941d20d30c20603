"""Staging depends on the graph alone: not on node order, batch or file; splits keep groups."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from retia.errors import UserError
from retia.graphs.edges import EDGE_FEATURES
from retia.graphs.hetero import EDGE_TYPES, FEATURES
from retia.records import Case
from retia.staging.model import StageModel
from retia.staging.scaling import LIMIT, fit_scaling
from retia.staging.splits import assign_splits


def test_probabilities_do_not_depend_on_the_batch(stage_model: StageModel, hetero_graphs):
    together = stage_model.probabilities(hetero_graphs)
    alone = torch.cat([stage_model.probabilities([g]) for g in hetero_graphs])
    assert torch.allclose(together, alone, atol=1e-5)
    assert torch.allclose(together.sum(dim=1), torch.ones(len(hetero_graphs)), atol=1e-5)


def test_the_order_of_nodes_changes_nothing(stage_model: StageModel, hetero_graphs):
    graph = hetero_graphs[1]
    turned = graph.clone()
    rng = np.random.default_rng(0)
    place = {}
    for kind in FEATURES:
        order = torch.from_numpy(rng.permutation(len(graph[kind].x)))
        turned[kind].x = graph[kind].x[order]
        place[kind] = torch.argsort(order)
    for source, name, target in EDGE_TYPES:
        rows = graph[source, name, target].edge_index
        moved = torch.stack([place[source][rows[0]], place[target][rows[1]]])
        turned[source, name, target].edge_index = moved
    assert torch.allclose(
        stage_model.probabilities([graph]), stage_model.probabilities([turned]), atol=1e-5
    )


def test_a_saved_model_read_again_is_the_same(stage_model: StageModel, hetero_graphs, tmp_path):
    stage_model.save(tmp_path)
    again = StageModel.load(tmp_path)
    assert torch.equal(stage_model.probabilities(hetero_graphs), again.probabilities(hetero_graphs))
    assert again.baseline == stage_model.baseline
    assert again.zone_baseline == stage_model.zone_baseline
    assert again.edge_baseline == stage_model.edge_baseline
    assert again.classes == stage_model.classes


def test_a_model_of_other_features_is_refused(stage_model: StageModel, tmp_path):
    stage_model.save(tmp_path)
    config = (tmp_path / "config.json").read_text()
    first = next(iter(FEATURES["segment"]))
    (tmp_path / "config.json").write_text(config.replace(f'"{first}"', '"shoe_size"', 1))
    with pytest.raises(UserError, match="other graph features"):
        StageModel.load(tmp_path)


def test_scaled_training_features_are_z_scores(hetero_graphs):
    scaling = fit_scaling(hetero_graphs)
    for kind in FEATURES:
        x = torch.cat([scaling.apply(g)[kind].x for g in hetero_graphs])
        assert x.abs().max() <= LIMIT
        assert x.mean(dim=0).abs().max() < 0.2
    for edge_type in EDGE_TYPES:
        x = torch.cat([scaling.apply(g)[edge_type].edge_attr for g in hetero_graphs])
        assert x.abs().max() <= LIMIT
        assert x.mean(dim=0).abs().max() < 0.2


def test_an_eye_without_vessels_can_be_staged(stage_model: StageModel, hetero_graphs):
    bare = hetero_graphs[0].clone()
    for kind in ("segment", "area"):
        bare[kind].x = bare[kind].x[:0]
    for edge_type in EDGE_TYPES:
        if edge_type != ("faz", "is", "faz"):
            bare[edge_type].edge_index = torch.zeros((2, 0), dtype=torch.long)
            bare[edge_type].edge_attr = torch.zeros((0, len(EDGE_FEATURES)))
    assert torch.isfinite(stage_model.probabilities([bare])).all()


cohorts = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["healthy", "npdr", "pdr"])),
    min_size=1,
    max_size=60,
)


@given(cohorts, st.integers(0, 5))
def test_splits_never_cut_a_group(members: list[tuple[int, str]], seed: int):
    cases = [
        Case(file_name="x", id=str(i), group=f"g{g}", modality="octa", stage=stage)
        for i, (g, stage) in enumerate(members)
    ]
    done = assign_splits(cases, seed)
    for group in {c.group for c in done}:
        assert len({c.split for c in done if c.group == group}) == 1
    assert [c.id for c in done] == [c.id for c in cases]


def test_a_split_that_is_given_is_kept():
    cases = [
        Case(file_name="x", id=str(i), group=str(i), modality="octa", split="test")
        for i in range(3)
    ]
    assert assign_splits(cases, 0) == cases
