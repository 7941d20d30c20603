"""Attributions add up to what they explain, and agree with an independent implementation."""

import numpy as np
import pytest
import torch

from retia.attribution.integrated_gradients import attribute_graph
from retia.graphs.hetero import FEATURES, to_hetero_data
from retia.records import VesselGraph
from retia.staging.model import StageModel, network_inputs
from retia.staging.network import StageNetwork
from retia.staging.scaling import fit_scaling, mean_features
from retia.taxonomy import STAGES


@pytest.fixture(scope="module")
def graphs(grown_graphs: list[tuple[str, VesselGraph]]):
    return [to_hetero_data(graph) for _, graph in grown_graphs]


@pytest.fixture(scope="module")
def model(graphs) -> StageModel:
    torch.manual_seed(3)
    settings = {"hidden": 12, "layers": 2, "dropout": 0.1}
    scaling = fit_scaling(graphs)
    baseline = mean_features([scaling.apply(g) for g in graphs[::3]])
    return StageModel(StageNetwork(**settings).eval(), scaling, settings, baseline)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_completeness(model: StageModel, graphs, number: int):
    attribution = attribute_graph(model, "eye", graphs[number])
    total = sum(float(a.sum()) for a in attribution.nodes.values())
    assert total - attribution.delta == pytest.approx(attribution.gap, abs=1e-9)
    assert abs(attribution.gap) <= 0.02 * abs(attribution.delta) + 1e-3


def test_the_baseline_itself_has_no_attribution(model: StageModel, graphs):
    graph = model.scaling.apply(graphs[0])
    same = StageModel(
        model.network,
        model.scaling,
        model.settings,
        {kind: tuple(graph[kind].x.double().mean(dim=0).tolist()) for kind in FEATURES},
    )
    attribution = attribute_graph(same, "eye", graphs[0])
    assert np.abs(attribution.nodes["faz"]).max() < 1e-6  # one FAZ: its own mean


def test_agreement_with_captum(model: StageModel, graphs):
    from captum.attr import IntegratedGradients

    graph = graphs[1]
    own = attribute_graph(model, "eye", graph, steps=8)
    scaled = model.scaling.apply(graph)
    x, edges, batch = network_inputs(scaled)
    target = STAGES.index(own.stage)

    def logit(segment, area, faz):
        points = {"segment": segment[0], "area": area[0], "faz": faz[0]}
        logits = model.network(points, edges, batch, 1).double()
        return (logits[:, target] - logits.mean(dim=1))[:1]

    inputs = tuple(x[kind][None] for kind in FEATURES)
    starts = tuple(
        torch.tensor(model.baseline[kind]).expand_as(x[kind])[None].clone() for kind in FEATURES
    )
    other = IntegratedGradients(logit).attribute(
        inputs, baselines=starts, n_steps=8, method="riemann_middle", internal_batch_size=1
    )
    for kind, values in zip(FEATURES, other, strict=True):
        assert np.allclose(own.nodes[kind], values[0].detach().numpy(), atol=1e-5)
