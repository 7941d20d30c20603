"""The audit as files for other programs: JSON, CSV, JSON Lines."""

import csv
from collections.abc import Iterator
from pathlib import Path

from retia.atomic import atomic_file
from retia.claims import claims_of, judge
from retia.evaluation.audit import Audit, plain
from retia.records import Case
from retia.records.jsonl import write_records
from retia.runs.step import write_json

COLUMNS = (
    *("case", "condition", "verdict", "kind", "polarity", "hedged", "quadrant", "ring"),
    *("severity", "quantity", "comparator", "unit", "stage", "evidence"),
)


def write_tables(audit: Audit, out: Path) -> None:
    """Write `audit.json`, `claims.csv` (one row a claim) and `predictions.jsonl`."""
    write_json(
        out / "audit.json",
        {
            "summary": audit.summary(),
            "conditions": plain(audit.conditions),
            "real_minus": plain(audit.differences),
            "question_kinds": plain(audit.kinds),
            "majority": plain(audit.majority),
            "graph": plain(audit.graph),
            "questions": plain({name: own.as_json() for name, own in audit.questions.items()}),
        },
    )
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
                        *(*place, c.severity, c.quantity, c.comparator, c.unit, c.stage),
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
