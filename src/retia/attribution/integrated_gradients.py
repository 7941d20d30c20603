"""Integrated gradients over a vessel graph: features of nodes and edges, edges, whole nodes.

The output `F` is the logit of a stage minus that of the first class, the healthy one: what speaks
against a healthy eye? (For the healthy class itself: minus the mean of the others.) It does not
move when a constant is added to all logits. Three paths (see `Attribution`), each with its own
completeness: features from a baseline to the image's, messages from silent to whole, nodes from
silent to whole.

Points of a path go through the network as disjoint copies of the graph, as far as that pays.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from retia.attribution.baselines import baseline_features, features_of
from retia.attribution.quadrature import Accuracy, Inputs, integrate
from retia.graphs.hetero import EDGE_TYPES, FEATURES
from retia.records import Attribution
from retia.records.attribution import Baseline
from retia.records.graph import RELATIONS

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

    from retia.staging.model import StageModel

PATHS = ("features", "edges", "presence")
BATCH_NODES = 8192
"""Copies of a graph go through the network together up to this many nodes: more of them no longer
fit the processor's caches (an eye of 4,000 nodes: four times slower with 32 copies at once)."""


def attribute_graph(
    model: "StageModel",
    case: str,
    graph: "HeteroData",
    stage: str | None = None,
    baseline: Baseline = "zone",
    paths: Sequence[str] = PATHS,
    accuracy: Accuracy | None = None,
) -> Attribution:
    """Attribute one stage of one graph.

    Args:
        model: The staging model.
        case: Id of the image.
        graph: Raw (unscaled) features.
        stage: The stage to explain; the predicted one when left out.
        baseline: Where the path `features` starts.
        paths: Which of `PATHS` to take; `features` always.
        accuracy: How well the attributions are to add up.

    Returns:
        Signed attributions, with how far they miss completeness.
    """
    model.network.eval()
    scaled = model.scaling.apply(graph)
    with torch.no_grad():
        probabilities = model.logits(scaled, 1).softmax(dim=1)[0]
    stage = stage or model.classes[int(probabilities.argmax())]
    explained = Explained(model, scaled, model.classes.index(stage))
    start = baseline_features(model, scaled, baseline)
    ways = {"features": (explained.of_features, start, features_of(scaled))}
    for name, output in (("edges", explained.of_messages), ("presence", explained.of_nodes)):
        if name in paths:
            whole = explained.weights(name)
            silent = {key: torch.zeros_like(weight) for key, weight in whole.items()}
            ways[name] = output, silent, whole
    values, done = {}, {}
    for name, way in ways.items():
        values[name], done[name] = integrate(*way, explained.copies, accuracy or Accuracy())
    index, edge_features = _relations(scaled, values["features"])
    edges = _relations(scaled, values["edges"])[1] if "edges" in values else {}
    return Attribution(
        case=case,
        stage=stage,
        probabilities={s: float(p) for s, p in zip(model.classes, probabilities, strict=True)},
        nodes={kind: values["features"][kind] for kind in FEATURES},
        features=dict(FEATURES),
        paths=done,
        baseline=baseline,
        edge_index=index,
        edge_features=edge_features,
        edges=edges,
        presence=values.get("presence", {}),
    )


class Explained:
    """The explained output of one graph, as a function of features, of messages, or of nodes."""

    def __init__(self, model: "StageModel", scaled: "HeteroData", target: int) -> None:
        """Lay out the parts of the graph that do not move.

        Args:
            model: The staging model.
            scaled: Its scaled input.
            target: Number of the class.
        """
        self.model, self.target = model, target
        self.features = features_of(scaled)
        self.edge_index = {e: scaled[e].edge_index for e in EDGE_TYPES}
        self.counts = {kind: len(scaled[kind].x) for kind in FEATURES}
        self.copies = max(1, BATCH_NODES // max(1, sum(self.counts.values())))
        self.stacks: dict[int, tuple[dict, dict]] = {}

    def weights(self, name: str) -> Inputs:
        """Ones: what each message (path `edges`) or node (path `presence`) counts."""
        if name == "presence":
            return {kind: torch.ones(count) for kind, count in self.counts.items()}
        return {"__".join(e): torch.ones(i.shape[1]) for e, i in self.edge_index.items()}

    def of_features(self, inputs: Inputs, copies: int) -> torch.Tensor:
        """Output of copies that differ in their features, `(C,)`."""
        return self._output(inputs, copies, None, None)

    def of_messages(self, inputs: Inputs, copies: int) -> torch.Tensor:
        """Output of copies that differ in what their messages count, `(C,)`."""
        messages = {e: inputs["__".join(e)].flatten() for e in EDGE_TYPES}
        return self._output(self._repeated(copies), copies, messages, None)

    def of_nodes(self, inputs: Inputs, copies: int) -> torch.Tensor:
        """Output of copies that differ in what their nodes count, `(C,)`."""
        nodes = {kind: value.flatten() for kind, value in inputs.items()}
        return self._output(self._repeated(copies), copies, None, nodes)

    def _repeated(self, copies: int) -> Inputs:
        return {key: x.expand(copies, *x.shape) for key, x in self.features.items()}

    def _output(
        self,
        features: Inputs,
        copies: int,
        edge_weight: dict | None,
        node_weight: dict | None,
    ) -> torch.Tensor:
        index, batch = self._stack(copies)
        flat = {key: value.flatten(0, 1) for key, value in features.items()}
        logits = self.model.network(
            {kind: flat[kind] for kind in FEATURES},
            index,
            {e: flat["__".join(e)] for e in EDGE_TYPES},
            batch,
            copies,
            edge_weight,
            node_weight,
        ).double()
        healthy = logits[:, 1:].mean(dim=1) if self.target == 0 else logits[:, 0]
        return logits[:, self.target] - healthy

    def _stack(self, copies: int) -> tuple[dict, dict]:
        """Edges and graph numbers of disjoint copies, copy by copy."""
        if copies not in self.stacks:
            number = torch.arange(copies)
            index = {}
            for e, edges in self.edge_index.items():
                step = torch.tensor([[self.counts[e[0]]], [self.counts[e[2]]]])
                index[e] = (edges[:, None] + step[:, None] * number[:, None]).flatten(1)
            batch = {k: number.repeat_interleave(count) for k, count in self.counts.items()}
            self.stacks[copies] = index, batch
        return self.stacks[copies]


def _relations(
    scaled: "HeteroData", values: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Messages to relations: both directions of an edge are one, their values added up.

    Args:
        scaled: The graph.
        values: Per edge type, `(E, ...)`.

    Returns:
        Per kind of relation its source and target, `(2, R)`, and its values, `(R, ...)`.
    """
    index, total = {}, {}
    for source, name, target in RELATIONS:
        key, kind = "__".join((source, name, target)), f"{source}-{target}"
        edges = scaled[source, name, target].edge_index.numpy()
        if source == target:
            index[kind], pair = _unordered(edges)
            total[kind] = np.zeros((index[kind].shape[1], *values[key].shape[1:]))
            np.add.at(total[kind], pair, values[key])
        else:
            index[kind] = edges
            total[kind] = values[key] + values["__".join((target, f"rev_{name}", source))]
    return index, total


def _unordered(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs whatever their direction, lower id first, `(2, P)`, and the pair of each edge."""
    low, high = np.sort(edges, axis=0)
    base = int(high.max(initial=0)) + 1
    keys, pair = np.unique(low * base + high, return_inverse=True)
    return np.stack(np.divmod(keys, base)), pair
