"""A LLaVA with a CLIP tower goes the same way as the embedded student."""

import numpy as np
import pytest

from retia.errors import UserError
from retia.records import read_samples
from retia.students.ask import ask
from retia.students.embedded import CHAT_TEMPLATE, train_tokenizer
from retia.students.score import score
from retia.students.student import load_student
from retia.tuning.samples import training_template
from retia.tuning.settings import Round
from retia.tuning.sft import sft


@pytest.fixture(scope="module")
def llava(toy, tmp_path_factory):
    """Folder of a tiny LLaVA."""
    import torch
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    texts = [m.text for s in read_samples(toy / "samples") for m in s.messages]
    tokenizer = train_tokenizer(texts, 400)
    small = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}
    vision = CLIPVisionConfig(**small, num_hidden_layers=2, image_size=28, patch_size=14)
    text = LlamaConfig(
        **small,
        num_hidden_layers=1,
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            vision_config=vision,
            text_config=text,
            image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
            image_seq_length=4,
        )
    )
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(
            size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}
        ),
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=CHAT_TEMPLATE,
    )
    folder = tmp_path_factory.mktemp("llava")
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def test_it_is_asked_tuned_and_scored(llava, toy, tmp_path, config_of):
    student = load_student(llava)
    assert student.family.name == "llava"
    image = np.zeros((64, 64), np.uint8)
    assert isinstance(ask(student, [image], ["Which stage is it?"], 4)[0], str)
    before = score(student, [image], ["Which stage is it?"], ["It is NPDR."])[0]
    lora = Round(steps=6, method="lora", learning_rate=1e-2)
    sft(config_of(tmp_path, model=llava, cohort=None, stage1=Round(steps=0), stage2=lora))
    tuned = load_student(tmp_path)
    assert score(tuned, [image], ["Which stage is it?"], ["It is NPDR."])[0] > before


def test_a_template_without_marks_names_the_remedy(llava):
    student = load_student(llava)
    student.processor.chat_template = "{% for m in messages %}{{ m['role'] }}{% endfor %}"
    with pytest.raises(UserError, match=r"generation.*chat_template"):
        training_template(student)


def test_it_is_trained_on_rewards_by_an_adapter(llava, toy, tmp_path):
    """GRPO through TRL's own image path; the adapter is merged, the tower stays as it was."""
    import torch
    from grpo_toy import write_toy

    from retia.tuning.grpo import GrpoConfig, grpo

    config = GrpoConfig(
        samples=write_toy(toy),
        model=llava,
        out=tmp_path,
        steps=2,
        batch_size=2,
        generations=4,
        max_new_tokens=12,
        learning_rate=1e-2,
        held_out=4,
        copies=1,
        probe=4,
        allow_untuned=True,
    )
    grpo(config)
    before, after = (load_student(f).model.state_dict() for f in (llava, tmp_path))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and all("language_model" in name for name in changed)
