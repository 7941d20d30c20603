"""What is usual in healthy eyes: quantiles of every graph feature."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from retia.atomic import atomic_file
from retia.errors import UserError
from retia.graphs.hetero import FEATURES
from retia.records import VesselGraph

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
FILE = "healthy.parquet"


def healthy_reference(graph: VesselGraph, cases: Sequence[str], out: Path) -> None:
    """Write `healthy.parquet`: one row a feature, `node, feature, mean, deviation, q0.01 …`.

    Args:
        graph: Stacked tables.
        cases: Ids of the healthy cases to measure (of the training part only).
        out: Folder to write into.
    """
    rows = []
    tables = {"segment": graph.segments, "area": graph.areas, "faz": graph.faz}
    for kind, table in tables.items():
        healthy = table.filter(pl.col("case").is_in(list(cases)))
        for feature in FEATURES[kind]:
            column = healthy[feature].cast(pl.Float64)
            row = {"node": kind, "feature": feature}
            row |= {"mean": column.mean() or 0.0, "deviation": column.std() or 0.0}
            row |= {f"q{q}": column.quantile(q, "linear") or 0.0 for q in QUANTILES}
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
