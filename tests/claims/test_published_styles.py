"""Sentences in the styles of published reports: kinds, and the details that a kind is said with.

The 60 sentences of `published_styles.jsonl` were written and annotated, by the rules of
`foreign/README.md`, without a look at the extractor, which then read them with a precision of .875
and a recall of .714 (70 of 80 claims, 70 of 98). After that four annotations that broke the rules
were mended, and the extractor was mended too, so the score below says how well it was fitted. What
it still misses are words that no vocabulary holds (`hyperdense crescent`) and far-off denials.

Beside the keys of the foreign sentences the rows have `layer`, `side` and `comparator`.
"""

import json
from pathlib import Path

import pytest

from retia.claims import extract

FILE = Path(__file__).parent / "published_styles.jsonl"
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
LEAST = (0.97, 0.9)
"""Precision and recall over (kind, polarity) pairs; .989 and .905 when last measured."""


def test_precision_and_recall():
    right = said = gold = 0
    for row in ROWS:
        true = {(c["kind"], c["polarity"]) for c in row["claims"]}
        claimed = {(c.kind, c.polarity) for c in extract(row["text"], row["modality"])}
        right, said, gold = right + len(true & claimed), said + len(claimed), gold + len(true)
    assert right / said >= LEAST[0], f"precision {right / said:.3f}"
    assert right / gold >= LEAST[1], f"recall {right / gold:.3f}"


def test_layers_sides_and_bounds_are_those_annotated():
    wrong = []
    for row in ROWS:
        claims = extract(row["text"], row["modality"])
        for true in row["claims"]:
            own = [c for c in claims if (c.kind, c.polarity) == (true["kind"], true["polarity"])]
            for key, default in (("layer", None), ("side", None), ("comparator", "=")):
                said = {getattr(c, key) for c in own}
                if own and true.get(key, default) not in said:
                    wrong.append((row["text"], key, said))
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("At least three microaneurysms are seen.", (">=", 3)),
        ("No fewer than 3 microaneurysms are seen.", (">=", 3)),
        ("MAs: >= 3.", (">=", 3)),
        ("\u2265 3 MAs.", (">=", 3)),
        ("More than three microaneurysms.", (">", 3)),
        ("MAs: >3.", (">", 3)),
        ("At most three microaneurysms.", ("<=", 3)),
        ("Up to 3 microaneurysms.", ("<=", 3)),
        ("Not more than three microaneurysms.", ("<=", 3)),
        ("Fewer than 3 microaneurysms.", ("<", 3)),
        ("About three microaneurysms.", ("~", 3)),
        ("Three microaneurysms.", ("=", 3)),
        ("Capillary density .31 in this eye.", ("=", 0.31)),
        ("Non-perfused areas exceed 2 mm\u00b2.", (">", 2)),
        # Not a number of all.
        ("Microaneurysms: 20 per quadrant.", ("=", None)),
    ],
)
def test_bounds(text: str, bound: tuple[str, float | None]):
    (claim,) = (c for c in extract(text) if c.kind != "reduced_density")
    assert (claim.comparator, claim.quantity) == bound


LAYERS = {
    "Dropout in the superficial capillary plexus.": {("superficial", True)},
    "Dropout, DCP.": {("deep", True)},
    "Dropout in the superficial and the deep slab.": {("superficial", True), ("deep", True)},
    "Neither plexus shows dropout.": {("superficial", False), ("deep", False)},
    "Dropout in the DCP but not in the SCP.": {("deep", True), ("superficial", False)},
    "Dropout of the DCP, sparing the SCP.": {("deep", True), ("superficial", False)},
    "In the deep but not in the superficial plexus there is dropout.": {
        ("deep", True),
        ("superficial", False),
    },
    "The deep plexus is not affected by dropout.": {("deep", False)},
    "No dropout in the DCP, none in the SCP.": {("deep", False), ("superficial", False)},
    "Dropout nasally in the superficial and temporally in the deep plexus.": {
        (None, True),
        ("deep", True),
        ("superficial", True),
    },
    "A deep patch of dropout is seen.": {(None, True)},
}


@pytest.mark.parametrize("text", LAYERS)
def test_layers(text: str):
    assert {(c.layer, c.polarity) for c in extract(text)} == LAYERS[text]


def test_a_layer_of_the_retina_is_none_of_a_photograph_or_the_body():
    assert {c.layer for c in extract("Superficial bleeding.", "fundus")} <= {None}
    assert {c.layer for c in extract("A nodule in the deep layer.", "radiology")} == {None}


ASKED_FOR = (
    ("Neovascularization has to be confirmed.", "octa"),
    ("Neovascularization is still to be confirmed.", "octa"),
    ("Macular oedema needs to be ruled out.", "fundus"),
    ("A tension pneumothorax must be excluded.", "radiology"),
    ("Fracture to be excluded.", "radiology"),
    ("Make sure of the critical view.", "cholecystectomy"),
    ("Before cutting, make certain that the clips are secure.", "cholecystectomy"),
    ("The suspicion of NVE requires confirmation.", "octa"),
)


@pytest.mark.parametrize(("text", "modality"), ASKED_FOR)
def test_what_is_to_be_shown_is_not_claimed(text: str, modality: str):
    assert extract(text, modality) == []


@pytest.mark.parametrize(
    ("text", "modality", "kind"),
    [
        ("There is a nodule that has to be confirmed by CT.", "radiology", "lung_nodule"),
        ("We made sure of the critical view.", "cholecystectomy", "cv_safety_met"),
        ("I would grade this eye as NPDR.", "octa", "stage"),
    ],
)
def test_what_is_there_is_claimed(text: str, modality: str, kind: str):
    assert [(c.kind, c.polarity, c.hedged) for c in extract(text, modality)] == [
        (kind, True, False)
    ]


@pytest.mark.parametrize(
    "text", ["I could not make sure of the new vessel.", "I am not certain about the tuft."]
)
def test_what_nobody_is_sure_of_is_hedged(text: str):
    (claim,) = extract(text)
    assert claim.hedged and claim.polarity
