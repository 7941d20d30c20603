"""What is usual in healthy eyes: quantiles of every graph feature, in all and in each ring."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from retia.anatomy import RING_NAMES
from retia.atomic import atomic_file
from retia.errors import UserError
from retia.graphs.hetero import FEATURES

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

QUANTILES = (0.0, 0.001, 0.01, *(n / 20 for n in range(1, 20)), 0.99, 0.999, 1.0)
FILE = "healthy.parquet"
FEWEST_NODES = 50
"""A ring with fewer healthy nodes is not described on its own."""


def healthy_reference(healthy: Sequence["HeteroData"], out: Path) -> None:
    """Write `healthy.parquet`: `node, feature, ring, nodes, mean, deviation, q0.0, q0.001 …`.

    One row a node type and feature over all rings (`ring` is null), and one for each ring. A ring
    without any node has no row.

    Args:
        healthy: Raw graphs of healthy eyes (of the training part only).
        out: Folder to write into.
    """
    rows = []
    for kind, features in FEATURES.items():
        x = np.concatenate([g[kind].x.numpy() for g in healthy]).astype(np.float64)
        ring = np.concatenate([g[kind].ring.numpy() for g in healthy])
        parts = {None: x if len(x) else np.zeros((1, len(features)))}
        parts |= {name: x[ring == n] for n, name in enumerate(RING_NAMES) if (ring == n).any()}
        for name, part in parts.items():
            rows += _rows(kind, name, features, part, len(x) if name is None else len(part))
    with atomic_file(out / FILE) as part:
        pl.DataFrame(rows, infer_schema_length=None).write_parquet(part)


def _rows(
    kind: str, ring: str | None, features: Sequence[str], x: np.ndarray, nodes: int
) -> list[dict[str, Any]]:
    numbers = {"mean": x.mean(axis=0), "deviation": x.std(axis=0)}
    numbers |= {
        f"q{q}": v for q, v in zip(QUANTILES, np.quantile(x, QUANTILES, axis=0), strict=True)
    }
    return [
        {"node": kind, "feature": feature, "ring": ring, "nodes": nodes}
        | {name: values[column] for name, values in numbers.items()}
        for column, feature in enumerate(features)
    ]


class HealthyReference:
    """The table of `healthy_reference`, looked up by node type, feature and ring.

    Rings are names of `anatomy.RING_NAMES`. A ring with fewer than `FEWEST_NODES` healthy nodes
    falls back to all rings, as does None.
    """

    def __init__(self, folder: Path) -> None:
        """Read `healthy.parquet` of a model folder.

        Raises:
            UserError: If it is not there, or an earlier version wrote it.
        """
        path = folder / FILE
        if not path.is_file():
            raise UserError(
                f"{folder} holds no {FILE}. Expected a folder of `retia stage train` or of "
                "`retia graph reference`."
            )
        table = pl.read_parquet(path)
        if "ring" not in table.columns:
            raise UserError(
                f"{path} has no column `ring`; an earlier version wrote it. "
                "Run `retia stage train` or `retia graph reference` again."
            )
        kept = table.filter(pl.col("ring").is_null() | (pl.col("nodes") >= FEWEST_NODES))
        self.rows = {(r["node"], r["feature"], r["ring"]): r for r in kept.to_dicts()}

    def quantile(self, node: str, feature: str, q: float, ring: str | None = None) -> float:
        """The value that the share `q` of healthy nodes stays below; `q` one of `QUANTILES`."""
        return self._row(node, feature, ring)[f"q{float(q)}"]

    def mean(self, node: str, feature: str, ring: str | None = None) -> float:
        """The mean over healthy nodes."""
        return self._row(node, feature, ring)["mean"]

    def percentile(
        self,
        node: str,
        feature: str,
        values: np.ndarray,
        rings: Sequence[str] | np.ndarray | None = None,
    ) -> np.ndarray:
        """Where values lie among those of healthy nodes.

        Args:
            node: Node type.
            feature: One of its features.
            values: `(N,)`.
            rings: Ring of each, `(N,)`: names, or places in `RING_NAMES`; None for all rings.

        Returns:
            Share of healthy nodes below each value, in [0, 1], `(N,)`, interpolated between the
            stored quantiles. A value that many healthy nodes have gets the middle of their share.
        """
        values = np.asarray(values, float)
        if rings is None:
            return self._percentile(self._row(node, feature, None), values)
        names = np.asarray(rings)
        if names.dtype.kind in "iu":
            names = np.asarray(RING_NAMES)[names]
        found = np.zeros(len(values))
        for name in np.unique(names):
            here = names == name
            found[here] = self._percentile(self._row(node, feature, str(name)), values[here])
        return found

    def _row(self, node: str, feature: str, ring: str | None) -> dict[str, Any]:
        return self.rows.get((node, feature, ring)) or self.rows[node, feature, None]

    @staticmethod
    def _percentile(row: dict[str, Any], values: np.ndarray) -> np.ndarray:
        stored = np.array([row[f"q{q}"] for q in QUANTILES])
        levels, group = np.unique(stored, return_inverse=True)
        shares = np.asarray(QUANTILES)
        low = np.full(len(levels), 1.0)
        high = np.zeros(len(levels))
        np.minimum.at(low, group, shares)
        np.maximum.at(high, group, shares)
        return np.interp(values, levels, (low + high) / 2, left=0.0, right=1.0)
