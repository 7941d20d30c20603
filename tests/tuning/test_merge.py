"""Merged weights answer as the adapter did."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from retia.errors import CheckFailedError, UserError
from retia.students.ask import encode, prompt
from retia.students.student import load_student
from retia.tuning.merge import MergeConfig, merge, merge_to
from retia.tuning.verify import logits_of


@pytest.fixture
def adapter(tuned, tmp_path):
    """Folder of an adapter with random weights."""
    from peft import LoraConfig, get_peft_model

    student = load_student(tuned)
    config = LoraConfig(r=4, target_modules=student.family.lora_targets)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft 0.21 uses an old transformers name
        model = get_peft_model(student.model, config)
    torch.manual_seed(0)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_" in name:
                weight.normal_(std=0.1)
    model.save_pretrained(tmp_path / "adapter")
    return tmp_path / "adapter"


def logits(student):
    image = np.random.default_rng(1).integers(0, 256, (64, 64), dtype=np.uint8)
    return logits_of(student, dict(encode(student, [image], [prompt(student, "Stage?", image)])))


def test_adapter_merged_and_reloaded_agree(adapter, tuned, tmp_path):
    merge(MergeConfig(model=adapter, out=tmp_path / "plain"))
    merged, with_adapter = load_student(tmp_path / "plain"), load_student(adapter)
    assert np.abs(logits(merged) - logits(with_adapter)).max() < 1e-4
    assert np.abs(logits(merged) - logits(load_student(tuned))).max() > 1e-2


def test_a_merge_that_changes_answers_is_refused(adapter, tmp_path, monkeypatch):
    student = load_student(adapter)
    honest = student.model.merge_and_unload

    def lossy():
        model = honest()
        with torch.no_grad():
            model.lm_head.weight += 0.1 * torch.randn_like(model.lm_head.weight)
        return model

    monkeypatch.setattr(student.model, "merge_and_unload", lossy, raising=False)
    with pytest.raises(CheckFailedError, match="adapter against merged"):
        merge_to(replace(student), tmp_path / "plain")
    assert not (tmp_path / "plain").exists()


def test_a_plain_model_is_no_adapter(tuned, tmp_path):
    with pytest.raises(UserError, match=r"no adapter_config\.json"):
        merge(MergeConfig(model=tuned, out=tmp_path))


def test_a_kept_adapter_merges_to_what_sft_would_have_merged(config_of, tuned, tmp_path):
    from retia.tuning.settings import Round
    from retia.tuning.sft import sft

    settings = {
        "model": tuned,
        "cohort": None,
        "stage1": Round(steps=0),
        "stage2": Round(method="lora", steps=3, learning_rate=1e-2),
    }
    sft(config_of(tmp_path / "merged", **settings))
    sft(config_of(tmp_path / "kept", keep_adapter=True, **settings))
    assert (tmp_path / "kept" / "adapter_config.json").is_file()
    merge(MergeConfig(model=tmp_path / "kept", out=tmp_path / "plain"))
    merged, later = load_student(tmp_path / "merged"), load_student(tmp_path / "plain")
    assert np.abs(logits(merged) - logits(later)).max() < 1e-5
    assert np.abs(logits(merged) - logits(load_student(tuned))).max() > 1e-3
    # The folder can be moved: the base is named relative to it.
    (tmp_path / "kept").rename(tmp_path / "moved")
    assert np.abs(logits(load_student(tmp_path / "moved")) - logits(later)).max() < 1e-4


def test_keeping_an_adapter_that_is_none_is_refused(config_of, tmp_path):
    from retia.tuning.sft import sft

    with pytest.raises(UserError, match="keep-adapter"):
        sft(config_of(tmp_path / "out", keep_adapter=True))
