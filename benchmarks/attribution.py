"""Integrated gradients of one eye's graph: own batched implementation against captum's."""

import time

import numpy as np
import torch

from retia.attribution import integrated_gradients
from retia.attribution.integrated_gradients import attribute_graph
from retia.graphs.build import build_graph
from retia.graphs.hetero import FEATURES, to_hetero_data
from retia.segmentation import segment_image
from retia.staging.model import StageModel, network_inputs
from retia.staging.network import StageNetwork
from retia.staging.scaling import fit_scaling, mean_features
from retia.synthesis.disease import draw_disease
from retia.synthesis.eye import make_eye
from retia.taxonomy import STAGES

STEPS = 32


def main() -> None:
    """Print CPU seconds of both, their ratio, and their largest difference."""
    from captum.attr import IntegratedGradients

    torch.set_num_threads(1)
    torch.manual_seed(0)
    eye = make_eye(1, draw_disease(np.random.default_rng(1), "pdr", None))
    pixels = eye.image()
    vessels, faz = segment_image(pixels, eye.mm_per_px)
    graph = to_hetero_data(build_graph("eye", vessels, faz, eye.mm_per_px, pixels))
    settings = {"hidden": 24, "layers": 1, "dropout": 0.0}
    scaling = fit_scaling([graph])
    scaled = scaling.apply(graph)
    model = StageModel(StageNetwork(**settings).eval(), scaling, settings, mean_features([scaled]))
    integrated_gradients.MOST_STEPS = STEPS  # both take the same steps
    attribute_graph(model, "eye", graph, steps=2)  # warm
    start = time.process_time()
    own = attribute_graph(model, "eye", graph, steps=STEPS)
    own_s = time.process_time() - start
    x, edges, batch = network_inputs(scaled)
    target = STAGES.index(own.stage)

    def logit(*inputs: torch.Tensor) -> torch.Tensor:
        points = {kind: value[0] for kind, value in zip(FEATURES, inputs, strict=True)}
        logits = model.network(points, edges, batch, 1).double()
        return logits[:, target] - logits.mean(dim=1)

    ends = tuple(x[kind][None] for kind in FEATURES)
    starts = tuple(torch.tensor(model.baseline[k]).expand_as(x[k])[None].clone() for k in FEATURES)
    start = time.process_time()
    other = IntegratedGradients(logit).attribute(
        ends, baselines=starts, n_steps=STEPS, method="riemann_middle", internal_batch_size=1
    )
    other_s = time.process_time() - start
    apart = max(
        float(np.abs(own.nodes[k] - v[0].detach().numpy()).max())
        for k, v in zip(FEATURES, other, strict=True)
    )
    print(f"  own {own_s:.2f} CPU s, captum {other_s:.2f} CPU s, ratio {own_s / other_s:.2f}")
    print(f"  largest difference {apart:.1e}")


if __name__ == "__main__":
    main()
