"""The vessel graph as PyTorch Geometric's `HeteroData`.

Node types `segment`, `area`, `faz`; the six relations of `records.graph.RELATIONS`, each in both
directions, so that messages flow both ways.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from retia.anatomy import RING_NAMES
from retia.errors import UserError
from retia.graphs.edges import EDGE_FEATURES
from retia.graphs.features import AREA_FEATURES, FAZ_FEATURES, SEGMENT_FEATURES
from retia.records import VesselGraph
from retia.records.graph import RELATIONS

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData

FEATURES: dict[str, tuple[str, ...]] = {
    "segment": tuple(SEGMENT_FEATURES),
    "area": tuple(AREA_FEATURES),
    "faz": tuple(FAZ_FEATURES),
}
"""Per node type, the columns of its feature matrix."""

EDGE_TYPES: tuple[tuple[str, str, str], ...] = RELATIONS + tuple(
    (target, f"rev_{name}", source) for source, name, target in RELATIONS if source != target
)
"""All edge types, reversed ones included; relations within a type hold both directions."""


def node_tables(graph: VesselGraph) -> dict[str, pl.DataFrame]:
    """The tables of the three node types, rows in the order of their ids."""
    tables = {"segment": graph.segments, "area": graph.areas, "faz": graph.faz}
    return {kind: table.sort("id") for kind, table in tables.items()}


def to_hetero_data(graph: VesselGraph) -> "HeteroData":
    """Build the `HeteroData` of one image.

    Args:
        graph: Tables of exactly one case.

    Returns:
        Per node type `data[kind].x`, float32 raw features, shape `(N, F)`, columns
        `FEATURES[kind]`, and, which are no features, `data[kind].ring`, int64 `(N,)`, the place
        in `RING_NAMES`, and `data[kind].pos_mm`, float32 `(N, 2)`, to the right and down from the
        centre of the FAZ. Per type of `EDGE_TYPES` `data[edge_type].edge_index`, int64, shape
        `(2, E)`, and `data[edge_type].edge_attr`, float32, shape `(E, 4)`, `EDGE_FEATURES`.

    Raises:
        UserError: If a table lacks a column.
    """
    import torch
    from torch_geometric.data import HeteroData

    data = HeteroData()
    for kind, table in node_tables(graph).items():
        data[kind].x = torch.from_numpy(_matrix(table, FEATURES[kind], kind))
        data[kind].pos_mm = torch.from_numpy(_matrix(table, ("x_mm", "y_mm"), kind))
        rings = table["ring"].cast(pl.Enum(RING_NAMES)).to_physical().to_numpy()
        data[kind].ring = torch.from_numpy(rings.astype(np.int64))
    parts = graph.relations.partition_by("kind", as_dict=True)
    for source, name, target in RELATIONS:
        rows = parts.get((f"{source}-{target}",), graph.relations.clear())
        index = np.ascontiguousarray(rows.select("source", "target").to_numpy().T, np.int64)
        features = _matrix(rows, EDGE_FEATURES, "relation")
        if source == target:
            both = np.concatenate([index, index[::-1]], axis=1)
            keys = both[0] * (both.max(initial=0) + 1) + both[1]
            first = np.unique(keys, return_index=True)[1]
            index, features = both[:, first], np.concatenate([features, features])[first]
        else:
            back = data[target, f"rev_{name}", source]
            back.edge_index = torch.from_numpy(np.ascontiguousarray(index[::-1]))
            back.edge_attr = torch.from_numpy(features.copy())
        data[source, name, target].edge_index = torch.from_numpy(np.ascontiguousarray(index))
        data[source, name, target].edge_attr = torch.from_numpy(features)
    return data


def _matrix(table: pl.DataFrame, columns: tuple[str, ...], kind: str) -> np.ndarray:
    """The columns as float32 `(N, F)`."""
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise UserError(
            f"The table of the {kind} nodes has no column `{missing[0]}`; an earlier version wrote "
            "it. Run `retia graph` again."
            if kind in FEATURES
            else f"The relations have no column `{missing[0]}`; an earlier version wrote them. "
            "Run `retia graph` again."
        )
    values = table.select(columns).to_numpy().astype(np.float32)
    return np.ascontiguousarray(values.reshape(table.height, len(columns)))
