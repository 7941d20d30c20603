"""Attributed findings of a finished run against the simulator's truth: precision and recall.

`python -m benchmarks.findings runs/quickstart`; held-out eyes only. A finding is true when its box
overlaps one of the same kind by more than .3 of the smaller box.
"""

import sys
from pathlib import Path

from retia.attribution.voice import LOOKED_FOR
from retia.claims.boxes import overlap_of_smaller
from retia.records import Finding, read_cases

OVERLAP = 0.3


def _met(finding: Finding, others: list[Finding]) -> bool:
    box = finding.box_px
    return box is not None and any(
        o.box_px is not None and overlap_of_smaller(box, o.box_px) > OVERLAP for o in others
    )


def main(run: Path) -> None:
    """Print precision and recall of each kind the graph's voice tells."""
    truth = {c.id: c for c in read_cases(run / "cohort") if c.split == "test"}
    told = [c for c in read_cases(run / "attributed") if c.id in truth]
    for kind in LOOKED_FOR:
        named, true, found, there = 0, 0, 0, 0
        for case in told:
            said = [f for f in case.findings if f.kind == kind]
            real = [f for f in truth[case.id].findings if f.kind == kind]
            named, true = named + len(said), true + sum(_met(f, real) for f in said)
            there, found = there + len(real), found + sum(_met(f, said) for f in real)
        print(
            f"  {kind:<20} precision {true / max(named, 1):.2f} of {named:<5} "
            f"recall {found / max(there, 1):.2f} of {there}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/quickstart"))
