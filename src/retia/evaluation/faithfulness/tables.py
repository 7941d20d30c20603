"""Rows as files for other programs: JSON Lines with everything, CSV with one line a fill."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retia.atomic import atomic_file
from retia.evaluation.faithfulness.effect_numbers import effect_of
from retia.evaluation.faithfulness.measured import ProbeRow
from retia.evaluation.faithfulness.reply_numbers import flipped
from retia.records.jsonl import to_plain

COLUMNS = (
    *("case", "group", "question_kind", "source", "scope", "region", "area_share", "right"),
    *("reason", "fill", "delta_roi", "delta_random", "effect"),
    *("asked", "flipped_removed", "flipped_random"),
)


def write_rows(path: Path, rows: Sequence[ProbeRow]) -> None:
    """Write one line a probe, with what it was about: `counterfactuals.jsonl`, atomically."""
    with atomic_file(path) as part:
        lines = (json.dumps(plain, ensure_ascii=False, allow_nan=False) for plain in _plain(rows))
        part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _plain(rows: Sequence[ProbeRow]) -> Iterator[dict[str, Any]]:
    for row in rows:
        item, region = row.probe.item, row.probe.region
        pixels = np.argwhere(region.mask)
        (top, left), (bottom, right) = pixels.min(axis=0), pixels.max(axis=0) + 1
        yield {
            "case": item.case.id,
            "group": item.case.group,
            "question": item.question,
            "question_kind": item.question_kind,
            "source": region.source,
            "scope": region.scope,
            "region": region.name,
            "kinds": list(region.kinds),
            "box_px": [int(left), int(top), int(right), int(bottom)],
            "said": row.probe.said,
            "right": row.probe.right,
            **to_plain(row.measured),
        }


def write_table(path: Path, rows: Sequence[ProbeRow]) -> None:
    """Write one line a probe and fill: `counterfactuals.csv`, atomically.

    A probe without scores has one line without a fill.
    """
    with atomic_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerows(_lines(row))


def _lines(row: ProbeRow) -> Iterator[tuple[object, ...]]:
    item, region, measured = row.probe.item, row.probe.region, row.measured
    about = (
        *(item.case.id, item.case.group, item.question_kind, region.source, region.scope),
        *(region.name, measured.area_share, row.probe.right, measured.reason),
    )
    replies = measured.asked, flipped(row, "removed"), flipped(row, "random")
    if not measured.fills:
        yield (*about, None, None, None, None, *replies)
    for fill, scores in measured.fills.items():
        delta, effect = row.delta(scores.removed), effect_of(row, scores)
        numbers = (round(value, 6) for value in (delta, delta - effect, effect))
        yield (*about, fill, *numbers, *replies)
