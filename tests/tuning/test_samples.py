"""What the loss is computed on: the answers, all of them, and nothing else."""

import numpy as np
import pytest
import torch

from retia.images import read_picture
from retia.records import read_samples
from retia.students.student import load_student
from retia.tuning.samples import (
    IGNORED,
    PAD_TO,
    image_tokens,
    make_collator,
    to_dataset,
    to_rows,
    tokenize,
    training_template,
)


@pytest.fixture(scope="module")
def student(tuned):
    return load_student(tuned)


def test_labels_cover_exactly_the_answers(student, toy):
    samples = read_samples(toy / "samples")
    for row, sample in zip(to_rows(samples, toy / "samples", student), samples, strict=True):
        ids, labels = tokenize(student, row["messages"], image_tokens(student))
        answers = [m for m in row["messages"] if m["role"] == "assistant"]
        wanted = "".join(m["content"][0]["text"] + "<|end|>" for m in answers)
        assert student.tokenizer.decode(labels[labels != IGNORED]) == wanted
        assert (ids == student.model.config.image_token_id).sum() == 16 * len(sample.images)


def test_boxes_stand_in_the_family_s_numbers(student, toy):
    samples = [s for s in read_samples(toy / "samples") if "[" in s.answers[0].text]
    row = to_rows(samples[:1], toy / "samples", student)[0]
    assert row["messages"][1]["content"][0]["text"] != samples[0].answers[0].text


def test_cached_batches_equal_those_of_trl(student, toy):
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    rows = to_rows(read_samples(toy / "samples")[:6], toy / "samples", student)
    trl = DataCollatorForVisionLanguageModeling(
        student.processor,
        assistant_only_loss=True,
        chat_template=training_template(student),
        pad_to_multiple_of=PAD_TO,
    )
    theirs = trl([dict(row) for row in to_dataset(rows, lazy_images=True)])
    ours = make_collator(student)(list(to_dataset(rows, lazy_images=False)))
    for name in ("input_ids", "attention_mask", "labels"):
        assert torch.equal(theirs[name], ours[name]), name
    assert torch.allclose(theirs["pixel_values"].float(), ours["pixel_values"], atol=1e-5)


def test_mirrored_batches_mirror_pixels_and_boxes_together(student, toy):
    """The box of a mirrored row frames the dark disc of the mirrored image."""
    import re

    samples = [s for s in read_samples(toy / "samples") if "[" in s.answers[0].text][:8]
    collate = make_collator(student, flips=True, seed=3)
    batch = collate(to_rows(samples, toy / "samples", student))
    for labels, pixels in zip(batch["labels"], batch["pixel_values"], strict=True):
        text = student.tokenizer.decode(labels[labels != IGNORED])
        x0, y0, x1, y1 = (int(n) * 64 // 1000 for n in re.findall(r"\d+", text))
        inside = pixels[0, y0 + 6 : y1 - 6, x0 + 6 : x1 - 6].mean()
        assert inside < -0.7 < 0 < np.median(pixels[0])


def test_a_damaged_image_is_named(tmp_path):
    from retia.errors import UserError

    path = tmp_path / "broken.png"
    path.write_bytes(b"no image")
    with pytest.raises(UserError, match=r"broken\.png is no readable image"):
        read_picture(path)
