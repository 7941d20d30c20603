"""How much each element of a vessel graph spoke for a stage.

On disk, per image: `nodes.parquet` (one row a node), `edges.parquet` (one row a relation) and
`summary.json`; for the images of a cohort see `records/attribution_folder.py`.
"""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from retia.atomic import atomic_file

Baseline = Literal["zero", "healthy", "zone"]
"""What features are compared with (see `attribution/baselines.py`)."""


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """How well the attributions along one path add up to what they explain."""

    delta: float
    """Output at the end of the path minus output at its start."""
    gap: float
    """Sum of all attributions minus `delta`."""
    points: int
    """Points of the path at which gradients were taken, all refinements counted."""

    @property
    def error(self) -> float:
        """The gap as a share of the output difference."""
        return abs(self.gap) / max(abs(self.delta), 1e-12)


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Integrated gradients of one stage's logit over one graph, along up to three paths.

    - `features`: the features of all nodes and edges move together from a baseline to the image's.
    - `edges`: all messages grow together from silent to whole.
    - `presence`: all nodes grow together from silent to whole.

    Shapes: `N` nodes of a type (`segment`, `area`, `faz`), `F` features of it, `E` relations of a
    kind (`segment-area`, as in the table `relations`), `K` features of a relation.
    """

    case: str
    stage: str
    """The stage whose logit is explained."""
    probabilities: dict[str, float]
    nodes: dict[str, np.ndarray]
    """Path `features`, per node type: signed, shape `(N, F)`."""
    features: dict[str, tuple[str, ...]]
    """Per node type: the names of the `F` columns."""
    paths: dict[str, Completeness]
    """Per path, how well its attributions add up."""
    baseline: Baseline = "zone"
    """Where the path `features` starts."""
    edge_index: dict[str, np.ndarray] = field(default_factory=dict)
    """Per kind of relation: rows source and target, shape `(2, E)`."""
    edge_features: dict[str, np.ndarray] = field(default_factory=dict)
    """Path `features`, per kind: signed, both directions added up, shape `(E, K)`."""
    edges: dict[str, np.ndarray] = field(default_factory=dict)
    """Path `edges`, per kind: signed, both directions added up, shape `(E,)`."""
    presence: dict[str, np.ndarray] = field(default_factory=dict)
    """Path `presence`, per node type: signed, shape `(N,)`."""

    @property
    def delta(self) -> float:
        """Logit of the graph minus logit of the baseline."""
        return self.paths["features"].delta

    @property
    def gap(self) -> float:
        """Sum of all attributions of features minus `delta`: how far completeness is missed."""
        return self.paths["features"].gap

    def importance(self, kind: str) -> np.ndarray:
        """Signed attribution of each node of one type, summed over features, shape `(N,)`."""
        return self.nodes[kind].sum(axis=1)

    def node_table(self) -> pl.DataFrame:
        """One row a node: `case, node, id, attribution, presence, top_feature, features`.

        `presence` is null where that path was not taken; `features` lists the attributions of the
        node's features, to 11 binary digits.
        """
        return pl.concat([self._node_rows(kind) for kind in self.nodes])

    def edge_table(self) -> pl.DataFrame:
        """One row a relation: `case, kind, source, target, attribution, features`.

        `attribution` is null where the path `edges` was not taken.
        """
        schema = EDGE_SCHEMA
        parts = [pl.DataFrame(schema=schema)]
        for kind, (source, target) in self.edge_index.items():
            count = len(source)
            rows = {
                "case": [self.case] * count,
                "kind": [kind] * count,
                "source": source,
                "target": target,
                "attribution": self.edges.get(kind, [None] * count),
                "features": _lists(self.edge_features[kind]),
            }
            parts.append(pl.DataFrame(rows, schema=schema))
        return pl.concat(parts)

    def summary(self) -> dict[str, Any]:
        """All that is no table, as plain objects."""
        return {
            "case": self.case,
            "stage": self.stage,
            "probabilities": self.probabilities,
            "baseline": self.baseline,
            "features": {kind: list(names) for kind, names in self.features.items()},
            "paths": {name: dataclasses.asdict(path) for name, path in self.paths.items()},
        }

    def write(self, folder: Path) -> None:
        """Write `nodes.parquet`, `edges.parquet` and `summary.json`, atomically."""
        for name, table in (("nodes", self.node_table()), ("edges", self.edge_table())):
            with atomic_file(folder / f"{name}.parquet") as part:
                table.write_parquet(part)
        with atomic_file(folder / "summary.json") as part:
            part.write_text(json.dumps(self.summary()) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Attribution":
        """Read what `write` wrote."""
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        nodes, edges = (pl.read_parquet(folder / f"{n}.parquet") for n in ("nodes", "edges"))
        return cls.from_tables(summary, nodes, edges)

    @classmethod
    def from_tables(
        cls, summary: dict[str, Any], nodes: pl.DataFrame, edges: pl.DataFrame
    ) -> "Attribution":
        """Put an attribution together again from its tables; other columns are left out."""
        by_node = {str(k[0]): t for k, t in nodes.partition_by("node", as_dict=True).items()}
        by_kind = {str(k[0]): t for k, t in edges.partition_by("kind", as_dict=True).items()}
        features = {kind: tuple(names) for kind, names in summary["features"].items()}
        empty = nodes.clear()
        tables = {kind: by_node.get(kind, empty).sort("id") for kind in features}
        paths = {name: Completeness(**path) for name, path in summary["paths"].items()}
        return cls(
            case=summary["case"],
            stage=summary["stage"],
            probabilities=summary["probabilities"],
            baseline=summary["baseline"],
            features=features,
            paths=paths,
            nodes={k: _matrix(t["features"], len(features[k])) for k, t in tables.items()},
            presence={k: t["presence"].to_numpy() for k, t in tables.items()}
            if "presence" in paths
            else {},
            edge_index={
                k: t.select("source", "target").to_numpy().astype(np.int64).T
                for k, t in by_kind.items()
            },
            edge_features={k: _matrix(t["features"]) for k, t in by_kind.items()},
            edges={k: t["attribution"].to_numpy() for k, t in by_kind.items()}
            if "edges" in paths
            else {},
        )

    def _node_rows(self, kind: str) -> pl.DataFrame:
        values, names = self.nodes[kind], self.features[kind]
        count = len(values)
        top = values.argmax(axis=1) if count else []
        rows = {
            "case": [self.case] * count,
            "node": [kind] * count,
            "id": range(count),
            "attribution": values.sum(axis=1),
            "presence": self.presence.get(kind, [None] * count),
            "top_feature": [names[i] for i in top],
            "features": _lists(values),
        }
        return pl.DataFrame(rows, schema=NODE_SCHEMA)


VALUES = pl.List(pl.Float32)
NODE_SCHEMA: dict[str, Any] = {
    "case": pl.String,
    "node": pl.String,
    "id": pl.Int64,
    "attribution": pl.Float64,
    "presence": pl.Float64,
    "top_feature": pl.String,
    "features": VALUES,
}
EDGE_SCHEMA: dict[str, Any] = {
    "case": pl.String,
    "kind": pl.String,
    "source": pl.Int32,
    "target": pl.Int32,
    "attribution": pl.Float64,
    "features": VALUES,
}


def _lists(values: np.ndarray) -> pl.Series:
    """Rows of a matrix as a list column, to 11 binary digits: half the bytes on disk."""
    bits = np.ascontiguousarray(values, np.float32).view(np.int32)
    return pl.Series(((bits + 0x800) & ~0xFFF).view(np.float32)).cast(VALUES)


def _matrix(column: pl.Series, width: int | None = None) -> np.ndarray:
    """A list column back to a matrix, float64."""
    if not len(column):
        return np.zeros((0, width or 0))
    return column.explode().to_numpy().astype(np.float64).reshape(len(column), -1)
