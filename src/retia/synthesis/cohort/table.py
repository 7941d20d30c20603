"""Tables from which an eye can be drawn again without growing it.

In:  `Eye`; or a cohort folder and the id of an eye.
Out: three tables an eye; `StoredEye`.

A cohort keeps them in `graphs/`, in shards of 500 eyes: `segments-00000.parquet` (one row group an
eye, so that one eye can be read alone), `sacs-00000.parquet` and `eyes-00000.parquet`. Lengths are
32-bit floats, and vessels are drawn from numbers that 32 bits hold: what is read back is what was
drawn, to the last bit.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retia.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

    from retia.synthesis.eye import Eye
    from retia.synthesis.faz import Faz
    from retia.synthesis.vessels import Vessels

TABLES = ("segments", "sacs", "eyes")
FOLDER = "graphs"
SHARD_EYES = 500


@dataclass(frozen=True)
class StoredEye:
    """An eye as its tables hold it.

    Attributes:
        vessels: All segments, those that lesions took away and added included, ``S`` rows.
        there: Segments that are there, bool ``(S,)``.
        added_by: Finding that added a segment, or None, ``(S,)``.
        blobs: Sacs, ``(N, 3)`` as ``(x, y, radius)`` in mm.
        blob_findings: Finding each sac belongs to, ``N`` ids.
        faz: Outline of the avascular zone.
        seed: Seed of the eye; its noise follows from it.
        image_px: Side of the image.
        mm_per_px: Scale.
    """

    vessels: "Vessels"
    there: np.ndarray
    added_by: np.ndarray
    blobs: np.ndarray
    blob_findings: tuple[str, ...]
    faz: "Faz"
    seed: int
    image_px: int
    mm_per_px: float

    def drawn(self) -> "tuple[Vessels, np.ndarray]":
        """The segments that are there, and the sacs, as `Eye.drawn` has them."""
        from retia.synthesis.vessels import selected

        return selected(self.vessels, self.there), self.blobs


def shard_of(id: str) -> int:
    """Number of the shard that holds an eye."""
    return int(id) // SHARD_EYES


def shard_path(table: str, shard: int) -> str:
    """Path of a shard inside a cohort."""
    return f"{FOLDER}/{table}-{shard:05d}.parquet"


def tables_of(eye: "Eye", id: str, seed: int, findings: Sequence[str]) -> "dict[str, pa.Table]":
    """The tables of one eye.

    Args:
        eye: The eye.
        id: Its id.
        seed: Its seed.
        findings: Id of the finding of each lesion.

    Returns:
        By name, as in `TABLES`.
    """
    import pyarrow as pa

    from retia.synthesis.pathology import with_lesions
    from retia.synthesis.vessels import stored

    vessels, there, _ = with_lesions(eye.healthy, eye.lesions)
    v = stored(vessels)
    added_by = [None] * len(eye.healthy)
    for lesion, finding in zip(eye.lesions, findings, strict=True):
        added_by += [finding] * (0 if lesion.added is None else len(lesion.added))
    sacs = [(f, blob) for le, f in zip(eye.lesions, findings, strict=True) for blob in le.blobs]
    blobs = np.array([blob for _, blob in sacs]).reshape(-1, 3)
    columns = {
        "segments": {
            "id": np.arange(len(v), dtype=np.int32),
            "parent": v.parent.astype(np.int32),
            "joins": v.joins.astype(np.int32),
            "kind": v.kind.astype(np.uint8),
            "start_x_mm": np.float32(v.start_mm[:, 0]),
            "start_y_mm": np.float32(v.start_mm[:, 1]),
            "end_x_mm": np.float32(v.end_mm[:, 0]),
            "end_y_mm": np.float32(v.end_mm[:, 1]),
            "depth_mm": np.float32(v.depth_mm),
            "radius_mm": np.float32(v.radius_mm),
            "lost": ~there,
            "added_by": pa.array(added_by, pa.string()),
        },
        "sacs": {
            "finding": pa.array([f for f, _ in sacs], pa.string()),
            "x_mm": np.float32(blobs[:, 0]),
            "y_mm": np.float32(blobs[:, 1]),
            "radius_mm": np.float32(blobs[:, 2]),
        },
        "eyes": {
            "seed": pa.array([seed], pa.int64()),
            "image_px": pa.array([eye.image_px], pa.int32()),
            "mm_per_px": [eye.mm_per_px],
            "faz_x_mm": [float(eye.faz.center_mm[0])],
            "faz_y_mm": [float(eye.faz.center_mm[1])],
            "faz_rim_mm": pa.array([eye.faz.rim_mm.tolist()], pa.list_(pa.float64())),
        },
    }
    rows = {"segments": len(v), "sacs": len(sacs), "eyes": 1}
    return {
        name: pa.table({"case": pa.array([id] * rows[name], pa.string())} | own)
        for name, own in columns.items()
    }


def write_table(path: Path, tables: "Iterable[pa.Table]") -> None:
    """Write tables as one file with a row group each, holding one of them at a time."""
    import pyarrow.parquet as pq

    rest = iter(tables)
    first = next(rest)
    # Bytes of floats of one kind compress well beside each other; numbers of segments as steps.
    lengths = [n for n in first.column_names if n.endswith("_mm") and n != "faz_rim_mm"]
    numbers = [n for n in ("id", "parent", "joins") if n in first.column_names]
    encodings = dict.fromkeys(lengths, "BYTE_STREAM_SPLIT")
    encodings |= dict.fromkeys(numbers, "DELTA_BINARY_PACKED")
    options: Any = {
        "compression": "zstd",
        "use_dictionary": [n for n in first.column_names if n in ("case", "kind", "added_by")],
        "column_encoding": encodings,
    }
    with pq.ParquetWriter(path, first.schema, **options) as writer:
        for table in itertools.chain([first], rest):
            writer.write_table(table, row_group_size=max(1, len(table)))


def read_eye(folder: Path, id: str) -> "tuple[Vessels, np.ndarray]":
    """Read the vessels and sacs of one eye of a cohort, as they are drawn.

    Args:
        folder: A cohort that `retia grow` wrote.
        id: Id of the eye.

    Returns:
        The segments that are there, and sacs ``(N, 3)`` as ``(x, y, radius)`` in mm.

    Raises:
        UserError: If the folder holds no such eye.
    """
    return read_stored_eye(folder, id).drawn()


def read_stored_eye(folder: Path, id: str) -> StoredEye:
    """Read all that the tables of a cohort hold of one eye.

    Raises:
        UserError: If the folder holds no such eye.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from retia.synthesis.faz import Faz
    from retia.synthesis.vessels import Vessels

    if not (folder / FOLDER).is_dir():
        raise UserError(f"{folder} holds no {FOLDER}/. Expected a cohort written by `retia grow`.")
    shard = shard_of(id) if id.isdecimal() else -1
    paths = {name: folder / shard_path(name, shard) for name in TABLES}
    eyes = pq.read_table(paths["eyes"]) if paths["eyes"].is_file() else None
    at = -1 if eyes is None else pc.index(eyes["case"], id).as_py()
    if eyes is None or at < 0:
        raise UserError(f"{folder / FOLDER} holds no eye {id!r}. Expected the id of a grown eye.")
    eye = eyes.slice(at, 1).to_pylist()[0]
    rows = pq.ParquetFile(paths["segments"]).read_row_group(at)
    sacs = pq.read_table(paths["sacs"], filters=[("case", "=", id)])

    def points(table: Any, *names: str) -> np.ndarray:
        return np.stack([table[n].to_numpy().astype(np.float64) for n in names], axis=1)

    vessels = Vessels(
        start_mm=points(rows, "start_x_mm", "start_y_mm"),
        end_mm=points(rows, "end_x_mm", "end_y_mm"),
        radius_mm=rows["radius_mm"].to_numpy().astype(np.float64),
        depth_mm=rows["depth_mm"].to_numpy().astype(np.float64),
        parent=rows["parent"].to_numpy(),
        kind=rows["kind"].to_numpy(),
        joins=rows["joins"].to_numpy(),
    )
    return StoredEye(
        vessels=vessels,
        there=~rows["lost"].to_numpy(),
        added_by=np.array(rows["added_by"].to_pylist(), dtype=object),
        blobs=points(sacs, "x_mm", "y_mm", "radius_mm"),
        blob_findings=tuple(sacs["finding"].to_pylist()),
        faz=Faz(np.array([eye["faz_x_mm"], eye["faz_y_mm"]]), np.array(eye["faz_rim_mm"])),
        seed=eye["seed"],
        image_px=eye["image_px"],
        mm_per_px=eye["mm_per_px"],
    )
