"""The audit as files for other programs: JSON, CSV, JSON Lines."""

import csv
from pathlib import Path

from retia.atomic import atomic_file
from retia.claims import claims_of, judge
from retia.evaluation.audit import Audit, plain
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
        },
    )
    write_records(out / "predictions.jsonl", audit.predictions)
    with atomic_file(out / "claims.csv") as part, part.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for condition, rows in audit.rows.items():
            for row in rows:
                claims = claims_of(row.text, row.case.modality)
                for judged in judge(claims, row.case).judged:
                    c = judged.claim
                    place = (c.zone.quadrant, c.zone.ring) if c.zone else (None, None)
                    writer.writerow(
                        (
                            *(row.case.id, condition, judged.verdict, c.kind, c.polarity, c.hedged),
                            *(*place, c.severity, c.quantity, c.comparator, c.unit, c.stage),
                            " ".join(judged.evidence),
                        )
                    )
