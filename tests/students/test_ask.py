"""Greedy answers depend on the student, the image and the question, and on nothing else."""

import numpy as np
import pytest

from retia.errors import UserError
from retia.records import Message, Part
from retia.students.ask import ask, ask_aloud, prompt
from retia.students.sample import draw
from retia.students.score import score


def turn(role, text):
    return Message(role=role, content=(Part(type="text", text=text),))


def test_answers_do_not_depend_on_batch_size_or_company(student, images):
    questions = ["Where?", "What is the stage?", "The eye?", "PDR or NPDR?", "Where is it, then?"]
    together = ask(student, images, questions, max_new_tokens=12, batch_size=5)
    assert ask(student, images, questions, max_new_tokens=12, batch_size=1) == together
    assert ask(student, images, questions, max_new_tokens=12, batch_size=2) == together
    assert any(together)


def test_boxes_of_questions_are_pixels_and_become_thousandths(student, images):
    text = prompt(student, "What is in [0, 0, 48, 72]?", images[0])
    assert text == "<|user|><image>What is in [0, 0, 500, 1000]?<|end|><|assistant|>"


def test_earlier_turns_stand_before_the_question(student, images):
    turns = [turn("user", "Where?"), turn("assistant", "Here."), turn("user", "Why?")]
    text = prompt(student, turns, images[0])
    assert text.count("<image>") == 1
    assert text.endswith("Here.<|end|><|user|>Why?<|end|><|assistant|>")


def test_a_conversation_must_end_with_the_user(student, images):
    with pytest.raises(UserError, match="last turn is assistant"):
        ask(student, images[:1], [[turn("user", "Where?"), turn("assistant", "Here.")]])


def test_wrong_images_and_counts_are_refused(student, images):
    with pytest.raises(UserError, match="5 images, but 1 texts"):
        ask(student, images, ["Where?"])
    with pytest.raises(UserError, match="float64"):
        ask(student, [np.zeros((8, 8))], ["Where?"])


def test_scores_do_not_depend_on_batch_size_or_company(student, images):
    answers = ["The eye is healthy.", "PDR", "", "[10, 20, 30, 40]", "NPDR."]
    questions = ["What is the stage?", "Where?", "Where?", "Why, then?", "The eye?"]
    together = score(student, images, questions, answers)
    alone = score(student, images, questions, answers, batch_size=1)
    assert together == pytest.approx(alone, abs=1e-4)
    assert together[2] == 0
    assert all(s < 0 for i, s in enumerate(together) if i != 2)


def test_how_likely_an_answer_was_is_what_decoding_each_token_again_gives(student, images):
    import torch

    from retia.students.ask import encode

    question = "What is the stage?"
    for image in images[:3]:
        ((text, logprob),) = ask_aloud(student, [image], [question], max_new_tokens=6)
        batch = encode(student, [image], [prompt(student, question, image)])
        with torch.inference_mode():
            tokens = student.model.generate(**batch, max_new_tokens=6, do_sample=False)
            start = batch["input_ids"].shape[1]
            # All tokens at once, past the prompt, as one reading of the whole.
            whole = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
            logits = student.model(**{**batch, **whole}).logits[:, start - 1 : -1]
        new = tokens[0, start:]
        each = torch.log_softmax(logits.float(), -1)[0].gather(1, new[:, None])[:, 0]
        said = [t not in student.tokenizer.all_special_ids for t in new.tolist()]
        assert logprob == pytest.approx(float(each[said].mean()), abs=1e-4)
        assert text == ask(student, [image], [question], max_new_tokens=6)[0]


def test_how_likely_answers_were_does_not_depend_on_their_company(student, images):
    questions = ["Where?", "What is the stage?", "The eye?", "PDR or NPDR?", "Where is it, then?"]
    together = ask_aloud(student, images, questions, max_new_tokens=12)
    alone = ask_aloud(student, images, questions, max_new_tokens=12, batch_size=1)
    assert [text for text, _ in together] == [text for text, _ in alone]
    assert [p for _, p in together] == pytest.approx([p for _, p in alone], abs=1e-4)


def test_draws_follow_the_seed_and_the_models_own_probabilities(student, images):
    import torch

    from retia.students.ask import encode

    questions = ["Where?"] * len(images)
    first, again, other = (
        draw(student, images, questions, temperature=0.7, max_new_tokens=8, seed=seed)
        for seed in (1, 1, 2)
    )
    assert first == again != other
    # So cold that only the likeliest token is ever drawn.
    cold = draw(student, images, questions, temperature=1e-3, max_new_tokens=8, seed=1)
    assert cold == ask(student, images, questions, max_new_tokens=8)
    # The first token, drawn often, comes as often as the model says.
    count = 400
    drawn = draw(student, images[:1] * count, questions[:1] * count, 1.0, 1, 0, batch_size=100)
    batch = encode(student, images[:1], [prompt(student, questions[0], images[0])])
    with torch.inference_mode():
        chances = torch.softmax(student.model(**batch).logits[0, -1].float(), -1)
    likeliest = int(chances.argmax())
    text = student.tokenizer.decode([likeliest], skip_special_tokens=True).strip()
    same = [
        i
        for i in range(len(chances))
        if student.tokenizer.decode([i], skip_special_tokens=True).strip() == text
    ]
    p = float(chances[same].sum())
    assert abs(drawn.count(text) / count - p) < 4 * (p * (1 - p) / count) ** 0.5 + 1e-9
