"""Integrated gradients of graphs of several sizes: own quadrature against captum's 50 steps.

The graphs are cut out of grown eyes, so that elements, relations and features are real; the network
has the shape of the shipped one and random weights, and is made as sure of itself as a trained one.
Captum goes through the path point by point, as PyG's `CaptumExplainer` does: a batch of its copies
would need the edges of a batch of graphs. CPU seconds of one thread.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from retia.attribution.baselines import baseline_features, features_of
from retia.attribution.integrated_gradients import PATHS, Explained, attribute_graph
from retia.graphs.build import build_graph
from retia.graphs.hetero import to_hetero_data
from retia.staging.model import StageModel
from retia.synthesis.disease import draw_disease
from retia.synthesis.eye import make_eye
from retia.taxonomy import STAGES

CAPTUM_STEPS = 50
SIZES_PX = {"2,700 segments": 232, "600 nodes": 104}
"""Name to the side of the square that is cut out of the middle of an eye (304 px, 3 mm)."""
REPEATS = 3


def main() -> None:
    """Print CPU seconds, completeness errors and ratios for each size."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    grades = zip(STAGES, (None, "severe", None), strict=True)
    diseases = [draw_disease(np.random.default_rng(0), *pair) for pair in grades]
    eyes = [make_eye(number, disease) for number, disease in enumerate(diseases)]
    for name, side in SIZES_PX.items():
        graphs = [_cut(eye, side) for eye in eyes]
        model = _model(graphs)
        nodes, edges = graphs[-1].num_nodes, graphs[-1].num_edges
        segments = len(graphs[-1]["segment"].x)
        print(f"{name}: {nodes} nodes, {segments} segments, {edges} directed edges")
        for graph in graphs[1:]:
            _compare(model, graph)


def _cut(eye: Any, side: int) -> Any:
    pixels, vessels = eye.image(), eye.vessel_mask()
    low = (len(pixels) - side) // 2
    at = slice(low, low + side), slice(low, low + side)
    faz = eye.faz.mask(eye.image_px, eye.mm_per_px)
    graph = build_graph("eye", vessels[at], faz[at], eye.mm_per_px, pixels[at])
    return to_hetero_data(graph)


def _model(graphs: list[Any]) -> StageModel:
    model = StageModel.untrained({"dropout": 0.0}, graphs, graphs[:1])
    model.network.eval()
    with torch.no_grad():
        for parameter in model.network.head.parameters():
            parameter.mul_(2.5)
    return model


def _compare(model: StageModel, graph: Any) -> None:
    features_s, own = _timed(lambda: attribute_graph(model, "eye", graph, paths=()))
    all_s, _ = _timed(lambda: attribute_graph(model, "eye", graph, paths=PATHS))
    captum_s, other_error = _timed(lambda: _captum(model, graph, own.stage, own.delta))
    path = own.paths["features"]
    print(
        f"  own {features_s:.3f} CPU s, {path.points} points, error {path.error:.2%}; "
        f"all three paths {all_s:.3f} CPU s\n"
        f"  captum {captum_s:.3f} CPU s, {CAPTUM_STEPS} points, error {other_error:.2%}; "
        f"ratio {captum_s / features_s:.1f}"
    )


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Least CPU seconds of a few runs after one to warm up, and the result."""
    result = function()
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        result = function()
        seconds.append(time.process_time() - start)
    return min(seconds), result


def _captum(model: StageModel, graph: Any, stage: str, delta: float) -> float:
    """Captum's integrated gradients over the same features; returns its completeness error."""
    from captum.attr import IntegratedGradients

    scaled = model.scaling.apply(graph)
    explained = Explained(model, scaled, model.classes.index(stage))
    ends, starts = features_of(scaled), baseline_features(model, scaled, "zone")
    names = list(ends)

    def output(*inputs: torch.Tensor) -> torch.Tensor:
        return explained.of_features(dict(zip(names, inputs, strict=True)), 1)

    found = IntegratedGradients(output).attribute(
        tuple(ends[k][None] for k in names),
        baselines=tuple(starts[k][None] for k in names),
        n_steps=CAPTUM_STEPS,
        internal_batch_size=1,
    )
    return abs(sum(float(v.double().sum()) for v in found) - delta) / abs(delta)


if __name__ == "__main__":
    main()
