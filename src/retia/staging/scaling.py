"""Features to z-scores, with the statistics of the training part only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retia.graphs.hetero import FEATURES

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

LIMIT = 6.0
"""z-scores are cut here: one absurd segment must not outvote an eye."""
SKEWED = 2.0


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Per node type and feature: whether it is log-scaled first, its mean and deviation."""

    logged: dict[str, tuple[bool, ...]]
    mean: dict[str, tuple[float, ...]]
    deviation: dict[str, tuple[float, ...]]

    def apply(self, data: "HeteroData") -> "HeteroData":
        """Return a copy whose features are z-scores, cut at ±`LIMIT`."""
        import copy

        import torch

        scaled = copy.copy(data)  # edges are shared: they are most of a graph
        for kind in FEATURES:
            x = data[kind].x.double()
            logged = torch.tensor(self.logged[kind])
            x = torch.where(logged, torch.sign(x) * torch.log1p(x.abs()), x)
            z = (x - torch.tensor(self.mean[kind]).double()) / torch.tensor(
                self.deviation[kind]
            ).double()
            scaled[kind].x = z.clamp(-LIMIT, LIMIT).float()
        return scaled


def fit_scaling(graphs: Sequence["HeteroData"]) -> Scaling:
    """Fit the scaling; features with a skewness above 2 are log-scaled (`sign(x) log(1 + |x|)`)."""
    logged, mean, deviation = {}, {}, {}
    for kind in FEATURES:
        x = np.concatenate([g[kind].x.numpy() for g in graphs]).astype(np.float64)
        if not len(x):
            x = np.zeros((1, len(FEATURES[kind])))
        skewness = _skewness(x)
        is_logged = np.abs(skewness) > SKEWED
        x = np.where(is_logged, np.sign(x) * np.log1p(np.abs(x)), x)
        spread = x.std(axis=0)
        logged[kind] = tuple(bool(v) for v in is_logged)
        mean[kind] = tuple(float(v) for v in x.mean(axis=0))
        # A constant feature says nothing; a deviation of 1 turns it into zeros.
        deviation[kind] = tuple(float(v) for v in np.where(spread > 1e-9, spread, 1.0))
    return Scaling(logged=logged, mean=mean, deviation=deviation)


def mean_features(scaled: Sequence["HeteroData"]) -> dict[str, tuple[float, ...]]:
    """Per node type, the mean scaled features over all nodes of some graphs (zeros without any)."""
    means = {}
    for kind, names in FEATURES.items():
        x = np.concatenate([g[kind].x.numpy() for g in scaled])
        means[kind] = tuple(float(v) for v in x.mean(axis=0)) if len(x) else (0.0,) * len(names)
    return means


def _skewness(x: np.ndarray) -> np.ndarray:
    centred = x - x.mean(axis=0)
    return (centred**3).mean(axis=0) / np.maximum(x.std(axis=0), 1e-9) ** 3
