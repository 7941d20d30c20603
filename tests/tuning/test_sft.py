"""A run ends in a student that has learned its samples, however often it was killed."""

import json

import pytest

from retia.errors import CheckFailedError, UserError
from retia.images import read_picture
from retia.records import read_cases
from retia.students.ask import ask
from retia.students.score import score
from retia.students.student import load_student
from retia.tuning import rounds
from retia.tuning.settings import Round
from retia.tuning.sft import sft
from retia.tuning.verify import load_verified, save_student

COMPARED = ("model.safetensors", "tokenizer.json", "metrics.jsonl", "run.json", "README.md")


def contents(folder):
    return {name: (folder / name).read_bytes() for name in COMPARED}


def test_the_trained_answer_scores_above_a_wrong_one(tuned, toy):
    student = load_student(tuned)
    cases = [c for c in read_cases(toy / "cohort") if c.split == "train"][:12]
    images = [read_picture(toy / "cohort" / c.file_name) for c in cases]
    names = {"npdr": "It is NPDR.", "healthy": "It is healthy."}
    right = [names[c.stage] for c in cases]
    wrong = [names["healthy" if c.stage == "npdr" else "npdr"] for c in cases]
    questions = ["Which stage is it?"] * len(cases)
    better = zip(
        score(student, images, questions, right),
        score(student, images, questions, wrong),
        strict=True,
    )
    assert sum(a > b for a, b in better) >= 10
    answers = ask(student, images, questions, max_new_tokens=12)
    assert sum(a == b for a, b in zip(answers, right, strict=True)) >= 10


def test_the_folder_has_card_metrics_and_disclaimer(tuned):
    from retia.disclaimer import DISCLAIMER

    card = (tuned / "README.md").read_text()
    assert DISCLAIMER in card
    assert card.startswith("---\nlicense: mit")
    rows = [json.loads(line) for line in (tuned / "metrics.jsonl").read_text().splitlines()]
    assert [p for p in dict.fromkeys(r["part"] for r in rows)] == ["tower", "stage1", "stage2"]
    losses = [r["loss"] for r in rows if r["part"] == "stage1" and "loss" in r]
    assert losses[-1] < losses[0]
    assert any("eval_loss" in r for r in rows)
    assert not (tuned / ".partial").exists()


def test_a_killed_run_resumes_and_ends_with_the_same_bytes(tmp_path, config_of, monkeypatch):
    sft(config_of(tmp_path / "whole"))
    train = rounds.train_round

    def killed(*args, **kwargs):
        if args[4] == "stage2":
            raise KeyboardInterrupt
        return train(*args, **kwargs)

    monkeypatch.setattr(rounds, "train_round", killed)
    with pytest.raises(KeyboardInterrupt):
        sft(config_of(tmp_path / "broken"))
    assert not (tmp_path / "broken" / "run.json").exists()
    started = []

    def watched(*args, **kwargs):
        started.append(args[4])
        return train(*args, **kwargs)

    monkeypatch.setattr(rounds, "train_round", watched)
    sft(config_of(tmp_path / "broken"))
    assert started == ["stage2"]
    assert contents(tmp_path / "broken") == contents(tmp_path / "whole")
    sft(config_of(tmp_path / "broken"))
    assert started == ["stage2"], "a finished run is not run again"


def test_lora_on_a_given_model_gives_a_plain_folder(tuned, tmp_path, config_of):
    lora = Round(steps=3, method="lora", rank=4)
    sft(config_of(tmp_path, model=tuned, cohort=None, stage1=Round(steps=0), stage2=lora))
    assert not (tmp_path / "adapter_config.json").exists()
    before, after = (load_student(f).model.state_dict() for f in (tuned, tmp_path))
    changed = [k for k in before if not before[k].equal(after[k])]
    assert changed
    assert all("language_model.layers" in k for k in changed)


def test_parts_with_other_tensors_than_saved_are_refused(tuned, tmp_path):
    import torch

    student = load_student(tuned)
    save_student(student, tmp_path)
    load_verified(tmp_path)
    with torch.no_grad():
        student.model.lm_head.weight += 1
    student.model.save_pretrained(tmp_path)
    with pytest.raises(CheckFailedError, match="are not those saved"):
        load_verified(tmp_path)


def test_without_model_and_cohort_the_shipped_student_is_tuned(
    tuned, tmp_path, config_of, monkeypatch
):
    from retia import weights

    monkeypatch.setattr(weights, "student_folder", lambda: tuned)
    rounds = {"stage1": Round(steps=0), "stage2": Round(steps=2)}
    sft(config_of(tmp_path, cohort=None, **rounds))
    assert f"base_model: {tuned.name}" in (tmp_path / "README.md").read_text()


def test_a_run_without_anything_to_do_is_refused(config_of, tmp_path):
    with pytest.raises(UserError, match="no sample of the train split"):
        sft(config_of(tmp_path, stage1=Round(steps=0), stage2=Round(steps=0)))


def test_settings_that_cannot_work_are_refused():
    with pytest.raises(UserError, match=r"replay is 1\.0"):
        Round(replay=1.0)


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_tuned_student_learns_new_words(tuned, toy, tmp_path, method):
    """The same command on samples with words the student's tokenizer does not hold."""
    from dataclasses import replace

    from retia.records import Message, Part, read_samples, write_samples
    from retia.tuning.sft import SftConfig

    def reworded(message: Message) -> Message:
        text = message.text.replace("It is NPDR", "Gallbladder packaging")
        text = text.replace("It is healthy", "Calot dissection")
        return replace(message, content=(*message.content[:-1], Part(type="text", text=text)))

    samples = [
        replace(s, stage="stage1", messages=tuple(map(reworded, s.messages)))
        for s in read_samples(toy / "samples")
        if s.stage == "stage2"
    ]
    write_samples(tmp_path / "samples", samples)
    cohort = toy / "cohort"
    for folder in ("samples", "student"):
        (tmp_path / folder).mkdir(exist_ok=True)
    samples = [replace(s, images=(str(cohort / s.images[0][10:]),)) for s in samples]
    write_samples(tmp_path / "samples", samples)
    rounds = Round(method=method, steps=60, learning_rate=5e-3, warmup_steps=5)
    sft(
        SftConfig(
            samples=tmp_path / "samples",
            model=tuned,
            stage1=rounds,
            stage2=Round(steps=0),
            out=tmp_path / "student",
        )
    )
    before, student = load_student(tuned), load_student(tmp_path / "student")
    assert len(student.tokenizer) > len(before.tokenizer)
    cases = [c for c in read_cases(cohort) if c.split == "train"][:12]
    images = [read_picture(cohort / c.file_name) for c in cases]
    right = ["Gallbladder packaging." if c.findings else "Calot dissection." for c in cases]
    answers = ask(student, images, ["Which stage is it?"] * 12, max_new_tokens=12)
    assert sum(a == b for a, b in zip(answers, right, strict=True)) >= 10
