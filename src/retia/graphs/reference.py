"""What is usual in healthy eyes: quantiles of every graph feature."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from retia.atomic import atomic_file
from retia.errors import UserError
from retia.graphs.hetero import FEATURES

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
FILE = "healthy.parquet"


def healthy_reference(healthy: Sequence["HeteroData"], out: Path) -> None:
    """Write `healthy.parquet`: one row a feature, `node, feature, mean, deviation, q0.01 …`.

    Args:
        healthy: Raw graphs of healthy eyes (of the training part only).
        out: Folder to write into.
    """
    rows = []
    for kind, features in FEATURES.items():
        x = np.concatenate([g[kind].x.numpy() for g in healthy]).astype(np.float64)
        x = x if len(x) else np.zeros((1, len(features)))
        quantiles = np.quantile(x, QUANTILES, axis=0)
        for column, feature in enumerate(features):
            row: dict[str, object] = {"node": kind, "feature": feature}
            row |= {"mean": x[:, column].mean(), "deviation": x[:, column].std()}
            row |= {f"q{q}": quantiles[i, column] for i, q in enumerate(QUANTILES)}
            rows.append(row)
    with atomic_file(out / FILE) as part:
        pl.DataFrame(rows).write_parquet(part)


class HealthyReference:
    """The table of `healthy_reference`, looked up by node type and feature."""

    def __init__(self, folder: Path) -> None:
        """Read `healthy.parquet` of a model folder.

        Raises:
            UserError: If it is not there.
        """
        path = folder / FILE
        if not path.is_file():
            raise UserError(f"{folder} holds no {FILE}. Expected a folder of `retia stage train`.")
        self.rows = {(r["node"], r["feature"]): r for r in pl.read_parquet(path).to_dicts()}

    def quantile(self, node: str, feature: str, q: float) -> float:
        """The value that the share `q` of healthy nodes stays below; `q` one of `QUANTILES`."""
        return self.rows[node, feature][f"q{q}"]

    def mean(self, node: str, feature: str) -> float:
        """The mean over healthy nodes."""
        return self.rows[node, feature]["mean"]
