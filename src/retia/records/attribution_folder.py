"""The attributions of many images in one folder, read and written one image at a time.

`attributions.parquet` (one row a node), `edges.parquet` (one row a relation), `completeness.json`
(one entry an image). Each image is a row group of its own, so that a cohort of any size passes
through a few megabytes of memory.
"""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from retia.atomic import atomic_file
from retia.errors import UserError
from retia.records.attribution import Attribution

FILES = {"nodes": "attributions.parquet", "edges": "edges.parquet"}
"""Table of one image to the table of all."""
COMPLETENESS = "completeness.json"


def join_attributions(folder: Path, parts: Sequence[Path]) -> list[dict[str, Any]]:
    """Put the folders of single images together, in the order given, atomically.

    Args:
        folder: Where the three files go.
        parts: Folders of `Attribution.write`; their tables may have more columns.

    Returns:
        The entries of `completeness.json`: the summary of each image, with the error of each path
        as a share of the output difference.

    Raises:
        UserError: If there is nothing to put together.
    """
    if not parts:
        raise UserError(f"{folder}: there is no attribution to write.")
    for name, file in FILES.items():
        with ExitStack() as stack:
            target = stack.enter_context(atomic_file(folder / file))
            first = pq.read_table(parts[0] / f"{name}.parquet")
            writer = stack.enter_context(pq.ParquetWriter(target, first.schema, compression="zstd"))
            for part in parts:
                table = pq.read_table(part / f"{name}.parquet").cast(first.schema)
                writer.write_table(table, row_group_size=max(table.num_rows, 1))
    entries = [_entry(json.loads((p / "summary.json").read_text(encoding="utf-8"))) for p in parts]
    with atomic_file(folder / COMPLETENESS) as part:
        part.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
    return entries


def _entry(summary: dict[str, Any]) -> dict[str, Any]:
    """The summary with the figures of the path `features` in front, and the error of each path."""
    paths = {
        name: path | {"error": abs(path["gap"]) / max(abs(path["delta"]), 1e-12)}
        for name, path in summary["paths"].items()
    }
    main = {key: paths["features"][key] for key in ("delta", "gap", "error")}
    return {"case": summary["case"], "stage": summary["stage"]} | main | summary | {"paths": paths}


class AttributionFolder:
    """A folder of attributions, opened for reading image by image."""

    def __init__(self, folder: Path) -> None:
        """Open the three files.

        Raises:
            UserError: If one is missing.
        """
        for name in (*FILES.values(), COMPLETENESS):
            if not (folder / name).is_file():
                raise UserError(
                    f"{folder} holds no {name}. Expected a folder that `retia attribute` wrote."
                )
        entries = json.loads((folder / COMPLETENESS).read_text(encoding="utf-8"))
        self.summaries = {entry["case"]: entry for entry in entries}
        self.places = {entry["case"]: number for number, entry in enumerate(entries)}
        self.tables = {name: pq.ParquetFile(folder / file) for name, file in FILES.items()}

    def cases(self) -> list[str]:
        """Ids of the images, in their order."""
        return list(self.places)

    def read(self, case: str) -> Attribution:
        """Read the attribution of one image.

        Raises:
            UserError: If there is none.
        """
        if case not in self.places:
            raise UserError(
                f"there is no attribution of case {case} among {len(self.places)}. "
                "Run `retia attribute` for it again."
            )
        nodes, edges = (
            pl.DataFrame(pl.from_arrow(table.read_row_group(self.places[case])))
            for table in self.tables.values()
        )
        summary = self.summaries[case]
        keys = ("delta", "gap", "points")
        paths = {n: {k: p[k] for k in keys} for n, p in summary["paths"].items()}
        return Attribution.from_tables(summary | {"paths": paths}, nodes, edges)
