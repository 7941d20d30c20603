"""Integrated gradients over the node features of a vessel graph.

Sundararajan et al. 2017 (arXiv 1703.01365): the attribution of feature `i` is
`(x_i - b_i) * mean over a in (0, 1) of dF(b + a (x - b)) / dx_i`; all of them add up to
`F(x) - F(b)` (completeness). `F` is the logit of a stage minus the mean of the three logits, which
does not move when a constant is added to all of them. The baseline `b` gives every node the mean
features of healthy eyes, so that the question answered is: what speaks against a healthy eye?

Interpolation steps are stacked as disjoint batches as far as that pays: one backward pass for many.
"""

import copy
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch_geometric.data import Batch

from retia.graphs.hetero import FEATURES
from retia.records import Attribution
from retia.taxonomy import STAGES

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

    from retia.staging.model import StageModel

GAP_SHARE, GAP_LOGIT = 0.02, 0.02
"""Completeness may miss this share of `delta`, or this much of a logit; else steps are doubled."""
MOST_STEPS = 256
BATCH_NODES = 4096
"""Copies of a graph go through the network together up to this many nodes: more of them no longer
fit the processor's caches (an eye of 4,000 nodes: four times slower with all 32 copies at once)."""


def attribute_graph(
    model: "StageModel", case: str, graph: "HeteroData", stage: str | None = None, steps: int = 8
) -> Attribution:
    """Attribute one stage of one graph.

    Args:
        model: The staging model.
        case: Id of the image.
        graph: Raw (unscaled) features.
        stage: The stage to explain; the predicted one when left out.
        steps: Midpoints to begin with; doubled (up to 256) until completeness holds to 2 % of
            `delta` or 0.02 of a logit.

    Returns:
        Signed attributions per node and feature, with how far they miss completeness.
    """
    model.network.eval()
    scaled = model.scaling.apply(graph)
    with torch.no_grad():
        probabilities = model.logits(scaled, 1).softmax(dim=1)[0]
    stage = stage or STAGES[int(probabilities.argmax())]
    target = STAGES.index(stage)
    end = {kind: scaled[kind].x for kind in FEATURES}
    start = {k: torch.tensor(model.baseline[k]).expand_as(x).clone() for k, x in end.items()}
    with torch.no_grad():
        delta = float(
            _target_logit(model, [_with(scaled, end)], target)
            - _target_logit(model, [_with(scaled, start)], target)
        )
    while True:
        nodes = _integrate(model, scaled, start, end, target, steps)
        gap = sum(float(a.sum()) for a in nodes.values()) - delta
        if abs(gap) <= max(GAP_SHARE * abs(delta), GAP_LOGIT) or steps >= MOST_STEPS:
            break
        steps *= 2
    return Attribution(
        case=case,
        stage=stage,
        probabilities={s: float(p) for s, p in zip(STAGES, probabilities, strict=True)},
        nodes=nodes,
        features=dict(FEATURES),
        delta=delta,
        gap=gap,
    )


def _integrate(
    model: "StageModel",
    scaled: "HeteroData",
    start: dict[str, torch.Tensor],
    end: dict[str, torch.Tensor],
    target: int,
    steps: int,
) -> dict[str, np.ndarray]:
    totals = {kind: np.zeros(x.shape) for kind, x in end.items()}
    copies = max(1, BATCH_NODES // max(1, sum(len(x) for x in end.values())))
    for first in range(0, steps, copies):
        chunk = range(first, min(first + copies, steps))
        points = []
        for step in chunk:
            share = (step + 0.5) / steps
            mixed = {k: (start[k] + share * (end[k] - start[k])).requires_grad_() for k in end}
            points.append(_with(scaled, mixed))
        _target_logit(model, points, target).sum().backward()
        for point in points:
            for kind in totals:
                if point[kind].x.grad is not None:
                    totals[kind] += point[kind].x.grad.double().numpy()
    return {k: (end[k] - start[k]).double().numpy() * totals[k] / steps for k in totals}


def _target_logit(model: "StageModel", graphs: list["HeteroData"], target: int) -> torch.Tensor:
    batch = Batch.from_data_list(graphs) if len(graphs) > 1 else graphs[0]  # type: ignore[arg-type]
    logits = model.logits(batch, len(graphs)).double()
    return logits[:, target] - logits.mean(dim=1)


def _with(graph: "HeteroData", x: dict[str, torch.Tensor]) -> "HeteroData":
    changed = copy.copy(graph)
    for kind, features in x.items():
        changed[kind].x = features
    return changed
