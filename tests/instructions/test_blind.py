"""The floor that questions alone reach, and the variety of answers."""

import pytest

from retia.instructions.blind import blind_accuracy
from retia.instructions.variety import WORDS, Variety
from retia.records import Gold, Message, Part, Sample


def asked(number, question, gold, split, answer="An answer."):
    text = (Part(type="text", text=question),)
    said = (Part(type="text", text=answer),)
    turn = Message(role="assistant", content=said, question_kind="k", gold=gold)
    messages = (Message(role="user", content=text), turn)
    return Sample(
        id=str(number), case="c", group=f"g{number}", images=(), messages=messages, split=split
    )


def yes_no(value):
    return Gold(type="yes_no", value=value)


def floor(pairs):
    """Accuracy of kind `k`: the same pairs of question and gold in training and in the test."""
    samples = [
        asked(i, question, gold, split)
        for split in ("train", "test")
        for i, (question, gold) in enumerate(pairs)
    ]
    return blind_accuracy(samples)["k"]["accuracy"]


def test_questions_that_hold_their_answer_are_found():
    leaking = [("Why is it PDR?", yes_no("yes")), ("Is it PDR?", yes_no("no"))] * 5
    fair = [("Is it PDR?", yes_no("yes")), ("Is it PDR?", yes_no("no"))] * 5
    assert floor(leaking) == 1.0
    assert floor(fair) == 0.5


def test_numbers_in_questions_do_not_make_them_new():
    boxes = [(f"What lies in [{n}, {n}, {2 * n}, {2 * n}]?", yes_no("yes")) for n in range(1, 9)]
    assert floor(boxes) == 1.0


@pytest.mark.parametrize(("slack", "expected"), [(0.0, 0.25), (1.0, 0.75), (3.0, 1.0)])
def test_numbers_are_right_within_their_tolerance(slack, expected):
    golds = [Gold(type="number", value=float(n), tolerance=slack) for n in (1, 2, 3, 4)]
    assert floor([("How many?", gold) for gold in golds]) == expected


def test_without_a_test_question_there_is_no_floor():
    assert blind_accuracy([asked(0, "Is it?", yes_no("yes"), "train")]) == {}


def test_without_splits_groups_are_halved():
    samples = [asked(n, "Is it?", yes_no("yes"), None) for n in range(40)]
    found = blind_accuracy(samples)["k"]
    assert found["accuracy"] == 1.0
    assert 5 < found["n"] < 35


def test_distinct_counts_different_runs_of_words():
    variety = Variety()
    variety.add(asked(0, "?", yes_no("yes"), "train", "No IRMA. No IRMA."))
    assert variety.distinct() == {"distinct-1": 0.5, "distinct-2": 0.66667, "distinct-3": 1.0}


def test_distinct_does_not_fall_with_the_size_of_the_set():
    texts = " ".join(f"w{'abcdefghij'[n % 10]} v{'abcdefg'[n % 7]}" for n in range(WORDS // 2))
    variety = Variety()
    variety.add(asked(0, "?", yes_no("yes"), "train", texts))
    before = variety.distinct()
    variety.add(asked(1, "?", yes_no("yes"), "train", texts))
    assert variety.distinct() == before
