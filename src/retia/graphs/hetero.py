"""The vessel graph as PyTorch Geometric's `HeteroData`.

Node types `segment`, `area`, `faz`; the six relations of `records.graph.RELATIONS`, each in both
directions, so that messages flow both ways.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

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
        `data[kind].x` float32 raw features, shape `(N, F)`, columns `FEATURES[kind]`;
        `data[edge_type].edge_index` int64, shape `(2, E)`, for every type of `EDGE_TYPES`.
    """
    import torch
    from torch_geometric.data import HeteroData

    data = HeteroData()
    for kind, table in node_tables(graph).items():
        features = table.select(FEATURES[kind]).to_numpy().astype(np.float32)
        data[kind].x = torch.from_numpy(np.ascontiguousarray(features.reshape(table.height, -1)))
    edges = {
        str(key[0]): part.select("source", "target").to_numpy().astype(np.int64).T
        for key, part in graph.relations.partition_by("kind", as_dict=True).items()
    }
    for source, name, target in RELATIONS:
        index = edges.get(f"{source}-{target}", np.zeros((2, 0), np.int64))
        if source == target:
            index = np.unique(np.concatenate([index, index[::-1]], axis=1), axis=1)
        else:
            reverse = np.ascontiguousarray(index[::-1])
            data[target, f"rev_{name}", source].edge_index = torch.from_numpy(reverse)
        data[source, name, target].edge_index = torch.from_numpy(np.ascontiguousarray(index))
    return data
