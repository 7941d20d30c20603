"""A folder of graphs in memory."""

from pathlib import Path

from torch_geometric.data import HeteroData

from retia.errors import UserError
from retia.graphs.hetero import to_hetero_data
from retia.records import Case, VesselGraph, read_cases


def read_graphs(folder: Path) -> tuple[list[Case], dict[str, HeteroData], VesselGraph]:
    """Read the cases of a folder and their graphs.

    Returns:
        The cases, per case its raw `HeteroData`, and the stacked tables.

    Raises:
        UserError: If the folder is none of `retia graph`, or a case has no graph.
    """
    cases = read_cases(folder)
    tables = VesselGraph.read(folder)
    graphs = {id: to_hetero_data(graph) for id, graph in tables.split()}
    missing = [c.id for c in cases if c.id not in graphs]
    if missing:
        raise UserError(
            f"{folder}: {len(missing)} cases have no graph, the first is {missing[0]}. "
            "Run `retia graph` for this folder again."
        )
    return cases, graphs, tables
