"""Attributions add up to what they explain, and agree with an independent implementation."""

import numpy as np
import pytest
import torch

from retia.attribution import integrated_gradients
from retia.attribution.integrated_gradients import GAP_LOGIT, GAP_SHARE, attribute_graph
from retia.graphs.hetero import FEATURES
from retia.staging.model import StageModel, network_inputs
from retia.taxonomy import STAGES

STEPS = 16


@pytest.mark.parametrize("number", [0, 1, 2])
def test_completeness(stage_model: StageModel, hetero_graphs, number: int):
    attribution = attribute_graph(stage_model, "eye", hetero_graphs[number])
    total = sum(float(a.sum()) for a in attribution.nodes.values())
    assert total - attribution.delta == pytest.approx(attribution.gap, abs=1e-9)
    assert abs(attribution.gap) <= max(GAP_SHARE * abs(attribution.delta), GAP_LOGIT)


def test_the_baseline_itself_has_no_attribution(stage_model: StageModel, hetero_graphs):
    graph = stage_model.scaling.apply(hetero_graphs[0])
    same = StageModel(
        stage_model.network,
        stage_model.scaling,
        stage_model.settings,
        {kind: tuple(graph[kind].x.double().mean(dim=0).tolist()) for kind in FEATURES},
    )
    attribution = attribute_graph(same, "eye", hetero_graphs[0])
    assert np.abs(attribution.nodes["faz"]).max() < 1e-6  # one FAZ: its own mean


def test_agreement_with_captum(stage_model: StageModel, hetero_graphs, monkeypatch):
    monkeypatch.setattr(integrated_gradients, "MOST_STEPS", STEPS)  # both take the same steps
    from captum.attr import IntegratedGradients

    graph = hetero_graphs[1]
    own = attribute_graph(stage_model, "eye", graph, steps=STEPS)
    scaled = stage_model.scaling.apply(graph)
    x, edges, batch = network_inputs(scaled)
    target = STAGES.index(own.stage)

    def logit(segment, area, faz):
        points = {"segment": segment[0], "area": area[0], "faz": faz[0]}
        logits = stage_model.network(points, edges, batch, 1).double()
        return (logits[:, target] - logits.mean(dim=1))[:1]

    inputs = tuple(x[kind][None] for kind in FEATURES)
    starts = tuple(
        torch.tensor(stage_model.baseline[kind]).expand_as(x[kind])[None].clone()
        for kind in FEATURES
    )
    other = IntegratedGradients(logit).attribute(
        inputs, baselines=starts, n_steps=STEPS, method="riemann_middle", internal_batch_size=1
    )
    for kind, values in zip(FEATURES, other, strict=True):
        assert np.allclose(own.nodes[kind], values[0].detach().numpy(), atol=1e-5)
