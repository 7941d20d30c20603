"""Annotated questions that say what is there and on which side; what is not plain says nothing."""

import json
from pathlib import Path

import pytest

from retia.claims import extract, judge
from retia.records import Case, Finding, Question, read_cases
from retia.sources.sides import kind_and_side, read_denied, read_told, with_told
from retia.sources.vqa_rad import VqaRadConfig, import_vqa_rad


def asked(text: str, answer: str, id: str | None = "1") -> Question:
    return Question(text=text, answer=answer, id=id)


TOLD = {
    ("Is there a right-sided pleural effusion?", "Yes"): ("pleural_effusion", "right"),
    ("Can nodule be observed on the upper left lung in this picture?", "Yes"): (
        "lung_nodule",
        "left",
    ),
    ("Is/Are there a mass?", "yes"): ("mass", None),
    ("Where is the mass?", "Left hepatic lobe"): ("mass", "left"),
    ("Where is/are the infarcts located?", "Bilateral"): ("infarct", "bilateral"),
    ("Where is the infarct?", "basal ganglia"): ("infarct", None),
    ("What is the pathology?", "Left Apical Pneumothorax"): ("pneumothorax", "left"),
    ("Is there cardiomegaly on the left?", "Yes"): ("cardiomegaly", None),
    ("Where is the mass?", "left frontal and right parietal lobe"): ("mass", None),
    ("Where is the mass?", "to the left of the aorta"): ("mass", None),
}
SILENT = (
    ("Is there a right-sided pleural effusion?", "No"),
    ("Is there a mass or a cyst?", "Yes"),
    ("Is there a mass and a cyst in the left kidney?", "Yes"),
    ("Is the mass on the left malignant?", "Yes"),
    ("Is there mass effect?", "Yes"),
    ("Where is the liver?", "Left"),
    ("What is the pathology?", "possible pneumonia"),
    ("What is the pathology?", "no fracture"),
    ("What is the organ on the left?", "Mass"),
    ("Would a mass on the left be seen?", "Yes"),
)


@pytest.mark.parametrize(("question", "answer"), TOLD)
def test_what_is_plain_is_told(question: str, answer: str):
    told = read_told(asked(question, answer), bare_sides=True)
    assert told is not None
    assert (told.kind, told.side) == TOLD[question, answer]


@pytest.mark.parametrize(("question", "answer"), SILENT)
def test_what_is_not_plain_tells_nothing(question: str, answer: str):
    assert read_told(asked(question, answer), bare_sides=True) is None


@pytest.mark.parametrize(
    ("question", "answer", "kind"),
    [
        ("Is there a pneumothorax?", "No", "pneumothorax"),
        ("Is there evidence of free air in this image?", "no", "free_air"),
        ("Are there any fractures?", "No", "fracture"),
        ("Can cardiomegaly be observed in this picture?", "No", "cardiomegaly"),
        ("Is there a large pneumothorax?", "No", None),
        ("Is there a pneumothorax on the left?", "No", None),
        ("Is there a pneumothorax?", "Yes", None),
    ],
)
def test_only_a_denial_of_the_whole_image_is_one(question: str, answer: str, kind: str | None):
    assert read_denied(asked(question, answer)) == kind


@pytest.mark.parametrize(
    ("words", "kind", "side"),
    [
        ("Left Lung", "lung", "left"),
        ("right_kidney", "kidney", "right"),
        ("Lung Cancer", "mass", None),
        ("Thing", "thing", None),
        ("Left", "left", None),
    ],
)
def test_a_name_with_a_side(words: str, kind: str, side: str | None):
    assert kind_and_side(words) == (kind, side)


def case_of(*questions: Question, findings: tuple[Finding, ...] = ()) -> Case:
    return Case(
        file_name="a.png",
        id="a",
        group="a",
        modality="radiology",
        questions=questions,
        findings=findings,
    )


def boxed(id: str, left: float) -> Finding:
    return Finding(id=id, kind="mass", source="annotation", box_px=(left, 0, left + 5, 5))


def test_a_side_goes_to_the_one_finding_of_its_kind():
    question = asked("Where is the mass?", "Left lung")
    one = with_told(case_of(question, findings=(boxed("f1", 0),)), bare_sides=True)
    assert [f.attributes for f in one.findings] == [{"side": "left"}]
    assert one.findings[0].box_px == (0, 0, 5, 5)
    both = with_told(case_of(question, findings=(boxed("f1", 0), boxed("f2", 9))), bare_sides=True)
    assert [f.attributes for f in both.findings] == [{}, {}]


def test_two_sides_are_both_and_what_is_denied_too_is_neither():
    case = case_of(
        asked("Where is the mass?", "Left lung", "1"),
        asked("Where is the mass?", "Right lung", "2"),
        asked("Is there a cyst in the left kidney?", "Yes", "3"),
        asked("Is there a cyst?", "No", "4"),
        asked("Is there a fracture?", "No", None),
    )
    told = with_told(case, bare_sides=True)
    assert [(f.kind, f.attributes["side"]) for f in told.findings] == [("mass", "bilateral")]
    assert told.findings[0].evidence == ("label/question/1", "label/question/2")
    assert told.looked_for == ("fracture",)


def test_claims_are_held_against_sides():
    case = with_told(
        case_of(
            asked("Is there a right pleural effusion?", "Yes", None),
            asked("Is there a pneumothorax?", "No", "2"),
        ),
        bare_sides=True,
    )
    verdicts = {
        "Right-sided pleural effusion.": "supported",
        "A pleural effusion is seen.": "supported",
        "There is a pneumothorax.": "contradicted",
        "No pneumothorax.": "supported",
        # Nobody was asked about the left.
        "Left-sided pleural effusion.": "unsupported",
        "There is a fracture.": "unsupported",
    }
    for text, verdict in verdicts.items():
        (judged,) = judge(extract(text, "radiology"), case).judged
        assert judged.verdict == verdict, text
    assert case.findings[0].evidence == ("label/question/0",)


def test_the_real_questions(shared_data: Path, tmp_path: Path):
    import_vqa_rad(VqaRadConfig(source=shared_data / "vqa_rad", out=tmp_path / "out"))
    cases = read_cases(tmp_path / "out")
    raw = json.loads((shared_data / "vqa_rad" / "trainset.json").read_text())
    text_of = {str(r["qid"]): f"{r['question']} {r['answer']}".lower() for r in raw}
    sided = [(c, f) for c in cases for f in c.findings if "side" in f.attributes]
    assert len(sided) > 25
    for case, finding in sided:
        assert finding.kind not in case.looked_for
        said = " ".join(text_of[id.removeprefix("label/question/")] for id in finding.evidence)
        side = finding.attributes["side"]
        assert side in said or (side == "bilateral" and ("both" in said or "right" in said))
