"""Where integrated gradients start: features that say nothing, for every node and edge.

A baseline should be neutral: an eye the model takes for healthy (`neutrality` shows what it does
say). The structure of the graph stays: only features move.

- `zero`: z-score 0 everywhere, which is the mean of the training part, all stages together.
- `healthy`: the mean features of healthy training eyes.
- `zone`: the mean of healthy training eyes in the same ring of the ETDRS grid.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

import torch

from retia.graphs.hetero import EDGE_TYPES, FEATURES
from retia.records.attribution import Baseline

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

    from retia.staging.model import StageModel

BASELINES: tuple[Baseline, ...] = get_args(Baseline)

Features = dict[str, torch.Tensor]
"""Scaled features by name: of a node type `(N, F)`, of an edge type (`a__touches__b`) `(E, K)`."""


def features_of(scaled: "HeteroData") -> Features:
    """The features of a scaled graph."""
    nodes = {kind: scaled[kind].x for kind in FEATURES}
    return nodes | {"__".join(e): scaled[e].edge_attr for e in EDGE_TYPES}


def baseline_features(model: "StageModel", scaled: "HeteroData", name: Baseline) -> Features:
    """The features of a baseline graph of the same structure.

    Args:
        model: Knows the means of its healthy training part.
        scaled: A scaled graph.
        name: Which baseline.
    """
    own = features_of(scaled)
    if name == "zero":
        return {key: torch.zeros_like(values) for key, values in own.items()}
    means = model.baseline | {"__".join(e): mean for e, mean in model.edge_baseline.items()}
    start = {key: torch.tensor(means[key]).expand_as(x).clone() for key, x in own.items()}
    if name == "zone":
        start |= {k: torch.tensor(model.zone_baseline[k])[scaled[k].ring] for k in FEATURES}
    return start


def with_features(scaled: "HeteroData", features: Features) -> "HeteroData":
    """A graph of the same structure with other features."""
    import copy

    changed = copy.copy(scaled)
    for kind in FEATURES:
        changed[kind].x = features[kind]
    for e in EDGE_TYPES:
        changed[e].edge_attr = features["__".join(e)]
    return changed


def neutrality(
    model: "StageModel", scaled: "HeteroData", names: Sequence[Baseline] = BASELINES
) -> dict[str, dict[str, float]]:
    """What the model says of the baselines of one graph: per baseline, class probabilities."""
    graphs = [with_features(scaled, baseline_features(model, scaled, n)) for n in names]
    rows = model.scaled_probabilities(graphs).tolist()
    return {
        name: dict(zip(model.classes, row, strict=True))
        for name, row in zip(names, rows, strict=True)
    }
