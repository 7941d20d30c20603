"""The simulator's graph file: one segment a row, as OCTA-autosegmentation writes and reads it.

In and out: CSV with the columns ``node1,node2,radius`` (Kreitner et al., TMI 2024). A node is
``[x y z]`` in units of the field's side, x down and y to the right; node1 is downstream of node2.
"""

import csv
from pathlib import Path

import numpy as np

from retia.atomic import atomic_file
from retia.errors import UserError
from retia.synthesis.vessels import ARTERY, BRIDGE, VEIN, Vessels

COLUMNS = ("node1", "node2", "radius")


def write_graph_csv(path: Path, vessels: Vessels, field_mm: float) -> None:
    """Write the segments; arteries first, as readers of such files expect.

    Args:
        path: File to write.
        vessels: Segments. A bridge that joins a vessel ends at a node of that vessel.
        field_mm: Side of the field.
    """
    up = vessels.parent
    top = np.where(up >= 0, vessels.depth_mm[up], vessels.depth_mm)
    end = np.column_stack([vessels.end_mm[:, ::-1], vessels.depth_mm]) / field_mm
    start = np.column_stack([vessels.start_mm[:, ::-1], top]) / field_mm
    node = "[{:.10f} {:.10f} {:.10f}]".format
    with atomic_file(path) as part, part.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for s in np.argsort(vessels.kind, kind="stable"):
            radius = float(vessels.radius_mm[s] / field_mm)
            writer.writerow([node(*end[s]), node(*start[s]), repr(radius)])


def read_graph_csv(path: Path, field_mm: float = 3.0, arteries: int | None = None) -> Vessels:
    """Read such a file.

    The file does not tell arteries from veins: the first trees are taken for arterial, as the
    published simulator writes them. A row that ends where an earlier one ended is a bridge.

    Args:
        path: File to read.
        field_mm: Side of the field.
        arteries: Number of arterial trees; half of all if absent.

    Returns:
        Segments, parents before children.

    Raises:
        UserError: If the file is no such CSV.
    """
    ends, starts, radii = _rows(path)
    row_of: dict[tuple[float, ...], int] = {}
    joins = np.full(len(radii), -1, np.int32)
    for s, end in enumerate(ends):
        first = row_of.setdefault(end, s)
        if first != s:
            joins[s] = first
    parent = np.array([row_of.get(start, -1) for start in starts], np.int32)
    depth = _levels(parent, path)
    order = np.argsort(depth, kind="stable")
    roots = np.flatnonzero(parent < 0)
    held = len(roots) // 2 if arteries is None else arteries
    kind = np.where(np.isin(np.arange(len(radii)), roots[:held]), ARTERY, VEIN).astype(np.uint8)
    for s in order:
        if parent[s] >= 0:
            kind[s] = kind[parent[s]]
    kind[joins >= 0] = BRIDGE
    number = np.append(np.argsort(order), -1).astype(np.int32)
    place, begin = np.array(ends) * field_mm, np.array(starts) * field_mm
    return Vessels(
        start_mm=begin[order][:, 1::-1],
        end_mm=place[order][:, 1::-1],
        radius_mm=np.array(radii)[order] * field_mm,
        depth_mm=place[order, 2],
        parent=number[parent[order]],
        kind=kind[order],
        joins=number[joins[order]],
    )


def _rows(path: Path) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]], list[float]]:
    ends, starts, radii = [], [], []
    with Path(path).open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        if tuple(next(reader, ())) != COLUMNS:
            raise UserError(f"{path} does not begin with `{','.join(COLUMNS)}`, as a graph must.")
        for number, row in enumerate(reader, 2):
            try:
                end, start, radius = row
                ends.append(_node(end))
                starts.append(_node(start))
                radii.append(float(radius))
            except ValueError:
                raise UserError(
                    f"{path}, line {number}: `{','.join(row)[:60]}` is no segment. "
                    "Expected `[x y z],[x y z],radius`."
                ) from None
    if not radii:
        raise UserError(f"{path} holds no segment.")
    return ends, starts, radii


def _node(text: str) -> tuple[float, ...]:
    x, y, z = (float(part) for part in text.strip().strip("[]").split())
    return x, y, z


def _levels(parent: np.ndarray, path: Path) -> np.ndarray:
    """How many segments lie upstream of each.

    Raises:
        UserError: If segments feed each other in a circle.
    """
    level = np.where(parent < 0, 0, -1)
    for depth in range(len(parent) + 1):
        below = (level < 0) & (level[parent] == depth)
        if not below.any():
            break
        level[below] = depth + 1
    if (level < 0).any():
        raise UserError(f"{path}: {int((level < 0).sum())} segments hang from no root.")
    return level
