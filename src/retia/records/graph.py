"""The vessel graph of one image: vessel segments, intercapillary areas, FAZ, how they touch.

On disk one folder holds the graphs of many images, in four Parquet tables with a `case` column:
`segments`, `areas`, `faz`, `relations`. Polylines are list columns, in pixels.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from retia.atomic import atomic_file
from retia.errors import UserError

TABLES = ("segments", "areas", "faz", "relations")

NODE_TYPES = ("segment", "area", "faz")
"""Node types in the order in which their ids are counted; ids count from 0 per type and case."""

RELATIONS = (
    ("segment", "meets", "segment"),
    ("area", "borders", "area"),
    ("segment", "touches", "area"),
    ("segment", "touches", "faz"),
    ("faz", "borders", "area"),
    ("faz", "is", "faz"),
)
"""The six relations of Lux et al. (arXiv 2502.16697): (source type, name, target type)."""


@dataclass(frozen=True)
class VesselGraph:
    """Tables of one image (or, stacked, of many), one row a node or a relation.

    Columns every node table has: `case` (text), `id` (int, counts from 0 per case). Tables:

    - `segments`: one row a vessel segment; `polyline_px` is a list of `[row, col]` points.
    - `areas`: one row an intercapillary area.
    - `faz`: exactly one row a case; `area_mm2` is 0 where none was found.
    - `relations`: `case, kind, source, target`; `kind` is `segment-segment` and so on.
    """

    segments: pl.DataFrame
    areas: pl.DataFrame
    faz: pl.DataFrame
    relations: pl.DataFrame

    def cases(self) -> list[str]:
        """Ids of the images, sorted."""
        return sorted(self.faz["case"].to_list())

    def split(self) -> Iterator[tuple[str, "VesselGraph"]]:
        """Yield (case id, its graph) in the order of the ids."""
        parts = [
            {key[0]: part for key, part in table.partition_by("case", as_dict=True).items()}
            for table in (self.segments, self.areas, self.faz, self.relations)
        ]
        tables = (self.segments, self.areas, self.faz, self.relations)
        for case in self.cases():
            yield (
                case,
                VesselGraph(*(p.get(case, t.clear()) for p, t in zip(parts, tables, strict=True))),
            )

    @classmethod
    def stack(cls, graphs: Iterable["VesselGraph"]) -> "VesselGraph":
        """Put the tables of several images under each other."""
        graphs = list(graphs)
        return cls(*(pl.concat([getattr(g, name) for g in graphs]) for name in TABLES))

    def write(self, folder: Path) -> None:
        """Write the four tables, atomically."""
        for name in TABLES:
            with atomic_file(Path(folder) / f"{name}.parquet") as part:
                getattr(self, name).write_parquet(part)

    @classmethod
    def read(cls, folder: Path) -> "VesselGraph":
        """Read and check the four tables.

        Raises:
            UserError: If a table is missing or damaged, or holds a number that is not finite.
        """
        tables = []
        for name in TABLES:
            path = Path(folder) / f"{name}.parquet"
            table = pl.DataFrame(pl.from_arrow(open_table(path).read()))
            check_finite(table, path)
            tables.append(table)
        return cls(*tables)


def open_table(path: Path) -> pq.ParquetFile:
    """Open a Parquet file.

    Raises:
        UserError: If it is missing or damaged.
    """
    if not path.is_file():
        raise UserError(
            f"{path.parent} holds no {path.name}. Expected a folder that `retia graph` wrote."
        )
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path} cannot be read as Parquet ({error}).") from None


def check_finite(table: pl.DataFrame, path: Path) -> None:
    """Refuse numbers that are not finite.

    Raises:
        UserError: Naming column, case and value.
    """
    floats = [c for c, t in table.schema.items() if t.is_float()]
    for column in floats:
        bad = table.filter(~pl.col(column).is_finite() | pl.col(column).is_null())
        if bad.height:
            raise UserError(
                f"{path}: column `{column}` of case {bad['case'][0]} is {bad[column][0]}. "
                "Every number must be finite; run `retia graph` again for that case."
            )
