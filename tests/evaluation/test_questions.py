"""Questions of any modality: known scores, controls that bite, baselines that are blind."""

import json
import re

import numpy as np
import pytest
from worlds import (
    as_json,
    frame,
    number_of,
    perfect,
    radiology,
    sample,
    scan,
    surgery,
    turn,
    write_world,
)

from retia.evaluation import EvaluateConfig, evaluate
from retia.evaluation.answers.scores import read_answer
from retia.evaluation.evaluate import run_audit
from retia.evaluation.plan.blind import Blind, most_frequent
from retia.evaluation.plan.controls import foreign_images
from retia.evaluation.plan.items import Item, question_items
from retia.evaluation.predictors import student
from retia.evaluation.predictors.predictor import from_texts
from retia.evaluation.question_audit import clusters_of
from retia.records import Case, Gold, Sample, read_cases, read_samples
from retia.records.jsonl import iterate_jsonl


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    return radiology(tmp_path_factory.mktemp("radiology"))


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    return surgery(tmp_path_factory.mktemp("surgery"))


def audit_of(folder, tmp_path, predictor, **more):
    config = EvaluateConfig(samples=folder, out=tmp_path / "audit", resamples=200, **more)
    return run_audit(config, from_texts(predictor) if predictor else None)


def item(gold, structured=False, modality="radiology", question="Which?"):
    case = Case(file_name="a.png", id="a", group="a", modality=modality)
    return Item(case=case, question=question, question_kind="any", gold=gold, structured=structured)


def test_a_perfect_student_scores_one_and_looks(scans, tmp_path):
    own = audit_of(scans, tmp_path, perfect(scans)).questions["radiology"]
    assert {name: v.estimate for name, v in own.numbers["real"].items()} == dict.fromkeys(
        own.numbers["real"], 1.0
    )
    assert {"closed_accuracy", "open_token_f1", "box_iou", "parsed"} <= set(own.numbers["real"])
    assert own.numbers["blank"]["accuracy"].estimate == 0.0
    assert own.numbers["shuffled"]["accuracy"].estimate < 0.8
    assert own.looks is True
    assert own.differences["blank"]["accuracy"].low > 0


def test_without_a_vocabulary_claims_are_not_applicable(scans, tmp_path):
    own = audit_of(scans, tmp_path, perfect(scans)).questions["radiology"]
    assert own.claims == "not applicable"
    assert "consistent" not in own.numbers["real"]


def test_a_student_that_ignores_the_image_equals_its_baseline_and_is_found_out(scans, tmp_path):
    cases, samples = read_cases(scans), read_samples(scans)
    blind = Blind(question_items(samples, [c for c in cases if c.split == "train"]))

    def predict(images, questions):
        said = [
            blind.question_only(item(Gold(type="text", value=""), question=q)) for q in questions
        ]
        return [
            as_json(text) if "JSON" in q else text for q, text in zip(questions, said, strict=True)
        ]

    own = audit_of(scans, tmp_path, predict).questions["radiology"]
    for kind in own.kinds.values():
        assert kind["accuracy"].estimate == kind["question_only"].estimate
    assert own.looks is False
    assert own.differences["shuffled"]["accuracy"].estimate == 0.0
    assert own.differences["question_only"]["accuracy"].estimate == 0.0


def test_the_same_answers_without_json_are_wrong_where_json_was_asked_for(scans, tmp_path):
    knows = perfect(scans)

    def predict(images, questions):
        texts = knows(images, questions)
        return [text.replace("{", "") for text in texts]

    own = audit_of(scans, tmp_path, predict).questions["radiology"]
    real = own.numbers["real"]
    assert real["parsed"].estimate == 0.0
    # Of five questions a case one asks for JSON: nothing is left out of the denominator.
    assert real["accuracy"].estimate == pytest.approx(4 / 5)
    assert real["accuracy"].rows == 5 * 24


def test_questions_are_limited_by_the_seed(scans, tmp_path):
    knows = perfect(scans)
    first = audit_of(scans, tmp_path, knows, questions=20).questions["radiology"].rows["real"]
    second = audit_of(scans, tmp_path, knows, questions=20).questions["radiology"].rows["real"]
    other = audit_of(scans, tmp_path, knows, questions=20, seed=1).questions["radiology"]

    def asked(rows):
        return [(r.item.case.id, r.item.question) for r in rows]

    assert asked(first) == asked(second) != asked(other.rows["real"])
    assert len(first) == 20


def test_only_training_questions_feed_the_baselines(tmp_path):
    # In training everybody is healthy, in the test nobody: a fair baseline is always wrong.
    pairs = [scan(n, "train") for n in range(1, 24, 2)] + [scan(n, "test") for n in range(0, 24, 2)]
    folder = write_world(tmp_path / "world", pairs)
    own = audit_of(folder, tmp_path, perfect(folder)).questions["radiology"]
    assert own.kinds["presence"]["majority"].estimate == 0.0
    assert own.kinds["presence"]["question_only"].estimate == 0.0
    assert own.kinds["presence"]["best_constant"] == 1.0


def test_question_only_takes_the_nearest_question_then_the_majority():
    asked = [
        ("Is the liver normal?", "yes_no", "no"),
        ("Is the liver normal?", "yes_no", "no"),
        ("Is the heart enlarged?", "yes_no", "yes"),
        ("Which organ is this?", "text", "brain"),
    ]
    blind = Blind([item(Gold(type=t, value=v), question=q) for q, t, v in asked])
    new = Gold(type="yes_no", value="yes")
    assert blind.question_only(item(new, question="is the LIVER normal")) == "no"
    assert blind.question_only(item(new, question="Is the heart very enlarged?")) == "yes"
    assert blind.question_only(item(new, question="Wo?")) == "no"


def test_the_median_stands_in_for_the_most_frequent_box():
    golds = [Gold(type="box", value=v) for v in ("0,0,10,10", "2,2,12,12", "4,4,40,40")]
    assert most_frequent(golds) == "[2, 2, 12, 12]"


@pytest.mark.parametrize(
    ("said", "gold", "recall", "f1"),
    [
        ("the left lower lobe", "left lower lobe", 1.0, 1.0),
        ("left", "left lower lobe", 1 / 3, 1 / 2),
        ("left lower lobe of the lung here", "left lobe", 1.0, 4 / 8),
        ("", "left", 0.0, 0.0),
    ],
)
def test_open_questions_are_scored_three_ways(said, gold, recall, f1):
    scores = read_answer(item(Gold(type="text", value=gold)), said).scores
    assert scores["open_token_recall"] == pytest.approx(recall)
    assert scores["open_token_f1"] == pytest.approx(f1)
    assert scores["open_exact_match"] == float(f1 == 1.0)


@pytest.mark.parametrize(
    ("said", "values", "f1"),
    [
        ("A grasper and a hook are seen.", ("grasper", "hook"), 1.0),
        ("A grasper.", ("grasper", "hook"), 2 / 3),
        ("A grasper holds the liver.", ("grasper", "hook"), 2 / 3),
        ("A grasper and a clip applier, but no hook.", ("grasper", "hook"), 1 / 2),
        ("Next: clipping and cutting.", ("clipping and cutting",), 1.0),
        (
            "The grasper is retracting the liver.",
            ("grasper retracting liver", "hook dissecting gallbladder"),
            2 / 3,
        ),
        ("%", ("grasper",), 0.0),
        ("%", (), 0.0),
        ("No instrument is seen.", (), 1.0),
    ],
)
def test_sets_are_scored_by_their_elements(said, values, f1):
    gold = Gold(type="set", value=values)
    row = read_answer(item(gold, modality="cholecystectomy"), said)
    assert row.scores["set_f1"] == pytest.approx(f1)


def test_boxes_are_scored_by_overlap_even_where_they_miss_the_threshold():
    gold = Gold(type="box", value="0,0,10,10")
    plain = read_answer(item(gold), "It is at [5, 0, 15, 10].")
    assert plain.scores["box_iou"] == pytest.approx(1 / 3)
    text = '{"answer": "there", "boxes": [[0, 0, 10, 8]]}'
    assert read_answer(item(gold, structured=True), text).scores["box_iou"] == pytest.approx(0.8)
    assert read_answer(item(gold), "nowhere").scores["box_iou"] == 0.0


def test_a_perfect_surgical_student_is_as_steady_as_the_truth_and_names_nothing_unseen(
    frames, tmp_path
):
    audit = audit_of(frames, tmp_path, perfect(frames))
    own = audit.questions["cholecystectomy"]
    assert {name: v.estimate for name, v in own.numbers["real"].items()} == dict.fromkeys(
        own.numbers["real"], 1.0
    )
    numbers = own.frames
    assert numbers["phase_accuracy"].estimate == 1.0
    assert numbers["phase_balanced_accuracy"].estimate == 1.0
    assert numbers["hallucination_rate"].estimate == 0.0
    # 144 frames, 36 stretches of one phase.
    assert numbers["phase_stays_in_truth"].estimate == pytest.approx(108 / 143)
    assert numbers["phase_stays"].estimate == numbers["phase_stays_in_truth"].estimate
    # There is one test video: its foreign images come from the training video.
    foreign = [p.image_of for p in audit.predictions if p.condition == "shuffled"]
    assert foreign and all(id.startswith("video-a") for id in foreign)
    assert own.unit == "pieces of 60 s of 1 video"
    assert own.looks is True


def test_what_is_named_but_not_annotated_is_counted(frames, tmp_path):
    knows = perfect(frames)

    def predict(images, questions):
        texts = knows(images, questions)
        return [
            as_json("preparation", "A grasper and a clip applier are seen.", "No hook is seen.")
            if "JSON" in question
            else "A grasper and the liver."
            for question, _ in zip(questions, texts, strict=True)
        ]

    own = audit_of(frames, tmp_path, predict).questions["cholecystectomy"]
    assert own.frames["hallucination_rate"].estimate == pytest.approx(1 / 2)
    assert own.frames["phase_balanced_accuracy"].estimate == pytest.approx(1 / 3)
    assert own.frames["phase_stays"].estimate == 1.0
    assert own.looks is False


def test_answers_that_name_no_phase_are_never_steady(frames, tmp_path):
    own = audit_of(frames, tmp_path, lambda images, questions: ["%"] * len(images))
    numbers = own.questions["cholecystectomy"].frames
    assert numbers["phase_stays"].estimate == 0.0
    assert numbers["phase_accuracy"].estimate == 0.0
    assert numbers["hallucination_rate"].estimate is None


def test_foreign_images_come_from_another_group_and_phase(frames):
    pool = read_cases(frames)
    asked = [case for case in pool if case.split == "test"]
    shown = foreign_images(asked, pool, 0)
    assert shown is not None
    for case, other in zip(asked, shown, strict=True):
        assert other.group != case.group
        assert other.labels["phase"] != case.labels["phase"]
    assert foreign_images(asked, asked, 0) is None


def test_few_videos_are_resampled_in_pieces_and_many_groups_whole():
    def cases(groups):
        return [
            Case(file_name="a.png", id=f"{g}{t}", group=str(g), modality="octa", time_s=float(t))
            for g in range(groups)
            for t in (0, 59, 60)
        ]

    assert clusters_of(cases(2)) == (
        "pieces of 60 s of 2 videos",
        ["0/0", "0/0", "0/1", "1/0", "1/0", "1/1"],
    )
    unit, clusters = clusters_of(cases(10))
    assert unit == "groups"
    assert clusters[:3] == ["0"] * 3


def test_answers_made_elsewhere_need_not_repeat_how_to_answer(scans, tmp_path):
    answers = tmp_path / "answers.jsonl"
    rows = [
        {"case": c.id, "question": "Is there a lesion?", "text": "yes"}
        for c in read_cases(scans)
        if c.split == "test"
    ]
    answers.write_text("".join(json.dumps(row) + "\n" for row in rows))
    own = audit_of(scans, tmp_path, None, predictions=answers).questions["radiology"]
    said = {r.item.question: r.text for r in own.rows["real"]}
    assert said["Is there a lesion?"] == said["Is there a lesion? Answer as JSON."] == "yes"
    assert said["How many?"] == ""
    assert own.looks is None
    assert own.kinds["count"]["accuracy"].estimate == 0.0


def test_a_mixed_folder_has_one_section_a_modality_in_report_and_json(tmp_path, monkeypatch):
    case, samples = scan(0, "test")
    gold = Gold(type="text", value="<b>bold</b>")
    asked = turn("Is it <script>?", "<b>bold</b>", "other", gold, True)
    pairs = [(case, [*samples, sample(case, "stage2", [asked])])]
    pairs += [scan(n, "test") for n in range(1, 12)]
    pairs += [frame("video-a", s, "test") for s in (0, 10)]
    pairs += [frame("video-b", s, "train") for s in (0, 10, 50)]
    folder = write_world(tmp_path / "world", pairs)
    out = tmp_path / "audit"
    monkeypatch.setattr(student, "student_predictor", lambda *_: from_texts(perfect(folder)))
    summary = evaluate(EvaluateConfig(samples=folder, model=folder, out=out, resamples=100))
    assert list(summary) == ["questions", "faithfulness"]
    assert list(summary["questions"]) == ["radiology", "cholecystectomy"]
    written = json.loads((out / "audit.json").read_text())
    assert written["summary"] == summary
    assert written["questions"]["radiology"]["claims"] == "not applicable"
    page = (out / "report.html").read_text()
    assert page.count(">Radiology questions</h2>") == 1
    assert page.count(">Questions about cholecystectomy</h2>") == 1
    assert "<script>" not in page
    assert "<b>bold</b>" not in page
    assert "demonstrably uses the image" in page
    assert "http" not in re.sub(r"base64,[\w+/=]+", "", page)
    # Eight examples, and of the two frames all four questions.
    assert page.count("<p><small>Right answer: ") == 8 + 4
    claims = (out / "claims.csv").read_text().splitlines()[1:]
    assert claims and all(line.startswith("video-a-") for line in claims)
    rows = [row for _, row in iterate_jsonl(out / "predictions.jsonl")]
    asked_for = {(r["case"], r["question"], r.get("condition", "real")) for r in rows}
    assert len(asked_for) == len(rows)


def test_blank_and_colour_pictures_reach_the_student(scans, tmp_path):
    seen = []

    def predict(images, questions):
        seen.extend(images)
        return [""] * len(images)

    audit_of(scans, tmp_path, predict, limit=3)
    assert {image.shape for image in seen} == {(32, 40, 3)}
    flat = [image for image in seen if len(np.unique(image.reshape(-1, 3), axis=0)) == 1]
    assert len(flat) == 3 * 5
    assert all(number_of(image) is None for image in flat)


def test_turns_without_a_right_answer_are_not_asked(scans):
    case = read_cases(scans)[0]
    bare = Sample(
        id="x",
        case=case.id,
        group=case.group,
        images=(case.file_name,),
        messages=turn("Describe it.", "It is an image.", "description", None, True),
        modality="radiology",
    )
    assert question_items([bare], [case]) == []
