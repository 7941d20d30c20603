"""Greedy answers depend on the student, the image and the question, and on nothing else."""

import numpy as np
import pytest

from retia.errors import UserError
from retia.records import Message, Part
from retia.students.ask import ask, prompt
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
