"""The graphs of many images in one folder, read and written one image at a time.

Each image is a row group of its own in every table, so that a cohort of any size passes through a
few megabytes of memory. Tables that other tools wrote in larger row groups are read too.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from retia.atomic import atomic_file
from retia.errors import UserError
from retia.records.graph import TABLES, VesselGraph, check_finite, open_table

GEOMETRY = ("polyline_px", "runs_px")
"""List columns that are needed for drawing only; they are most of the bytes."""


def write_graphs(folder: Path, graphs: Iterable[VesselGraph]) -> dict[str, int]:
    """Write the graphs of many images, in the order given, atomically.

    Args:
        folder: Where the four tables go.
        graphs: One an image; read lazily.

    Returns:
        Rows per table.
    """
    rows: dict[str, int] = {name: 0 for name in TABLES}
    with ExitStack() as stack:
        parts = {n: stack.enter_context(atomic_file(folder / f"{n}.parquet")) for n in TABLES}
        writers: dict[str, Any] = {}
        for graph in graphs:
            for name in TABLES:
                table = getattr(graph, name).to_arrow(compat_level=pl.CompatLevel.oldest())
                if name not in writers:
                    writer = pq.ParquetWriter(parts[name], table.schema, compression="zstd")
                    writers[name] = stack.enter_context(writer)
                writers[name].write_table(table.cast(writers[name].schema))
                rows[name] += table.num_rows
        if not writers:
            raise UserError(f"{folder}: there is no graph to write.")
        for writer in writers.values():
            writer.close()
    return rows


class GraphFolder:
    """A folder of graphs, opened for reading image by image."""

    def __init__(self, folder: Path, geometry: bool = True) -> None:
        """Open the four tables.

        Args:
            folder: As `retia graph` wrote it.
            geometry: Whether to read polylines and runs too.

        Raises:
            UserError: If a table is missing or damaged.
        """
        self.tables = {name: _Table(folder / f"{name}.parquet", geometry) for name in TABLES}

    def cases(self) -> list[str]:
        """Ids of the images, sorted."""
        return sorted(self.tables["faz"].places)

    def read(self, case: str) -> VesselGraph:
        """Read and check the graph of one image.

        Raises:
            UserError: If there is none, or it holds a number that is not finite.
        """
        if case not in self.tables["faz"].places:
            path = self.tables["faz"].path
            raise UserError(f"{path} holds no case {case}. Run `retia graph` for it again.")
        return VesselGraph(*(self.tables[name].read(case) for name in TABLES))

    def __iter__(self) -> Iterator[tuple[str, VesselGraph]]:
        """Yield (case id, graph) in the order of the ids."""
        for case in self.cases():
            yield case, self.read(case)


class _Table:
    """One Parquet file and where in it each case lies."""

    def __init__(self, path: Path, geometry: bool) -> None:
        self.path = path
        self.file = open_table(path)
        names = self.file.schema_arrow.names
        self.columns = [n for n in names if geometry or n not in GEOMETRY]
        self.places: dict[str, list[int]] = {}
        for group in range(self.file.num_row_groups):
            for case in self._cases_of(group, names.index("case")):
                self.places.setdefault(case, []).append(group)

    def _cases_of(self, group: int, column: int) -> list[str]:
        statistics = self.file.metadata.row_group(group).column(column).statistics
        if statistics is not None and statistics.has_min_max and statistics.min == statistics.max:
            return [str(statistics.min)]
        cases = self.file.read_row_group(group, ["case"])["case"]
        return sorted(set(cases.to_pylist()))

    def read(self, case: str) -> pl.DataFrame:
        groups = self.places.get(case)
        if groups is None:
            empty = self.file.schema_arrow.empty_table().select(self.columns)
            return pl.DataFrame(pl.from_arrow(empty))
        table = pl.DataFrame(pl.from_arrow(self.file.read_row_groups(groups, self.columns)))
        table = table.filter(pl.col("case") == case)
        check_finite(table, self.path)
        return table
