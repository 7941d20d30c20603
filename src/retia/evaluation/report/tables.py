"""The audit as files for other programs: JSON, CSV, JSON Lines."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from retia.atomic import atomic_file
from retia.claims import claims_of, judge
from retia.evaluation.answers.table import write_answers
from retia.evaluation.audit import Audit
from retia.evaluation.faithfulness import write_rows, write_table
from retia.records import Case
from retia.records.jsonl import write_records
from retia.runs.step import write_json

COLUMNS = (
    *("case", "condition", "verdict", "kind", "polarity", "hedged", "quadrant", "ring"),
    *("side", "layer", "severity", "quantity", "comparator", "unit", "stage", "evidence"),
)


def write_tables(audit: Audit, numbers: dict[str, Any], out: Path) -> None:
    """Write all files but the page and the card.

    `audit.json`, `answers.csv` (one row a scored answer), `claims.csv` (one row a claim),
    `predictions.jsonl`, and `counterfactuals-<part>.jsonl` and `.csv` where regions were removed.

    Args:
        audit: What was measured.
        numbers: Of `audit.as_json()`.
        out: Folder to write into.
    """
    write_json(out / "audit.json", numbers)
    write_answers(out / "answers.csv", audit.answer_rows())
    for name, own in audit.parts.items():
        if own.probes:
            write_rows(out / f"counterfactuals-{name}.jsonl", own.probes)
            write_table(out / f"counterfactuals-{name}.csv", own.probes)
    write_records(out / "predictions.jsonl", audit.predictions)
    with atomic_file(out / "claims.csv") as part, part.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for condition, case, text in _reasoned(audit):
            for judged in judge(claims_of(text, case.modality), case).judged:
                c = judged.claim
                place = (c.zone.quadrant, c.zone.ring) if c.zone else (None, None)
                writer.writerow(
                    (
                        *(case.id, condition, judged.verdict, c.kind, c.polarity, c.hedged),
                        *(*place, c.side, c.layer, c.severity, c.quantity, c.comparator),
                        *(c.unit, c.stage),
                        " ".join(judged.evidence),
                    )
                )


def _reasoned(audit: Audit) -> Iterator[tuple[str, Case, str]]:
    """Condition, case and text of every answer whose claims are judged."""
    for condition, rows in audit.rows.items():
        for row in rows:
            yield condition, row.case, row.text
    for own in audit.questions.values():
        for voice, answers in own.rows.items():
            for answer in answers:
                if answer.agreement is not None and answer.said:
                    yield voice, answer.item.case, answer.text
