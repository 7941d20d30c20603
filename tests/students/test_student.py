"""A student that is saved and loaded is the same student."""

import numpy as np
import pytest
import torch

from retia.errors import UserError
from retia.students.ask import ask, encode, prompt
from retia.students.embedded import EmbeddedSize, build
from retia.students.student import load_student


def logits(student, images):
    batch = encode(student, images, [prompt(student, "What is the stage?", i) for i in images])
    with torch.inference_mode():
        return student.model(**batch).logits.numpy()


def save(student, folder):
    student.model.save_pretrained(folder)
    student.processor.save_pretrained(folder)
    return folder


def test_saved_and_loaded_logits_are_identical(student, images, tmp_path):
    again = load_student(save(student, tmp_path))
    assert np.array_equal(logits(student, images), logits(again, images))
    assert ask(student, images, ["Where?"] * 5, 8) == ask(again, images, ["Where?"] * 5, 8)


def test_the_folder_opens_with_plain_transformers(student, tmp_path):
    from transformers import AutoModelForImageTextToText, AutoProcessor

    model = AutoModelForImageTextToText.from_pretrained(save(student, tmp_path))
    assert type(model).__name__ == "LlavaForConditionalGeneration"
    assert type(AutoProcessor.from_pretrained(tmp_path)).__name__ == "LlavaProcessor"


def test_the_same_seed_gives_the_same_weights(texts):
    size = EmbeddedSize(image_size=64, hidden_size=64, layers=1, vocabulary=400)
    own = build(texts, size, 0).model.state_dict()
    for seed, same in ((0, True), (1, False)):
        other = build(texts, size, seed).model.state_dict()
        assert all(torch.equal(own[k], other[k]) for k in own) == same


def test_any_text_can_be_written_and_digits_stand_alone(student):
    text = "μ-zone 123 [45, 6, 7, 890] ünknown"
    tokens = student.tokenizer(text, add_special_tokens=False)["input_ids"]
    assert student.tokenizer.decode(tokens) == text
    assert all(not t.isdigit() or len(t) == 1 for t in student.tokenizer.get_vocab())


def test_a_damaged_folder_is_refused(student, tmp_path):
    from safetensors.torch import load_file, save_file

    path = save(student, tmp_path) / "model.safetensors"
    tensors = load_file(path)
    tensors.pop(sorted(tensors)[-1])
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(UserError, match="1 tensors of the file and of the model do not match"):
        load_student(tmp_path)


def test_a_missing_folder_and_a_missing_base_are_refused(tmp_path):
    with pytest.raises(UserError, match="is no folder"):
        load_student(tmp_path / "none")
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "gone/base"}')
    with pytest.raises(UserError, match=r"gone/base.*no such folder"):
        load_student(tmp_path)
