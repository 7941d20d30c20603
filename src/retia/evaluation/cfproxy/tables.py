"""The protocol as files for other programs: the source's fields first, ours after them.

In:  a `Cfproxy`.
Out: `cfproxy.jsonl` and `cfproxy.csv` (one row a question), `cfproxy_replies.jsonl` (one row a
question and wording), `cfproxy.json` (all numbers).
"""

import csv
import json
from pathlib import Path
from typing import Any

from retia.atomic import atomic_file
from retia.evaluation.cfproxy.numbers import Cfproxy
from retia.evaluation.cfproxy.replies import Reply
from retia.evaluation.cfproxy.rows import ProxyRow
from retia.evaluation.plan.blind import gold_text
from retia.runs.step import write_json

SOURCE_FIELDS = (
    *("image_path", "question", "gold", "valid_json", "answer_correct", "caption"),
    *("delta_cf_roi", "delta_cf_rand"),
)
"""As the source names them, in its order; every row has them all, null where not measured."""


def write_tables(found: Cfproxy, out: Path) -> None:
    """Write all tables of the protocol to a folder."""
    rows = [row_fields(row, found.folder) for row in found.rows]
    _write_lines(out / "cfproxy.jsonl", rows)
    with atomic_file(out / "cfproxy.csv") as part, part.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else SOURCE_FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    replies = [reply_fields(r) for said in found.replies.values() for r in said]
    _write_lines(out / "cfproxy_replies.jsonl", replies)
    write_json(out / "cfproxy.json", found.summary())


def row_fields(row: ProxyRow, images: Path) -> dict[str, Any]:
    """One row of the table, plain values only; `image_path` lies below `images`.

    `answer_correct` is the convention of the source's notebooks; `answer_correct_strict` is ours.
    """
    reply, flips = row.reply, row.flips
    return {
        "image_path": str(images / reply.item.case.file_name),
        "question": reply.question,
        "gold": gold_text(reply.item.gold),
        "valid_json": reply.answer is not None,
        "answer_correct": reply.right["source"],
        "caption": reply.caption,
        "delta_cf_roi": _rounded(row.delta_roi),
        "delta_cf_rand": _rounded(row.delta_rand),
        "delta_kind": row.delta_kind,
        "region_source": row.region_source,
        "box_px": None if row.box_px is None else json.dumps([round(e, 2) for e in row.box_px]),
        "unmeasured": row.unmeasured,
        "flip_roi": flips and flips.roi,
        "flip_rand": flips and flips.rand,
        "flip_noise": flips and flips.noise,
        "unflipped": row.unflipped,
        "answer": reply.read.said,
        "answer_correct_strict": reply.right["strict"],
        "answer_correct_first_character": reply.right["first_character"],
        "caption_question": round(reply.confidence, 6),
        "prompt": reply.protocol,
        "case": reply.item.case.id,
        "group": reply.item.case.group,
        "question_kind": reply.item.question_kind,
        "trouble": reply.trouble,
    }


def reply_fields(reply: Reply) -> dict[str, Any]:
    """One reply under one wording, as it came."""
    return {
        "prompt": reply.protocol,
        "case": reply.item.case.id,
        "question": reply.question,
        "text": reply.read.text,
        "valid_json": reply.answer is not None,
        "has_box": reply.has_box,
        **{f"right_{name}": right for name, right in reply.right.items()},
        "trouble": reply.trouble,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    with atomic_file(path) as part:
        text = "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
        part.write_text(text, encoding="utf-8")
