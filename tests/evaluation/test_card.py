"""The card says what the audit holds, number for number, and what it does not hold."""

import json
from pathlib import Path

from retia.disclaimer import DISCLAIMER
from retia.evaluation.report.card import model_card, write_card
from retia.evaluation.report.card_parts import CONFIDENCE_COLUMNS, PARTS
from retia.statistics import Interval


def interval(estimate: float | None, low: float | None = None, high: float | None = None) -> dict:
    note = None if low is not None else "no interval: 3 groups, at least 10 are needed"
    made = Interval(estimate=estimate, low=low, high=high, rows=7, groups=3, note=note)
    return json.loads(json.dumps(vars(made)))


def stage_audit() -> dict:
    numbers = {
        "balanced_accuracy": interval(0.8123, 0.7, 0.9),
        "accuracy": interval(0.4321),
        "claims": {"f1": interval(None)},
        "readable": 0.875,
    }
    return {
        "summary": {"cases": 60, "groups": 31, "uses_the_image": True, "questions": {}},
        "conditions": {"real": numbers, "blank": numbers},
        "real_minus": {"blank": interval(0.5, 0.25, 0.75)},
        "majority": {"stage": "npdr", "balanced_accuracy": 1 / 3, "accuracy": 0.5},
        "graph": None,
        "questions": {},
    }


RECORD = {
    "config": {"samples": "/far/away/eyes", "model": "/far/my-model", "seed": 3, "split": "test"},
    "inputs": {"samples": "cafe"},
    "versions": {"retia": "9.9"},
    "commit": None,
}


def test_numbers_stand_with_their_interval_or_without_one():
    text = model_card(stage_audit(), RECORD)
    assert "| real image | 0.812 (0.700 to 0.900) | 0.432 (no interval, 3 groups) |" in text
    assert "not applicable" in text and "0.875" in text
    assert "real minus blank, paired: 0.500 (0.250 to 0.750)" in text
    assert "about the stage it demonstrably uses the image" in text
    assert "stage: 60 eyes of 31 groups" in text
    assert DISCLAIMER in text


def test_what_is_absent_is_said_to_be_absent():
    text = model_card(stage_audit(), RECORD)
    for title, _ in PARTS.values():
        assert f"## {title}\n\nAbsent: not measured" in text
    assert "Absent: no question but the stage was asked." in text
    empty = model_card({}, {})
    assert "Absent: no stage was asked for." in empty and "Nothing was asked." in empty


def test_claims_stand_with_their_kinds_and_without_a_vocabulary():
    kind = {"supported": 3, "contradicted": 1, "unsupported": 0, "missed": 2, "f1": interval(0.5)}
    real = {"by": {"kind": {"hard | exudate": kind}}}
    summary = {"claims": 4, "precision": interval(0.75, 0.6, 0.9), "recall": None, "f1": None}
    claims = {
        "stage": {"summary": summary, "voices": {"real": real}},
        "radiology": {"summary": "not applicable"},
    }
    text = model_card(stage_audit() | {"claims": claims}, RECORD)
    assert "| stage | 4 | 0.750 (0.600 to 0.900) | not applicable |" in text
    assert "| hard \\| exudate | 3 | 1 | 0 | 2 | 0.500 (no interval, 3 groups) |" in text
    assert "radiology: not applicable." in text


def test_a_confidence_that_was_not_measured_says_why():
    numbers = {key: interval(0.2, 0.1, 0.3) for key in CONFIDENCE_COLUMNS}
    sure = {"reason": None, "numbers": numbers, "ece_if_kept": 0.05}
    unsure = {"reason": "no sampled answers (24 of 24)", "numbers": {}, "ece_if_kept": None}
    parts = {"stage": {"logprob": sure, "self_consistency": unsure}}
    text = model_card(stage_audit() | {"selective": parts}, RECORD)
    assert "| stage | logprob | 0.200 (0.100 to 0.300) |" in text
    assert "stage, self consistency: not measured (no sampled answers (24 of 24))" in text


def test_notes_are_told_one_by_one():
    notes = {"images": "3 cases have no image file: a, b, c"}
    assert "- 3 cases have no image file: a, b, c" in model_card({"notes": notes}, RECORD)
    assert "Nothing was amiss." in model_card({"notes": {}}, RECORD)


def test_folders_are_named_but_not_where_they_lie(tmp_path: Path):
    write_card(tmp_path / "MODEL_CARD.md", stage_audit(), RECORD)
    text = (tmp_path / "MODEL_CARD.md").read_text()
    assert "`my-model`" in text and "`eyes`" in text and "/far" not in text
    assert text.startswith("---\nlicense: other\n")
