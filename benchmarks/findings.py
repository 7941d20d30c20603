"""Findings from attribution against the simulator's truth: precision, recall, F1, and places.

`python -m benchmarks.findings --attributed DIR --cohort DIR [--out DIR]`; held-out eyes only. Told
and true findings are compared as sets of (eye, kind, quadrant); the FAZ has no quadrant. Intervals
resample patients.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import numpy as np

from retia.attribution.findings import LOOKED_FOR
from retia.claims.boxes import overlap_of_smaller
from retia.records import Case, read_cases
from retia.statistics import bootstrap_interval

OVERLAP = 0.3
"""A box is in its place when it overlaps a true one of its kind by this share of the smaller."""


def places(case: Case, kind: str) -> set[str]:
    """The quadrants in which a case has findings of a kind."""
    return {(f.zone.quadrant or "") if f.zone else "" for f in case.findings if f.kind == kind}


def counted(told: Case, true: Case, kind: str) -> tuple[int, int, int]:
    """Places that are both, only told, only true."""
    said, real = places(told, kind), places(true, kind)
    return len(said & real), len(said - real), len(real - said)


def in_place(told: Case, true: Case, kind: str) -> tuple[int, int]:
    """Told findings of a kind whose box lies on a true one, and all of them."""
    boxes = [f.box_px for f in true.findings if f.kind == kind and f.box_px]
    said = [f.box_px for f in told.findings if f.kind == kind and f.box_px]
    hits = sum(any(overlap_of_smaller(b, other) > OVERLAP for other in boxes) for b in said)
    return hits, len(said)


def f1(both: np.ndarray, wrong: np.ndarray, missed: np.ndarray) -> float:
    """F1 of counts summed over eyes."""
    return float(2 * both.sum() / max(2 * both.sum() + wrong.sum() + missed.sum(), 1))


def measure(attributed: Path, cohort: Path, seed: int = 0) -> dict[str, object]:
    """Precision, recall, F1 and share of boxes in place, by kind and over kinds."""
    truth = {c.id: c for c in read_cases(cohort) if c.split == "test"}
    told = [c for c in read_cases(attributed) if c.id in truth]
    kinds = sorted({f.kind for c in truth.values() for f in c.findings} | set(LOOKED_FOR))
    rows: dict[str, object] = {}
    table = np.zeros((len(kinds), len(told), 3), int)
    for i, kind in enumerate(kinds):
        table[i] = [counted(case, truth[case.id], kind) for case in told]
        both, wrong, missed = (int(v) for v in table[i].sum(axis=0))
        boxes = Counter()
        for case in told:
            hits, said = in_place(case, truth[case.id], kind)
            boxes.update(hits=hits, said=said)
        rows[kind] = {
            "precision": both / max(both + wrong, 1),
            "recall": both / max(both + missed, 1),
            "f1": f1(*(table[i, :, j] for j in range(3))),
            "boxes_in_place": boxes["hits"] / max(boxes["said"], 1),
            "true_places": both + missed,
        }
    groups = [c.group for c in told]
    asked = np.isin(kinds, LOOKED_FOR)
    for name, chosen in (("all kinds", np.ones(len(kinds), bool)), ("looked for", asked)):
        sums = [table[chosen, :, j].sum(axis=0) for j in range(3)]
        interval = bootstrap_interval(f1, sums, groups, seed=seed)
        rows[name] = {"f1": interval.estimate, "low": interval.low, "high": interval.high}
    return {"eyes": len(told), "patients": len(set(groups)), "kinds": rows}


def as_table(found: dict) -> str:
    """The figures as a markdown table."""
    lines = ["| kind | precision | recall | F1 | boxes in place | true places |"]
    lines.append("|---|---|---|---|---|---|")
    for kind, row in found["kinds"].items():
        if "precision" in row:
            numbers = (row[k] for k in ("precision", "recall", "f1", "boxes_in_place"))
            cells = [kind.replace("_", " "), *(f"{v:.2f}" for v in numbers), row["true_places"]]
        else:
            cells = [kind, "", "", f"**{row['f1']:.3f}** [{row['low']:.3f}, {row['high']:.3f}]"]
            cells += ["", ""]
        lines.append("| " + " | ".join(str(c) for c in cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the table of a finished run, and write `findings.json` where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attributed", type=Path, default=Path("runs/quickstart/attributed"))
    parser.add_argument("--cohort", type=Path, default=Path("runs/quickstart/cohort"))
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    found = measure(args.attributed, args.cohort)
    print(as_table(found))
    print(f"{found['eyes']} held-out eyes of {found['patients']} patients")
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "findings.json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
