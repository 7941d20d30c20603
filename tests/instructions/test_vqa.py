"""Annotated questions as samples: nothing is said that nobody annotated."""

import json

import pytest
from frames import SCAN

from retia.claims import answer_matches, answer_sentences, consistent, parse_answer
from retia.claims.applicable import applicable
from retia.instructions.vqa.paraphrase import content_words, gives_away
from retia.instructions.vqa.samples import (
    MOST_REASONS,
    grpo_sample,
    reasons_of,
    stage1_sample,
    stage2_sample,
)
from retia.instructions.vqa.statements import statement_of
from retia.records import Case, Question, read_cases

STATEMENTS = {
    ("Is there a mass?", "yes"): "There is a mass.",
    ("Is there a mass in the left lung?", "No"): "There is no mass in the left lung.",
    ("Is/Are there air fluid levels?", "Yes"): "There are air fluid levels.",
    ("Are there any fractures present in this image?", "no"): "There are no fractures.",
    ("Is/Are there ascites present ?", "yes"): "There is ascites.",
    ("Are the ventricles enlarged?", "no"): "The ventricles are not enlarged.",
    ("Is the heart size abnormal?", "Yes"): "The heart size is abnormal.",
    ("Does the left lobe appear normal?", "No"): "The left lobe does not appear normal.",
    ("Does the patient have a cough?", "no"): "The patient has no cough.",
    ("Is this an MRI?", "no"): "This is not an MRI.",
    ("Are the kidneys visible?", "no"): "The kidneys are not seen.",
    # Two things at once, or compared with another: nothing is certain of one of them.
    ("Is there a mass and an effusion?", "no"): None,
    ("Is there a mass or an effusion?", "yes"): None,
    ("Are there multiple masses?", "no"): None,
    ("Is there another mass?", "no"): None,
    ("Is the left lung larger than the right?", "yes"): None,
    ("Would you suspect a mass?", "yes"): None,
    ("Is this a CT or an MRI?", "yes"): None,
    ("What is wrong?", "yes"): None,
}


@pytest.mark.parametrize(("asked", "stated"), STATEMENTS.items())
def test_statements(asked, stated):
    assert statement_of(Question(text=asked[0], answer=asked[1], kind="yes_no")) == stated


def test_open_questions_are_labelled_and_not_reworded():
    where = Question(text="Where is/are the mass located?", answer="Left lobe")
    many = Question(text="How many kidneys are seen?", answer="2", kind="number")
    assert statement_of(where) == "Location of the mass: Left lobe."
    assert statement_of(many) == "Number of kidneys: 2."
    assert statement_of(Question(text="Why is the heart large?", answer="Failure")) is None


SAME = [
    ("Is there colon thickening?", "Are the colon walls thickened?"),
    ("Does the image show pericolonic fat stranding?", "Is there pericolic fat stranding?"),
    ("Is the heart size normal?", "Is the heart size abnormal?"),
    ("Is there cardiomegaly?", "Is the heart enlarged?"),
    ("Is the diaphragm obscured?", "Is/Are the diaphragm visualized?"),
    ("Are the ribs broken?", "Is there a fracture of the ribs?"),
    ("Is there a mass?", "Is there a mass in the left lung?"),
]
DIFFERENT = [
    ("Is there a mass in the left lung?", "Is there a fracture of the left clavicle?"),
    ("Is the liver normal?", "Is there ascites?"),
    ("Are the ventricles enlarged?", "Is there a midline shift?"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_a_paraphrase_gives_the_answer_away(first, second):
    asked, other = (Question(text=t, answer="yes", kind="yes_no") for t in (first, second))
    assert gives_away(other, asked)
    assert gives_away(asked, other)


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_another_question_does_not(first, second):
    asked, other = (
        Question(text=t, answer=a, kind="yes_no") for t, a in ((first, "yes"), (second, "no"))
    )
    assert not gives_away(other, asked)


def test_a_common_word_topic_and_answer_are_too_much_alike():
    first, second, third = (
        Question(text=text, answer="no", kind="yes_no", topic=topic)
        for text, topic in (
            ("Is the left lobe of the brain calcified?", "presence"),
            ("Are there bleeds in the right hemisphere of the brain?", "presence"),
            ("Are there bleeds in the right hemisphere of the brain?", "size"),
        )
    )
    assert gives_away(second, first)
    assert not gives_away(third, first)


def test_what_says_the_words_of_an_open_answer_gives_it_away():
    asked = Question(text="Where is the abnormality?", answer="Left kidney")
    assert gives_away(Question(text="Is there a renal cyst?", answer="yes", kind="yes_no"), asked)


def test_a_scan_in_all_its_words():
    mass = json.loads(stage1_sample(SCAN, 2).answers[0].text)
    assert mass["caption"] == "Axial T2-weighted MRI of the head."
    assert mass["reasoning"][0] == "The ventricles are not enlarged."
    assert mass["boxes"] == [[10, 20, 30, 40]]
    assert mass["answer"] == "Yes"
    assert list(mass) == ["caption", "reasoning", "boxes", "answer"]
    plane = json.loads(stage1_sample(SCAN, 0).answers[0].text)
    assert plane["caption"] == "T2-weighted MRI of the head."
    assert "boxes" not in plane


def test_regions_go_first_to_grpo():
    sample = grpo_sample(SCAN, 0, 5)
    assert sample.answers[0].roi_px == (10, 20, 30, 40)
    assert grpo_sample(SCAN, 1, 5).answers[0].roi_px is None


def check(case: Case, number: int) -> None:
    """One structured sample: true to the annotation, every sentence with its evidence."""
    question = case.questions[number]
    turn = stage1_sample(case, number).answers[0]
    answer = parse_answer(turn.text, strict=True, modality=case.modality)
    assert answer is not None
    assert turn.gold is not None
    assert answer_matches(turn.text, turn.gold, case.modality), turn
    assert answer.answer.lower() == " ".join(question.answer.split()).lower()
    assert bool(answer.boxes) == (question.region is not None)
    assert len(turn.evidence) == len(answer_sentences(answer))
    ids = {f"label/question/{q.id}": q for q in case.questions} | {"label/organ": None}
    *reasons, last = turn.evidence[1:] if answer.caption else turn.evidence
    assert last == (f"label/question/{question.id}",)
    assert len(reasons) == len(answer.reasoning) <= MOST_REASONS
    for text, (id,) in zip(answer.reasoning, reasons, strict=True):
        source = ids[id]
        assert source is not None
        assert source is not question
        assert text == statement_of(source)
        assert not gives_away(source, question)
    for id in turn.evidence[0] if answer.caption else ():
        assert ids[id] is not question
    assert consistent(answer, case.modality) is None
    # Claims can be held against nothing but what other questions plainly tell.
    assert applicable(case) == bool(case.findings or case.looked_for)


@pytest.mark.parametrize("number", range(len(SCAN.questions)))
def test_nothing_is_fabricated(number):
    check(SCAN, number)


def test_nothing_is_fabricated_of_real_images(shared_data, tmp_path):
    from retia.sources.vqa_rad import VqaRadConfig, import_vqa_rad

    out = tmp_path / "cases"
    import_vqa_rad(VqaRadConfig(source=shared_data / "vqa_rad", out=out, limit=60, seed=2))
    reasons, captions = [], set()
    for case in read_cases(out):
        for number, question in enumerate(case.questions):
            check(case, number)
            reasons.append(len(reasons_of(case, question)))
            captions.add(json.loads(stage1_sample(case, number).answers[0].text)["caption"])
        talk = stage2_sample(case, 0, 0, 4)
        assert 1 <= len(talk.answers) <= 4
        for turn in talk.answers:
            assert turn.gold is not None
            assert answer_matches(turn.text, turn.gold, case.modality), turn
    # Captions and reasons are of the image: neither constant nor always there.
    assert {0, 1, 2, 3} <= set(reasons)
    assert len(captions) > 6


def test_no_question_is_asked_twice_in_a_conversation():
    asked = [m.text for m in stage2_sample(SCAN, 0, 0, 7).messages if m.role == "user"]
    words = [content_words(text) for text in asked]
    assert len(asked) > 2
    assert all(a != b for i, a in enumerate(words) for b in words[i + 1 :])
