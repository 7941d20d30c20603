"""Features of nodes and edges to z-scores, with the statistics of the training part only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retia.anatomy import RING_NAMES
from retia.graphs.hetero import EDGE_TYPES, FEATURES

if TYPE_CHECKING:
    import torch
    from torch_geometric.data import HeteroData

LIMIT = 6.0
"""z-scores are cut here: one absurd segment must not outvote an eye."""
SKEWED = 2.0

Key = str | tuple[str, str, str]
KEYS: dict[str, tuple[Key, str]] = {
    **{kind: (kind, "x") for kind in FEATURES},
    **{"__".join(e): (e, "edge_attr") for e in EDGE_TYPES},
}
"""Name of each table of features to the key and the tensor of `HeteroData` that hold it."""


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Per node and edge type and feature: whether it is log-scaled first, mean and deviation."""

    logged: dict[str, tuple[bool, ...]]
    mean: dict[str, tuple[float, ...]]
    deviation: dict[str, tuple[float, ...]]

    def apply(self, data: "HeteroData") -> "HeteroData":
        """Return a copy whose features are z-scores, cut at ±`LIMIT`; the edges are shared."""
        import copy

        scaled = copy.copy(data)
        for name, (key, tensor) in KEYS.items():
            scaled[key][tensor] = self._scale(name, data[key][tensor])
        return scaled

    def _scale(self, name: str, raw: "torch.Tensor") -> "torch.Tensor":
        import torch

        x = raw.double()
        x = torch.where(torch.tensor(self.logged[name]), torch.sign(x) * torch.log1p(x.abs()), x)
        mean = torch.tensor(self.mean[name], dtype=torch.float64)
        deviation = torch.tensor(self.deviation[name], dtype=torch.float64)
        return ((x - mean) / deviation).clamp(-LIMIT, LIMIT).float()


def fit_scaling(graphs: Sequence["HeteroData"]) -> Scaling:
    """Fit the scaling; features with a skewness above 2 are log-scaled (`sign(x) log(1 + |x|)`)."""
    logged, mean, deviation = {}, {}, {}
    for name in KEYS:
        x = _stack(graphs, name)
        is_logged = np.abs(_skewness(x)) > SKEWED
        x = np.where(is_logged, np.sign(x) * np.log1p(np.abs(x)), x)
        spread = x.std(axis=0)
        logged[name] = tuple(bool(v) for v in is_logged)
        mean[name] = tuple(float(v) for v in x.mean(axis=0))
        # A constant feature says nothing; a deviation of 1 turns it into zeros.
        deviation[name] = tuple(float(v) for v in np.where(spread > 1e-9, spread, 1.0))
    return Scaling(logged=logged, mean=mean, deviation=deviation)


def mean_features(scaled: Sequence["HeteroData"]) -> dict[str, tuple[float, ...]]:
    """Per node type, the mean scaled features over all nodes of some graphs (zeros without any)."""
    return {kind: _mean(_stack(scaled, kind)) for kind in FEATURES}


def mean_zone_features(
    scaled: Sequence["HeteroData"],
) -> dict[str, tuple[tuple[float, ...], ...]]:
    """Per node type and ring, the mean scaled features; a ring without nodes has those of all."""
    means = {}
    for kind in FEATURES:
        x = _stack(scaled, kind)
        ring = np.concatenate([g[kind].ring.numpy() for g in scaled])
        rows = [x[np.flatnonzero(ring == r)] for r in range(len(RING_NAMES))]
        means[kind] = tuple(_mean(part if len(part) else x) for part in rows)
    return means


def mean_edge_features(
    scaled: Sequence["HeteroData"],
) -> dict[tuple[str, str, str], tuple[float, ...]]:
    """Per edge type, the mean scaled features over all edges of some graphs."""
    return {e: _mean(_stack(scaled, "__".join(e))) for e in EDGE_TYPES}


def _stack(graphs: Sequence["HeteroData"], name: str) -> np.ndarray:
    """All rows of one table, float64; one row of zeros where there is none."""
    key, tensor = KEYS[name]
    x = np.concatenate([g[key][tensor].numpy() for g in graphs]).astype(np.float64)
    return x if len(x) else np.zeros((1, x.shape[1]))


def _mean(x: np.ndarray) -> tuple[float, ...]:
    return tuple(float(v) for v in x.mean(axis=0))


def _skewness(x: np.ndarray) -> np.ndarray:
    centred = x - x.mean(axis=0)
    return (centred**3).mean(axis=0) / np.maximum(x.std(axis=0), 1e-9) ** 3
