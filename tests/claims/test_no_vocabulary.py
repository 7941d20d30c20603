"""Without a vocabulary claims are not applicable; answers are still right or wrong."""

import pytest

from retia.claims import (
    agreement,
    answer_matches,
    consistent,
    extract,
    judge_text,
    parse_answer,
    token_f1,
    token_recall,
)
from retia.records import Answer, Case, Finding, Gold

BARE = "modality: thermography\nimage: thermogram\nstages: {}\nkinds: {}\nmeasures: {}\n"


@pytest.fixture(autouse=True)
def thermography(tmp_path, monkeypatch):
    """A modality whose vocabulary has no kinds."""
    (tmp_path / "thermography.yaml").write_text(BARE, encoding="utf-8")
    monkeypatch.setenv("RETIA_TAXONOMIES", str(tmp_path))


TEXTS = (
    "There is no retinopathy in the left upper lobe.",
    "Severe dropout of 3 mm² and five masses are seen in the nasal half; PDR is likely.",
    "The phase is preparation.",
    "",
)


@pytest.mark.parametrize("text", TEXTS)
def test_no_claims(text):
    assert extract(text, "thermography") == []
    assert parse_answer(text, modality="thermography") is None


def test_scores_are_not_applicable():
    finding = Finding(id="f1", kind="liver", source="annotation", box_px=(0, 0, 5, 5))
    case = Case(file_name="a", id="a", group="a", modality="thermography", findings=(finding,))
    counted = agreement(judge_text("The liver is large.", case)[1], case)
    assert (counted.precision, counted.recall, counted.f1) == (None, None, None)
    assert (
        consistent(Answer(reasoning=("The liver is large.",), answer="yes"), "thermography") is None
    )


RIGHT = [
    ("Yes.", Gold(type="yes_no", value="yes")),
    ("No, there is none.", Gold(type="yes_no", value="no")),
    ("是", Gold(type="yes_no", value="是")),
    ("CT", Gold(type="choice", value="CT")),
    ("The left upper lobe.", Gold(type="choice", value="left upper lobe")),
    ("Lung, heart", Gold(type="set", value=("heart", "lung"))),
    ("2", Gold(type="number", value=2.0)),
    ("Two kidneys", Gold(type="number", value=2.0)),
    (
        '{"caption": "CT", "answer": "Pleural effusion."}',
        Gold(type="text", value="pleural effusion"),
    ),
]
WRONG = [
    ("Possibly", Gold(type="yes_no", value="yes")),
    ("normal", Gold(type="yes_no", value="no")),
    ("nodule", Gold(type="yes_no", value="no")),
    ("", Gold(type="text", value="no")),
    ("CT or MRI", Gold(type="choice", value="CT")),
    ("left, right, upper, lower lobe", Gold(type="choice", value="left upper lobe")),
    ("The left and upper lobe", Gold(type="choice", value="upper left")),
    ("Lung, heart, liver", Gold(type="set", value=("heart", "lung"))),
    ("3", Gold(type="number", value=2.0)),
    ("effusion", Gold(type="text", value="pleural effusion")),
]


@pytest.mark.parametrize(("text", "gold"), RIGHT)
def test_right(text, gold):
    assert answer_matches(text, gold, "thermography")


@pytest.mark.parametrize(("text", "gold"), WRONG)
def test_wrong(text, gold):
    assert not answer_matches(text, gold, "thermography")


def test_token_recall_and_f1():
    assert token_recall("a large pleural effusion", "pleural effusion") == 1.0
    assert token_f1("large pleural effusion", "pleural effusion") == pytest.approx(0.8)
    assert token_recall("effusion", "pleural effusion") == 0.5
    # A word said once does not count twice.
    assert token_recall("lobe", "lobe lobe") == 0.5
    assert token_f1("mass", "pleural effusion") == token_recall("", "mass") == 0.0
    assert token_f1("The Mass.", "mass") == 1.0
