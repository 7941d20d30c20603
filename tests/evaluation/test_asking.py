"""Asking loses nothing: neither what was answered before a kill, nor what could not be."""

import dataclasses
import threading

import numpy as np
import pytest
from fake_chat import Said as Reply
from fake_chat import fake_server
from worlds import perfect, radiology

from retia.errors import UserError
from retia.evaluation.answers import ask as asking
from retia.evaluation.answers.ask import ask_all
from retia.evaluation.answers.notes import image_notes, prediction_notes
from retia.evaluation.evaluate import image_loader
from retia.evaluation.plan.items import make_plan
from retia.evaluation.predictors.endpoint import EndpointConfig, open_endpoint
from retia.evaluation.predictors.predictor import Predictor, Said, from_texts
from retia.records import read_cases, read_samples
from retia.records.jsonl import to_json


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    return radiology(tmp_path_factory.mktemp("asking"))


@pytest.fixture
def plan(scans, monkeypatch):
    """120 questions in batches of 16, so that a run can die between two of them."""
    monkeypatch.setattr(asking, "BATCH", 16)
    pool = read_cases(scans)
    return make_plan(read_samples(scans), pool, [c for c in pool if c.split == "test"], 400, 0)


class Killed(Exception):
    pass


def counting(scans, most=10**9):
    """A student that knows everything, says how sure it is, and dies after so many questions."""
    known = perfect(scans)
    asked = []

    def answer(images, questions):
        if len(asked) + len(questions) > most:
            raise Killed
        asked.extend(questions)
        return [Said(text=t, logprob=-1 / 3) for t in known(list(images), list(questions))]

    def sample(images, questions, copies, seed):
        return [[f"{q} {seed} {n}" for n in range(copies)] for q in questions]

    return Predictor(name="counting", answer=answer, sample=sample), asked


def lines(predictions):
    return [to_json(p) for p in predictions]


@pytest.mark.parametrize("torn", [False, True])
def test_a_killed_run_asks_only_the_rest_and_ends_in_the_same_bytes(scans, plan, tmp_path, torn):
    load, store = image_loader(scans), tmp_path / "partial" / "answers.jsonl"
    predictor, all_asked = counting(scans)
    whole = ask_all(plan, predictor, load, 0, store=tmp_path / "whole.jsonl", copies=3)
    dying, before = counting(scans, most=len(all_asked) // 2)
    with pytest.raises(Killed):
        ask_all(plan, dying, load, 0, store=store, copies=3)
    assert 0 < len(before) < len(all_asked)
    if torn:
        kept = store.read_bytes()
        store.write_bytes(kept[:-20])
    reborn, after = counting(scans)
    resumed = ask_all(plan, reborn, load, 0, store=store, copies=3)
    assert len(before) + len(after) == len(all_asked) + torn
    assert lines(resumed) == lines(whole)
    assert store.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    finished, nothing = counting(scans)
    assert lines(ask_all(plan, finished, load, 0, store=store, copies=3)) == lines(whole)
    assert nothing == []


def test_copies_are_drawn_of_the_real_image_alone(scans, plan):
    predictor, _ = counting(scans)
    predictions = ask_all(plan, predictor, image_loader(scans), 0, copies=2)
    for one in predictions:
        assert len(one.copies) == (2 if one.condition == "real" else 0)
        assert one.logprob == -0.333333
    assert {p.condition for p in predictions} == {"real", "blank", "shuffled"}
    plain = from_texts(perfect(scans))
    assert not any(p.copies for p in ask_all(plan, plain, image_loader(scans), 0, copies=2))


def test_an_image_that_cannot_be_read_is_a_wrong_answer_with_a_reason(scans, plan, tmp_path):
    lost, damaged = plan.cases[0], plan.cases[5]
    load = image_loader(scans)

    def broken(case):
        if case.id in (lost.id, damaged.id):
            (tmp_path / "damaged.png").write_bytes(b"no picture")
            moved = dataclasses.replace(
                case, file_name="gone.png" if case is lost else "damaged.png"
            )
            return image_loader(tmp_path)(moved)
        return load(case)

    predictor, asked = counting(scans)
    store = tmp_path / "answers.jsonl"
    predictions = ask_all(plan, predictor, broken, 0, store=store)
    troubled = [p for p in predictions if p.trouble]
    assert len(predictions) == len(asked) + len(troubled)
    assert {p.case for p in troubled if p.condition != "shuffled"} == {lost.id, damaged.id}
    assert {p.image_of for p in troubled if p.condition == "shuffled"} == {lost.id, damaged.id}
    assert all(p.text == "" and p.trouble.startswith("image: ") for p in troubled)
    notes = {note.what: note for note in prediction_notes(predictions)}
    note = notes["questions got no answer (image) and count as wrong"]
    assert note.count == len(troubled)
    empty = notes["answers are empty and count as wrong"]
    assert empty.count == sum(p.text == "" and not p.trouble for p in predictions)
    assert len(note.first) == 3 and lost.id in str(note)
    # Once the images are back, only these questions are asked.
    mended, again = counting(scans)
    assert not any(p.trouble for p in ask_all(plan, mended, load, 0, store=store))
    assert len(again) == len(troubled)


def test_missing_image_files_are_counted_and_named(scans, plan):
    gone = [dataclasses.replace(c, file_name=f"gone/{c.id}.png") for c in plan.cases[:5]]
    (note,) = image_notes([*gone, *plan.cases[5:]], scans)
    assert note.count == 5
    assert str(note).startswith("5 cases have no image file: ") and str(note).endswith(", …")
    assert f"{gone[0].id} ({gone[0].file_name})" in note.first
    assert image_notes(plan.cases, scans) == []


def test_a_run_without_a_single_answer_ends_with_the_reason(scans, plan):
    def busy(images, questions):
        return [Said(text="", trouble="rate_limited: HTTP 429") for _ in questions]

    with pytest.raises(UserError, match=r"none of \d+ questions got an answer.*HTTP 429"):
        ask_all(plan, Predictor(name="busy", answer=busy), image_loader(scans), 0)


def test_batches_asked_at_once_come_back_in_order(scans, plan):
    known, meeting = perfect(scans), threading.Barrier(2, timeout=60)
    batches = sum(-(-len(part) // 16) * 3 for part in (plan.stage, *plan.questions.values()))
    assert batches % 2 == 0, "the barrier needs pairs"

    def answer(images, questions):
        meeting.wait()
        return [Said(text=text) for text in known(list(images), list(questions))]

    load = image_loader(scans)
    together = ask_all(plan, Predictor(name="two", answer=answer, batches_at_once=2), load, 0)
    assert lines(together) == lines(ask_all(plan, from_texts(known), load, 0))


def test_questions_about_one_case_share_its_image(scans, plan):
    loads = []
    load = image_loader(scans)

    def counted(case):
        loads.append(case.id)
        return load(case)

    seen = []

    def answer(images, questions):
        seen.append(len({id(image) for image in images}))
        assert all(isinstance(image, np.ndarray) for image in images)
        return [Said(text="no") for _ in questions]

    ask_all(plan, Predictor(name="any", answer=answer), counted, 0)
    assert len(loads) == sum(seen)
    assert all(count < 16 for count in seen)


def test_while_the_last_answers_of_a_batch_are_on_their_way_the_next_is_sent(scans, plan):
    pytest.importorskip("openai")
    # The first question asked gets no answer before more have come than a batch holds: a run that
    # waited for a batch to end before the next began would wait for ever.
    next_batch = threading.Event()
    met = []

    def answer(body, number):
        if number >= asking.BATCH:
            next_batch.set()
        if number == 0:
            met.append(next_batch.wait(timeout=60))
        return Reply(text="yes")

    questions = 40
    few = {"radiology": plan.questions["radiology"][:questions]}
    assert questions > asking.BATCH
    with fake_server(answer) as server:
        settings = EndpointConfig(
            endpoint=server.url, endpoint_model="m", concurrent=12, attempts=1
        )
        with open_endpoint(settings, 64) as endpoint:
            asked = dataclasses.replace(plan, stage=[], questions=few)
            predictions = ask_all(asked, endpoint, image_loader(scans), 0)
    assert met == [True]
    assert len(predictions) == len(server.bodies) == 3 * questions
    assert {(p.text, p.trouble) for p in predictions} == {("yes", None)}
