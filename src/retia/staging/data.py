"""A folder of graphs in memory."""

from pathlib import Path

from torch_geometric.data import HeteroData

from retia.errors import UserError
from retia.graphs.hetero import to_hetero_data
from retia.records import Case, read_cases
from retia.records.graph_folder import GraphFolder
from retia.runs import track


def read_graphs(folder: Path) -> tuple[list[Case], dict[str, HeteroData]]:
    """Read the cases of a folder and their graphs.

    Returns:
        The cases, and per case its raw `HeteroData`.

    Raises:
        UserError: If the folder is none of `retia graph`, or a case has no graph.
    """
    cases = read_cases(folder)
    opened = GraphFolder(folder, geometry=False)
    graphs = {id: to_hetero_data(graph) for id, graph in track(opened, "reading graphs")}
    missing = [c.id for c in cases if c.id not in graphs]
    if missing:
        raise UserError(
            f"{folder}: {len(missing)} cases have no graph, the first is {missing[0]}. "
            "Run `retia graph` for this folder again."
        )
    return cases, graphs
