"""`--pack`: a cohort as Parquet files that `datasets.load_dataset` opens with images.

In:  an assembled cohort.
Out: `data/<split>-00000.parquet`, each of at most 500 eyes: the columns of `metadata.jsonl`, the
     bytes of image, vessel mask and FAZ mask, and metadata that say which columns are images.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.records.cohort import METADATA
from retia.records.jsonl import iterate_jsonl
from retia.runs import Step

if TYPE_CHECKING:
    import pyarrow as pa

PACKED_EYES = 500
IMAGES = {"image": "images", "vessels": "vessels", "faz": "faz"}


def pack(step: Step, splits: Iterable[str]) -> None:
    """Write the Parquet files of every split; one eye is held in memory at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = packed_schema()
    for split in sorted(splits):
        for shard, cases in enumerate(_batches(step.out, split)):
            with (
                step.new_file(f"data/{split}-{shard:05d}.parquet") as part,
                # Masks and images are compressed already.
                pq.ParquetWriter(part, schema, compression="snappy") as writer,
            ):
                for start in range(0, len(cases), 50):
                    rows = [_row(step.out, case) for case in cases[start : start + 50]]
                    writer.write_table(pa.Table.from_pylist(rows, schema))


def packed_schema() -> "pa.Schema":
    """Columns of a packed cohort, the same for every cohort, with the features for `datasets`."""
    import pyarrow as pa

    from retia.taxonomy import read_vocabulary

    text, real = pa.string(), pa.float64()
    picture = pa.struct([("bytes", pa.binary()), ("path", text)])
    keys = sorted({k for kind in read_vocabulary("octa").kinds.values() for k in kind.values})
    finding = pa.struct(
        [
            ("id", text),
            ("kind", text),
            ("source", text),
            ("severity", text),
            ("box_px", pa.list_(real)),
            ("mask", text),
            ("zone", pa.struct([("ring", text), ("quadrant", text), ("clock", pa.int64())])),
            ("values", pa.struct([(key, real) for key in keys])),
            ("attributes", pa.string()),
            ("evidence", pa.list_(text)),
        ]
    )
    measure = pa.struct([("name", text), ("value", real), ("source", text), ("unit", text)])
    names = ("id", "group", "split", "modality", "laterality", "stage", "grade")
    fields = [
        *((name, picture) for name in IMAGES),
        *((name, text) for name in names),
        ("mm_per_px", real),
        ("looked_for", pa.list_(text)),
        ("measures", pa.list_(measure)),
        ("findings", pa.list_(finding)),
    ]
    features = {n: {"_type": "Image"} if n in IMAGES else _feature(t) for n, t in fields}
    said = json.dumps({"info": {"features": features}})
    return pa.schema(fields, metadata={"huggingface": said})


def _feature(kind: Any) -> Any:
    """An Arrow type in the words of `datasets`."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type), "_type": "List"}
    names = {"double": "float64"}
    return {"dtype": names.get(str(kind), str(kind)), "_type": "Value"}


def _batches(out: Path, split: str) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for _, case in iterate_jsonl(out / METADATA):
        if case["split"] == split:
            batch.append(case)
            if len(batch) == PACKED_EYES:
                yield batch
                batch = []
    if batch:
        yield batch


def _row(out: Path, case: dict[str, Any]) -> dict[str, Any]:
    findings = [
        finding | {"attributes": json.dumps(finding.get("attributes", {}), sort_keys=True)}
        for finding in case.get("findings", ())
    ]
    pictures = {
        name: {"bytes": (out / path).read_bytes(), "path": f"{case['id']}.png"}
        for name, path in ((n, f"{folder}/{case['id']}.png") for n, folder in IMAGES.items())
    }
    return case | pictures | {"findings": findings}
