"""A folder of graphs in memory."""

from pathlib import Path

from torch_geometric.data import HeteroData

from retia.errors import UserError
from retia.graphs.hetero import to_hetero_data
from retia.records import Case, read_cases
from retia.records.graph_folder import GraphFolder
from retia.runs import track
from retia.staging.labels import label_of


def read_graphs(folder: Path, label: str | None = None) -> tuple[list[Case], dict[str, HeteroData]]:
    """Read the cases of a folder and their graphs.

    Args:
        folder: As `retia graph` wrote it.
        label: Where given, cases without this label are left out.

    Returns:
        The cases, and per case its raw `HeteroData`.

    Raises:
        UserError: If the folder is none of `retia graph`, or a case has no graph.
    """
    cases = [c for c in read_cases(folder) if label is None or label_of(c, label) is not None]
    opened = GraphFolder(folder, geometry=False)
    known = set(opened.cases())
    missing = [c.id for c in cases if c.id not in known]
    if missing:
        raise UserError(
            f"{folder}: {len(missing)} cases have no graph, the first is {missing[0]}. "
            "Run `retia graph` for this folder again."
        )
    graphs = {c.id: to_hetero_data(opened.read(c.id)) for c in track(cases, "reading graphs")}
    return cases, graphs
