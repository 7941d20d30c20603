"""Does the model depend on the elements an attribution names?

Deletion and insertion (Petsiuk et al. 2018): elements are taken away, or given back, in the order
of their scores, and the explained output is followed. A better order makes it fall sooner, and rise
sooner. Elements are taken away in two ways:

- `healed`: their features become those of the baseline, a healthy eye, and so do those of the edges
  they have. The graph stays one that the model could have seen, which is why this one counts.
- `silenced`: they send nothing and count for nothing in any pool. Nothing of them is left, but no
  eye has such a graph.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch

from retia.attribution.baselines import baseline_features, features_of
from retia.attribution.integrated_gradients import Explained
from retia.graphs.hetero import EDGE_TYPES, FEATURES
from retia.records.attribution import Baseline

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

    from retia.staging.model import StageModel

SHARES = (0.0, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 0.5, 1.0)
"""Shares of the elements that are taken away, or given back; the first is one element of 5,000."""
EARLY = 0.01
"""With pools that hold a maximum, a few dozen elements decide: what happens up to here is told
apart from the whole curve."""
REMOVALS = ("healed", "silenced")
CURVES = ("deletion", "insertion")

Scores = Mapping[str, np.ndarray]
"""Per node type, a score for each element, `(N,)`."""


class Removal:
    """One graph of which any elements can be taken away."""

    def __init__(
        self, model: "StageModel", graph: "HeteroData", stage: str, baseline: Baseline
    ) -> None:
        """Lay out the graph and its baseline.

        Args:
            model: The staging model.
            graph: Raw features.
            stage: Whose output is followed.
            baseline: What an element is healed to.
        """
        model.network.eval()
        scaled = model.scaling.apply(graph)
        self.explained = Explained(model, scaled, model.classes.index(stage))
        self.end, self.start = features_of(scaled), baseline_features(model, scaled, baseline)
        self.edge_index = self.explained.edge_index
        self.counts = self.explained.counts

    @torch.no_grad()
    def healed(self, there: Mapping[str, torch.Tensor]) -> float:
        """Output where all elements but these (bool `(N,)` per type) have the baseline."""
        mixed = {k: torch.where(there[k][:, None], self.end[k], self.start[k]) for k in FEATURES}
        for e in EDGE_TYPES:
            source, target = self.edge_index[e]
            both, key = there[e[0]][source] & there[e[2]][target], "__".join(e)
            mixed[key] = torch.where(both[:, None], self.end[key], self.start[key])
        return self.explained.of_features({k: v[None] for k, v in mixed.items()}, 1).item()

    @torch.no_grad()
    def silenced(self, there: Mapping[str, torch.Tensor]) -> float:
        """Output where all elements but these are silent."""
        weights = {kind: there[kind].float()[None] for kind in FEATURES}
        return self.explained.of_nodes(weights, 1).item()

    def curve(self, scores: Scores, removal: str, curve: str) -> list[float]:
        """The output at each of `SHARES`, elements taken in the order of their scores.

        Args:
            scores: Highest first.
            removal: One of `REMOVALS`.
            curve: One of `CURVES`.
        """
        output: Callable[[Mapping[str, torch.Tensor]], float] = getattr(self, removal)
        flat = np.concatenate([scores[kind] for kind in FEATURES])
        rank = np.empty(len(flat), int)
        rank[np.argsort(-flat, kind="stable")] = np.arange(len(flat))
        ends = np.cumsum([self.counts[kind] for kind in FEATURES])[:-1]
        ranks = dict(zip(FEATURES, np.split(rank, ends), strict=True))
        found = []
        for share in SHARES:
            first = int(np.ceil(share * len(flat)))
            chosen = {kind: torch.from_numpy(r < first) for kind, r in ranks.items()}
            there = chosen if curve == "insertion" else {k: ~c for k, c in chosen.items()}
            found.append(output(there))
        return found

    def gradient_times_input(self) -> dict[str, np.ndarray]:
        """Gradient at the image times its distance from the baseline, per element."""
        inputs = {key: value[None].clone().requires_grad_() for key, value in self.end.items()}
        self.explained.of_features(inputs, 1).sum().backward()
        found = {}
        for kind in FEATURES:
            gradient = inputs[kind].grad
            assert gradient is not None
            found[kind] = (gradient[0] * (self.end[kind] - self.start[kind])).sum(dim=1).numpy()
        return found

    def degrees(self) -> dict[str, np.ndarray]:
        """Number of edges that reach each element, per node type."""
        found = {kind: np.zeros(count) for kind, count in self.counts.items()}
        for e in EDGE_TYPES:
            found[e[2]] += np.bincount(self.edge_index[e][1].numpy(), minlength=self.counts[e[2]])
        return found

    def random(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """A random order."""
        return {kind: rng.random(count) for kind, count in self.counts.items()}


def area_under(curve: np.ndarray | list[float]) -> float:
    """Area under a curve over the shares of the elements."""
    return float(np.trapezoid(np.asarray(curve, float), SHARES))


def early_mean(curve: np.ndarray | list[float]) -> float:
    """Mean of a curve over those of `SHARES` that are above 0 and at most `EARLY`."""
    early = [share <= EARLY for share in SHARES[1:]]
    return float(np.asarray(curve, float)[1:][early].mean())
