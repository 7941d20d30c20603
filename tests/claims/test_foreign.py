"""Sentences of other pens: what is read of them, against what their author says they claim.

See `foreign/README.md` for the rules of annotation. A half is scored over (kind, polarity) pairs,
each once a sentence, micro-averaged over all modalities; hedges, places, severities and quantities
are not scored. The development half is read while the extractor is worked on, so its score says how
well the extractor was fitted, not how well it reads. The locked half is scored and never shown.

The locked half has been scored six times:

- three times in earlier compositions. One of them gave .963 and .952 (precision and recall) while
  41 of its 133 sentences had been read; the other 92 alone gave .943 and .926;
- once as it is now: .943 and .910;
- once more as it is now, after the extractor had been mended by general rules on sentences of the
  development half and on others made up for it, none of them locked: .964 and .950;
- and once after it had been mended on 60 more sentences of its own (`test_published_styles.py`):
  .964 and .950 again.

The goal is .95 for both. Precision has reached it; recall has not for certain: its first .950 was
rounded up and lay just below. That the same sentences were scored before may flatter the last
figures a little, though only totals were seen. The 137 sentences that were added to the development
half last had been written before they were used for mending and gave .928 and .798 when they were
new; the 60 of `test_published_styles.py` gave .875 and .714.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from retia.claims import extract

FOLDER = Path(__file__).parent / "foreign"
GOAL = 0.95
"""Of precision and of recall."""
LEAST = {"development": (GOAL, GOAL), "locked": (0.944, 0.93)}
"""Precision and recall; on the locked half .02 below what was measured last."""


def scores(half):
    """Precision and recall over (kind, polarity) pairs, each once a sentence, by modality."""
    counts = Counter()
    for line in (FOLDER / f"{half}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        gold = {(c["kind"], c["polarity"]) for c in row["claims"]}
        said = {(c.kind, c.polarity) for c in extract(row["text"], row["modality"])}
        for group in (row["modality"], "all"):
            counts[group, "right"] += len(said & gold)
            counts[group, "said"] += len(said)
            counts[group, "gold"] += len(gold)
    return {
        group: (
            counts[group, "right"] / counts[group, "said"],
            counts[group, "right"] / counts[group, "gold"],
        )
        for group, what in counts
        if what == "said"
    }


@pytest.mark.parametrize("half", ["development", "locked"])
def test_precision_and_recall(half):
    found = scores(half)
    for group, (precision, recall) in found.items():
        sys.stdout.write(f"{half} {group}: precision {precision:.3f}, recall {recall:.3f}\n")
    precision, recall = found["all"]
    # Numbers only: a failure must not show a locked sentence.
    least_precision, least_recall = LEAST[half]
    assert precision >= least_precision, f"{half}: precision {precision:.3f}"
    assert recall >= least_recall, f"{half}: recall {recall:.3f}"
