"""How reports, letters and dictations put it: every sentence is read as it is meant.

The sentences of `report_language.jsonl` were invented while the extractor was made: they say what
it can, not how well it does. That is measured on `foreign/`.
"""

import json
from pathlib import Path

import pytest

from retia.claims import extract

FILE = Path(__file__).parent / "report_language.jsonl"
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
"""Of each sentence: its claims as kinds, a denied one with a minus before it."""
MODALITIES = sorted({row["modality"] for row in ROWS})


@pytest.mark.parametrize("modality", MODALITIES)
def test_is_read_as_it_is_meant(modality):
    wrong = {}
    for row in ROWS:
        if row["modality"] == modality:
            claims = extract(row["text"], modality)
            said = {c.kind if c.polarity else f"-{c.kind}" for c in claims}
            if said != set(row["claims"]):
                wrong[row["text"]] = said
    assert wrong == {}


HEDGED = (
    "Query NVE nasally.",
    "Microaneurysm not excluded.",
    "Cannot exclude an early microaneurysm.",
    "Appearances in keeping with capillary closure.",
    "IRMA versus flat neovascularization.",
)


@pytest.mark.parametrize("text", HEDGED)
def test_a_hedge_is_kept(text):
    claims = extract(text)
    assert claims
    assert all(c.hedged and c.polarity for c in claims)


SIDES = {
    "Small left pleural effusion, no pneumothorax on the right.": {"left", "right"},
    "Bilateral effusions.": {"bilateral"},
    "Right-sided effusion and a nodule in the left upper lobe.": {"right", "left"},
    "A nodule is seen.": {None},
}


@pytest.mark.parametrize("text", SIDES)
def test_sides_of_the_body(text):
    assert {c.side for c in extract(text, "radiology")} == SIDES[text]


def test_sides_are_no_places_of_the_retina_and_the_other_way_round():
    assert {c.side for c in extract("Dropout is seen in the superior-left quadrant.")} == {None}
    assert {c.zone for c in extract("Nodule in the left upper lobe.", "radiology")} == {None}
