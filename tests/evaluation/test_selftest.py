"""The self-test: its worlds are what they say, and the audit tells two planted models apart."""

import json
from dataclasses import replace
from html import escape

import numpy as np
import pytest

from retia.errors import CheckFailedError
from retia.evaluation.selftest.planted import MODEL, SAMPLES, Recipe
from retia.evaluation.selftest.run import RESULT, SelfTestConfig, self_test
from retia.evaluation.selftest.verdicts import MODELS, TESTS
from retia.evaluation.selftest.world import (
    CUES,
    MARK_PX,
    SHARES,
    Counts,
    draw,
    question_of,
    write_world,
)
from retia.records import read_cases, read_samples
from retia.students.pictures import shown_picture
from retia.tuning.settings import TowerSettings

FEW = Counts(train=40, test=12, conflict=12)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    root = tmp_path_factory.mktemp("worlds")
    for cue in (*CUES, None):
        write_world(root / str(cue), cue, FEW, seed=3)
    return root


def test_only_the_truthful_cue_tells_the_answer_in_training(worlds):
    for world in (*CUES, None):
        cases = {c.id: c for c in read_cases(worlds / str(world))}
        training = [s for s in read_samples(worlds / str(world)) if s.split == "train"]
        for cue in CUES:
            agree = [said(cases[s.case], s, cue) == s.answers[0].text for s in training]
            assert all(agree) is (cue == world)


def said(case, sample, cue):
    if cue != "hint":
        return case.labels[cue]
    return next(c for c in SHARES if sample.messages[0].text == question_of(c))


def test_in_the_test_all_cues_agree_and_in_conflict_none(worlds):
    for case in read_cases(worlds / "lesion"):
        told = set(case.labels.values())
        assert case.split != "test" or len(told) == 1
        assert case.split != "conflict" or len(told) == len(CUES)


def test_all_models_are_tested_on_the_same_pictures(worlds):
    for case in read_cases(worlds / "lesion"):
        pictures = [(worlds / str(w) / case.file_name).read_bytes() for w in (*CUES, None)]
        assert (len(set(pictures)) == 1) is (case.split != "train")


def test_no_patient_is_in_two_splits(worlds):
    splits = {}
    for case in read_cases(worlds / "hint"):
        splits.setdefault(case.group, set()).add(case.split)
    assert all(len(own) == 1 for own in splits.values())


def test_lesion_and_watermark_show_in_their_places_alone():
    def drawn(lesion, watermark, seed):
        return draw(lesion, watermark, np.random.default_rng(seed))

    for seed in range(30):
        one, box = drawn("red", "red", seed)
        x0, y0, x1, y1 = box
        assert max(x0, y0) > MARK_PX and max(x1, y1) <= len(one)
        other, same_box = drawn("blue", "red", seed)
        inside = np.zeros(one.shape[:2], bool)
        inside[y0:y1, x0:x1] = True
        assert same_box == box
        assert np.array_equal(one[~inside], other[~inside])
        assert not np.array_equal(one[inside], other[inside])
        marked, _ = drawn("red", "green", seed)
        corner = np.zeros(one.shape[:2], bool)
        corner[: MARK_PX + 1, : MARK_PX + 1] = True
        assert np.array_equal(one[~corner], marked[~corner])
        assert not np.array_equal(one[corner], marked[corner])


def test_the_region_of_a_sample_holds_the_colour_it_asks_about(worlds):
    channels = {"red": 0, "green": 1, "blue": 2}
    for sample in read_samples(worlds / "lesion")[:20]:
        picture = shown_picture(worlds / "lesion" / sample.images[0], "radiology")
        box = sample.answers[0].roi_px
        assert box is not None
        x0, y0, x1, y1 = map(int, box)
        middle = picture[(y0 + y1) // 2, (x0 + x1) // 2].astype(int)
        assert middle.argmax() == channels[sample.answers[0].text]


def test_every_planted_model_must_show_a_pattern_of_its_own():
    assert len({model.passes for model in MODELS}) == len(MODELS)
    assert all(model.passes <= set(TESTS) for model in MODELS)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Two models that accuracy cannot tell apart, trained and audited."""
    whole = Recipe()
    recipe = Recipe(
        counts=Counts(train=120, test=30, conflict=18),
        tower=TowerSettings(steps=100, warmup_steps=20, jitter=0.1, evaluate_every=100),
        text=replace(whole.text, steps=70, batch_size=8),
    )
    config = SelfTestConfig(
        out=tmp_path_factory.mktemp("selftest") / "out",
        recipe=recipe,
        models=("faithful", "watermark"),
        resamples=200,
    )
    return config, self_test(config)


def test_models_equally_right_are_told_apart(small):
    _, summary = small
    assert summary["planted"] and summary["separated"]
    faithful, cheat = summary["models"]["faithful"], summary["models"]["watermark"]
    assert min(m["accuracy"]["real"]["estimate"] for m in (faithful, cheat)) > 0.9
    assert faithful["follows"]["lesion"] > 0.9 and cheat["follows"]["watermark"] > 0.9
    assert faithful["tests"]["rests_on_region"]["seen"] is True
    assert cheat["tests"]["rests_on_region"]["seen"] is False
    assert cheat["tests"]["uses_image"]["seen"] is True


def test_it_leaves_models_a_page_and_its_numbers(small):
    config, summary = small
    assert json.loads((config.out / RESULT).read_text()) == summary
    page = (config.out / "report.html").read_text()
    assert all(escape(title) in page for title in TESTS.values())
    for name in config.models:
        assert (config.out / "models" / name / MODEL / "model.safetensors").is_file()
        assert (config.out / "models" / name / SAMPLES / "samples.jsonl").is_file()


def test_a_finished_one_is_not_run_again(small):
    config, summary = small
    before = (config.out / RESULT).stat().st_mtime_ns
    assert self_test(config) == summary
    assert (config.out / RESULT).stat().st_mtime_ns == before


def test_an_audit_that_tells_nothing_apart_fails(small, tmp_path, monkeypatch):
    """Scores that know nothing of the image: the faithful model must then look unfaithful."""
    from retia.evaluation.predictors import student

    config, _ = small
    honest = student.student_predictor

    def deaf(folder, longest):
        predictor = honest(folder, longest)
        return replace(predictor, score=lambda images, questions, answers: [0.0] * len(answers))

    monkeypatch.setattr(student, "student_predictor", deaf)
    # The trained models are taken over: only the audit is run again.
    from retia.evaluation.selftest import run as module

    def trained(config_, step, chosen):
        return {m.name: config.out / "models" / m.name for m in chosen}

    monkeypatch.setattr(module, "_planted", trained)
    with pytest.raises(CheckFailedError, match="faithful/rests_on_region"):
        self_test(replace(config, out=tmp_path / "out", resamples=100))
    assert json.loads((tmp_path / "out" / RESULT).read_text())["separated"] is False


@pytest.mark.slow
def test_all_planted_models_are_told_apart(tmp_path):
    summary = self_test(SelfTestConfig(out=tmp_path / "out", seed=1))
    assert summary["planted"] and summary["separated"]
    accuracy = {n: m["accuracy"]["real"]["estimate"] for n, m in summary["models"].items()}
    assert min(accuracy[name] for name in ("faithful", "hint", "watermark")) > 0.9
