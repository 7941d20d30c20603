"""Questions however a data set is stored: JSON files, Parquet, a `save_to_disk` folder, a hub id.

In:  a folder, or the id of a data set on the hub such as `owner/name`, which is not a folder here.
Out: rows with their published split; pictures that lie inside of the rows are written out.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retia.errors import UserError
from retia.sources.imported import read_json

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
OFFICIAL = {"train": "train", "val": "validation", "test": "test"}
"""How the name of a part begins, and which official split it holds."""
SUFFIXES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"BM": ".bmp", b"II*\0": ".tif"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file or one split of a data set."""

    name: str
    """For errors; rows are counted from 1."""
    split: str | None
    rows: Iterable[Any]


def is_hub_id(source: Path) -> bool:
    """Whether a source is no path here but has the form of a hub id."""
    return not Path(source).exists() and HUB_ID.fullmatch(str(source)) is not None


def inputs_of(source: Path) -> dict[str, Path]:
    """What a step reads from a source on this machine."""
    return {} if is_hub_id(source) else {"source": source}


def read_parts(source: Path) -> list[Part]:
    """All parts of a data set; rows are read when they are asked for.

    Raises:
        UserError: If there is none, or the hub does not have it.
    """
    if is_hub_id(source):
        return _hub(str(source))
    if (source / "dataset_dict.json").is_file() or (source / "state.json").is_file():
        return _saved(source)
    if files := sorted(source.glob("*.json")):
        return [Part(name=str(f), split=split_named(f.stem), rows=_rows(f)) for f in files]
    if files := sorted(source.rglob("*.parquet")):
        return [Part(name=str(f), split=split_named(f.stem), rows=_parquet(f)) for f in files]
    raise UserError(
        f"{source} holds no JSON file, no Parquet file and no `save_to_disk` folder. Expected the "
        "questions there."
    )


def split_named(name: str) -> str | None:
    """The official split that the name of a file or a part begins with."""
    return next((split for begin, split in OFFICIAL.items() if name.startswith(begin)), None)


def _rows(path: Path) -> list[Any]:
    rows = read_json(path)
    if not isinstance(rows, list):
        raise UserError(f"{path} holds {type(rows).__name__}, expected a list of questions.")
    return rows


def _parquet(path: Path) -> Iterator[Any]:
    import pyarrow
    import pyarrow.parquet

    try:
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(batch_size=64):
            yield from batch.to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(f"{path} is no valid Parquet file ({error}).") from None


def _saved(source: Path) -> list[Part]:
    import datasets

    try:
        return _parts(datasets.load_from_disk(str(source)), str(source))
    except (OSError, ValueError) as error:
        raise UserError(f"{source} is no whole `save_to_disk` folder ({error}).") from None


def _hub(name: str) -> list[Part]:
    import datasets

    try:
        return _parts(datasets.load_dataset(name), name)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"{name} is no folder here and cannot be loaded from the hub ({reason}). Expected a "
            "folder, or the id of a data set that this machine can reach."
        ) from None


def _parts(data: Any, name: str) -> list[Part]:
    """The splits of a `datasets` object; pictures stay bytes."""
    import datasets

    named = data.items() if hasattr(data, "items") else [("", data)]
    parts = []
    for split, rows in named:
        for column, feature in rows.features.items():
            if isinstance(feature, datasets.Image):
                rows = rows.cast_column(column, datasets.Image(decode=False))
        where = f"{name}, {split}" if split else name
        parts.append(Part(name=where, split=split_named(split), rows=rows))
    return parts


def picture_inside(row: dict[str, Any], folder: Path) -> str | None:
    """Write out the picture that lies in a row, named by its content.

    Args:
        row: With `image` as `{"bytes": ..., "path": ...}`, as `datasets` stores pictures.
        folder: Where `images/` is made.

    Returns:
        Its path relative to the folder; None where the row holds no picture.
    """
    image = row.get("image")
    data = image.get("bytes") if isinstance(image, dict) else None
    if not isinstance(data, bytes):
        return None
    ending = next((e for begin, e in SUFFIXES.items() if data.startswith(begin)), ".img")
    name = f"images/{hashlib.sha256(data).hexdigest()[:16]}{ending}"
    if not (folder / name).is_file():
        from retia.atomic import atomic_file

        (folder / "images").mkdir(parents=True, exist_ok=True)
        with atomic_file(folder / name) as part:
            part.write_bytes(data)
    return name
