"""Preflight refuses what would ruin a run in silence, one line a problem."""

import json
from dataclasses import replace

import pytest

from retia.errors import CheckFailedError
from retia.records import Message, Part, read_samples, write_samples
from retia.students.student import load_student
from retia.tuning.preflight import PreflightConfig, find_problems, preflight, refuse, spelled_share
from retia.tuning.preflight.prompts import (
    asked_of,
    carry_prompts,
    check_prompts,
    prompts_of,
    read_prompts,
)
from retia.tuning.samples import image_tokens, to_rows, tokenize


@pytest.fixture(scope="module")
def samples(toy):
    return read_samples(toy / "samples")


def checks(samples, folder, student=None):
    return [p.check for p in find_problems(samples, folder, student)]


def said(sample, text):
    answer = Message(role="assistant", content=(Part(type="text", text=text),))
    return replace(sample, messages=(sample.messages[0], answer))


def test_a_student_carries_its_prompts_and_others_are_refused(samples, toy, tuned, tmp_path):
    """Prompt texts travel with the model folder; samples with another system message differ."""
    assert read_prompts(tuned) == prompts_of(samples)
    assert check_prompts(samples, tuned) == []
    brief = Message(role="system", content=(Part(type="text", text="Be brief."),))
    told = replace(samples[0], messages=(brief, *samples[0].messages))
    assert [p.check for p in check_prompts([told, samples[1]], tuned)] == ["prompts"]
    carry_prompts(tuned, tmp_path)
    carried = json.loads((tmp_path / "prompts.json").read_text())
    assert carried["asked"]["octa"] == asked_of("octa")
    (tmp_path / "prompts.json").write_text(json.dumps(carried | {"asked": {"octa": "Well?"}}))
    (problem,) = check_prompts(samples, tmp_path)
    assert "another question" in problem.text


def test_image_tokens_count_in_the_context(samples, toy, tuned):
    """A text that fits alone does not fit beside its image."""
    student = load_student(tuned)
    per_image = image_tokens(student)
    _, labels = tokenize(student, to_rows(samples[:1], toy / "samples", student)[0]["messages"], 1)
    student.tokenizer.model_max_length = len(labels) + per_image // 2
    assert checks(samples[:1], toy / "samples", student) == ["length"]
    student.tokenizer.model_max_length = len(labels) + per_image
    assert checks(samples[:1], toy / "samples", student) == []


def test_good_samples_pass(samples, toy, tuned, tmp_path):
    assert checks(samples, toy / "samples", load_student(tuned)) == []
    preflight(PreflightConfig(samples=toy / "samples", model=tuned, out=tmp_path / "out"))
    assert (tmp_path / "out" / "run.json").is_file()


def test_an_answer_that_no_loss_would_see_is_refused(samples, toy, tuned):
    student = load_student(tuned)
    student.processor.chat_template = student.processor.chat_template.replace(
        "{% generation %}{{ render(message['content']) }}<|end|>{% endgeneration %}",
        "{{ render(message['content']) }}<|end|>{% generation %}{% endgeneration %}",
    )
    problems = find_problems(samples, toy / "samples", student)
    assert [p.check for p in problems] == ["labels"]
    with pytest.raises(CheckFailedError, match="no token of the answer would be learned"):
        refuse(problems)


def test_an_answer_beyond_what_the_model_can_read_is_refused(samples, toy, tuned):
    long = said(samples[0], "No dropout. " * 400)
    assert checks([long], toy / "samples", load_student(tuned)) == ["length"]


def test_duplicates_cut_groups_and_silence_are_refused(samples, toy):
    folder = toy / "samples"
    assert checks([samples[0], samples[0]], folder) == ["ids"]
    assert checks([samples[0], replace(samples[1], split="test")], folder) == ["splits"]
    assert checks([said(samples[0], " ")], folder) == ["answers"]
    silent = replace(samples[0], messages=samples[0].messages[:1])
    assert checks([silent], folder) == ["answers"]


def test_missing_images_and_missing_image_parts_are_refused(samples, toy):
    gone = replace(samples[0], images=("../cohort/images/none.png",))
    assert checks([gone], toy / "samples") == ["images"]
    blind = replace(samples[0], images=())
    assert checks([blind], toy / "samples") == ["images"]


def test_unknown_words_are_a_warning(samples, toy, tuned):
    student = load_student(tuned)
    strange = said(samples[0], "Quizzical zygomatic phlebology everywhere.")
    problems = find_problems([strange], toy / "samples", student)
    assert [(p.check, p.fatal) for p in problems] == [("words", False)]
    refuse(problems)
    assert spelled_share(student, "Yes, dropout healthy stage") == 0


def test_sft_refuses_before_it_trains(samples, toy, tmp_path, config_of):
    from retia.tuning.sft import sft

    bad = toy / "bad"
    write_samples(bad, [samples[0], samples[0]])
    with pytest.raises(CheckFailedError, match="more than once"):
        sft(config_of(tmp_path, samples=bad))
    assert not (tmp_path / "model.safetensors").exists()
