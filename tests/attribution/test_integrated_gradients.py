"""Attributions add up to what they explain, and agree with an independent implementation."""

import dataclasses

import numpy as np
import pytest
import torch

from retia.attribution import quadrature
from retia.attribution.baselines import BASELINES, baseline_features, features_of, neutrality
from retia.attribution.integrated_gradients import PATHS, Explained, attribute_graph
from retia.attribution.quadrature import Accuracy, integrate
from retia.graphs.hetero import EDGE_TYPES, FEATURES
from retia.records.graph import RELATIONS
from retia.staging.model import StageModel


@pytest.fixture(scope="module")
def attribution(stage_model: StageModel, hetero_graphs):
    return attribute_graph(stage_model, "eye", hetero_graphs[1])


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("baseline", BASELINES)
def test_features_add_up(stage_model: StageModel, hetero_graphs, number: int, baseline):
    found = attribute_graph(stage_model, "eye", hetero_graphs[number], baseline=baseline, paths=())
    total = sum(float(a.sum()) for a in (*found.nodes.values(), *found.edge_features.values()))
    assert total - found.delta == pytest.approx(found.gap, abs=1e-9)
    assert abs(found.gap) <= max(Accuracy.share * abs(found.delta), Accuracy.floor)


def test_edges_and_nodes_add_up(attribution):
    for name, values in (("edges", attribution.edges), ("presence", attribution.presence)):
        path = attribution.paths[name]
        total = sum(float(v.sum()) for v in values.values())
        assert total - path.delta == pytest.approx(path.gap, abs=1e-9)
        assert path.error <= 0.01 or abs(path.gap) <= Accuracy.floor


def test_every_path_ends_at_the_graph_itself(stage_model: StageModel, hetero_graphs):
    scaled = stage_model.scaling.apply(hetero_graphs[1])
    explained = Explained(stage_model, scaled, 1)
    logits = stage_model.logits(scaled, 1).double()[0]
    outputs = [
        explained.of_features({k: v[None] for k, v in features_of(scaled).items()}, 1),
        explained.of_messages({k: v[None] for k, v in explained.weights("edges").items()}, 1),
        explained.of_nodes({k: v[None] for k, v in explained.weights("presence").items()}, 1),
    ]
    for output in outputs:
        assert output.item() == pytest.approx((logits[1] - logits[0]).item(), abs=1e-5)


def test_a_healthy_stage_is_held_against_all_others(stage_model: StageModel, hetero_graphs):
    scaled = stage_model.scaling.apply(hetero_graphs[0])
    output = Explained(stage_model, scaled, 0).of_features(
        {k: v[None] for k, v in features_of(scaled).items()}, 1
    )
    logits = stage_model.logits(scaled, 1).double()[0]
    assert output.item() == pytest.approx((logits[0] - logits[1:].mean()).item(), abs=1e-5)


def test_copies_do_not_mix(stage_model: StageModel, hetero_graphs):
    scaled = stage_model.scaling.apply(hetero_graphs[0])
    explained = Explained(stage_model, scaled, 2)
    ends = features_of(scaled), baseline_features(stage_model, scaled, "zone")
    alone = [explained.of_features({k: v[None] for k, v in x.items()}, 1).item() for x in ends]
    pairs = {key: torch.stack([x[key] for x in ends]) for key in ends[0]}
    assert explained.of_features(pairs, 2).tolist() == pytest.approx(alone, abs=1e-5)


def test_the_baseline_itself_has_no_attribution(stage_model: StageModel, hetero_graphs):
    graph = hetero_graphs[0]
    scaled = stage_model.scaling.apply(graph)
    mean = tuple(scaled["faz"].x[0].tolist())
    same = dataclasses.replace(stage_model, baseline=stage_model.baseline | {"faz": mean})
    found = attribute_graph(same, "eye", graph, baseline="healthy", paths=())
    assert np.abs(found.nodes["faz"]).max() < 1e-6


def test_relations_hold_both_directions(attribution, hetero_graphs):
    for source, name, target in RELATIONS:
        kind = f"{source}-{target}"
        index = hetero_graphs[1][source, name, target].edge_index.numpy()
        pairs = {(a, b) for a, b in index.T.tolist() if source != target or a <= b}
        assert {tuple(p) for p in attribution.edge_index[kind].T.tolist()} == pairs
        assert len(attribution.edges[kind]) == len(pairs)
        assert attribution.edge_features[kind].shape == (len(pairs), 4)


def test_the_zone_baseline_follows_the_ring(stage_model: StageModel, hetero_graphs):
    scaled = stage_model.scaling.apply(hetero_graphs[2])
    start = baseline_features(stage_model, scaled, "zone")
    for ring in scaled["segment"].ring.unique().tolist():
        rows = start["segment"][scaled["segment"].ring == ring]
        assert np.allclose(rows.numpy(), stage_model.zone_baseline["segment"][ring], atol=1e-6)


def test_zero_is_the_mean_of_the_training_part(stage_model: StageModel, hetero_graphs):
    scaled = [stage_model.scaling.apply(g) for g in hetero_graphs]
    for kind in ("segment", "area"):
        mean = torch.cat([g[kind].x for g in scaled]).double().mean(dim=0)
        assert mean.abs().max() < 0.1  # z-scores are cut at 6, which moves means a little


def test_neutrality_is_what_the_model_says(stage_model: StageModel, hetero_graphs):
    scaled = stage_model.scaling.apply(hetero_graphs[1])
    says = neutrality(stage_model, scaled)
    assert set(says) == set(BASELINES)
    for probabilities in says.values():
        assert tuple(probabilities) == stage_model.classes
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_agreement_with_captum(stage_model: StageModel, hetero_graphs, monkeypatch):
    """Same points, same result: node features and edge features."""
    from captum.attr import IntegratedGradients

    points = 16
    monkeypatch.setattr(quadrature, "PARTS", 1)
    monkeypatch.setattr(quadrature, "POINTS", points)
    graph = hetero_graphs[1]
    own = attribute_graph(stage_model, "eye", graph, paths=(), accuracy=Accuracy(most=points))
    scaled = stage_model.scaling.apply(graph)
    explained = Explained(stage_model, scaled, stage_model.classes.index(own.stage))
    ends, starts = features_of(scaled), baseline_features(stage_model, scaled, "zone")
    names = list(ends)

    def output(*inputs: torch.Tensor) -> torch.Tensor:
        return explained.of_features(dict(zip(names, inputs, strict=True)), 1)

    others = IntegratedGradients(output).attribute(
        tuple(ends[k][None] for k in names),
        baselines=tuple(starts[k][None] for k in names),
        n_steps=points,
        method="gausslegendre",
        internal_batch_size=1,
    )
    other = {k: v[0].detach().numpy() for k, v in zip(names, others, strict=True)}
    for kind in FEATURES:
        assert np.allclose(own.nodes[kind], other[kind], atol=1e-5)
    for e in EDGE_TYPES[3:5]:  # between types: one row an edge, both directions added up
        theirs = other["__".join(e)] + other[f"{e[2]}__rev_{e[1]}__{e[0]}"]
        assert np.allclose(own.edge_features[f"{e[0]}-{e[2]}"], theirs, atol=1e-5)


def test_quadrature_of_a_known_integral():
    """F = x^3 y and a kink: the integrals are known in closed form."""

    def output(inputs, copies: int):
        x, y = inputs["x"][:, 0], inputs["y"][:, 0]
        assert len(x) == copies
        return x**3 * y + 2 * torch.relu(x - 0.3)

    start = {k: torch.zeros(1) for k in "xy"}
    end = {"x": torch.tensor([1.0]), "y": torch.tensor([2.0])}
    values, done = integrate(output, start, end, 3, Accuracy(share=1e-3, floor=1e-6))
    # Along (a, 2 a): dF/dx = 6 a^3 + 2 [a > .3], dF/dy = a^3, times the steps 1 and 2.
    assert values["x"][0] == pytest.approx(1.5 + 1.4, abs=5e-3)
    assert values["y"][0] == pytest.approx(0.5, abs=1e-5)
    assert done.delta == pytest.approx(3.4, abs=1e-5)
    assert done.error <= 1e-3 and done.points > 10


def test_refining_ends_at_the_cap():
    def output(inputs, copies: int):
        return (40 * inputs["x"][:, 0]).sin()

    ends = [{"x": torch.zeros(1)}, {"x": torch.tensor([1.03])}]
    _, done = integrate(output, *ends, 1, Accuracy(share=1e-9, floor=1e-9, most=30))
    assert done.points <= 30


def test_paths_can_be_left_out(stage_model: StageModel, hetero_graphs):
    found = attribute_graph(stage_model, "eye", hetero_graphs[0], paths=("edges",))
    assert set(found.paths) == {"features", "edges"} and not found.presence
    assert set(PATHS) == {"features", "edges", "presence"}
