"""Curves start and end where they must; scores the model itself gives beat their own reverse."""

import numpy as np
import pytest
import torch

from retia.attribution.faithfulness import (
    CURVES,
    EARLY,
    REMOVALS,
    SHARES,
    Removal,
    area_under,
    early_mean,
)
from retia.attribution.integrated_gradients import attribute_graph
from retia.attribution.randomisation import randomised, rank_correlation
from retia.graphs.hetero import FEATURES
from retia.staging.model import StageModel


@pytest.fixture(scope="module")
def removal(stage_model: StageModel, hetero_graphs) -> Removal:
    return Removal(stage_model, hetero_graphs[2], "pdr", "zone")


@pytest.fixture(scope="module")
def scores(stage_model: StageModel, hetero_graphs):
    found = attribute_graph(stage_model, "eye", hetero_graphs[2], "pdr", paths=())
    return {kind: found.importance(kind) for kind in FEATURES}


@pytest.mark.parametrize("way", REMOVALS)
def test_curves_run_between_the_same_ends(removal: Removal, scores, way: str):
    deletion, insertion = (removal.curve(scores, way, curve) for curve in CURVES)
    assert deletion[0] == pytest.approx(insertion[-1], abs=1e-5)
    assert deletion[-1] == pytest.approx(insertion[0], abs=1e-5)
    whole = removal.explained.of_nodes(
        {k: v[None] for k, v in removal.explained.weights("presence").items()}, 1
    )
    assert deletion[0] == pytest.approx(whole.item(), abs=1e-5)


def test_all_healed_is_the_baseline(removal: Removal, stage_model: StageModel, hetero_graphs):
    delta = attribute_graph(stage_model, "eye", hetero_graphs[2], "pdr", paths=()).delta
    curve = removal.curve(removal.degrees(), "healed", "deletion")
    assert curve[0] - curve[-1] == pytest.approx(delta, abs=1e-5)


class Sum(Removal):
    """An eye whose output is the sum of what each element adds."""

    def __init__(self, adds: dict[str, np.ndarray]) -> None:
        self.adds = adds
        self.counts = {kind: len(values) for kind, values in adds.items()}

    def healed(self, there) -> float:
        return sum(float(self.adds[kind][there[kind].numpy()].sum()) for kind in self.adds)


def test_of_a_sum_no_order_beats_what_each_element_adds():
    rng = np.random.default_rng(0)
    adds = {"segment": rng.normal(size=69), "area": rng.normal(size=30), "faz": np.ones(1)}
    removal = Sum(adds)
    best = {curve: area_under(removal.curve(adds, "healed", curve)) for curve in CURVES}
    for _ in range(20):
        other = removal.random(rng)
        assert best["deletion"] < area_under(removal.curve(other, "healed", "deletion"))
        assert best["insertion"] > area_under(removal.curve(other, "healed", "insertion"))
    first = removal.curve(adds, "healed", "deletion")[SHARES.index(0.01)]
    flat = np.concatenate(list(adds.values()))
    assert first == pytest.approx(flat.sum() - flat.max())


def test_the_area_of_a_line():
    assert area_under([2 * share for share in SHARES]) == pytest.approx(1)
    assert area_under([5.0] * len(SHARES)) == pytest.approx(5)
    assert early_mean([0.0 if share > EARLY else 3.0 for share in SHARES]) == 3


def test_gradient_times_input_is_the_slope_at_the_image(removal: Removal):
    found = sum(float(v.sum()) for v in removal.gradient_times_input().values())
    step = 1e-3
    with torch.no_grad():
        mixed = {
            k: (v - step * (v - removal.start[k]) if k in FEATURES else v)[None]
            for k, v in removal.end.items()
        }
        whole = {k: v[None] for k, v in removal.end.items()}
        slope = (
            removal.explained.of_features(whole, 1) - removal.explained.of_features(mixed, 1)
        ).item() / step
    assert found == pytest.approx(slope, rel=0.05, abs=0.01)


def test_degrees_count_edges(removal: Removal, hetero_graphs):
    graph = hetero_graphs[2]
    total = sum(edges.shape[1] for edges in graph.edge_index_dict.values())
    assert sum(v.sum() for v in removal.degrees().values()) == total


def test_randomising_goes_down_to_the_input_and_spares_the_model(stage_model: StageModel):
    before = {k: v.clone() for k, v in stage_model.network.state_dict().items()}
    versions = dict(randomised(stage_model, 0))
    assert list(versions) == ["head", "rounds", "embed"]
    after = stage_model.network.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)
    changed = {
        name: {
            key.split(".")[0]
            for key, value in model.network.state_dict().items()
            if not torch.equal(value, before[key])
        }
        for name, model in versions.items()
    }
    assert changed["head"] == {"head"}
    assert changed["rounds"] == {"head", "rounds"}
    assert changed["embed"] == {"head", "rounds", "embed"}
    again = dict(randomised(stage_model, 0))["embed"].network.state_dict()
    assert all(
        torch.equal(value, again[key])
        for key, value in versions["embed"].network.state_dict().items()
    )


def test_rank_correlation():
    values = np.array([3.0, -1.0, 2.0, 10.0])
    assert rank_correlation(values, values**3) == pytest.approx(1)
    assert rank_correlation(values, -values) == pytest.approx(-1)
    assert rank_correlation(values, np.ones(4)) == 0
