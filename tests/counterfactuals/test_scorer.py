"""Reading every image once gives the numbers that reading it for every answer gives."""

import numpy as np
import pytest

from retia.counterfactuals import student_scorer
from retia.students.score import score


def test_the_same_numbers_as_one_by_one(untrained):
    rng = np.random.default_rng(0)
    shapes = [(64, 64), (50, 70, 3), (64, 64)]
    images = [rng.integers(0, 255, shape).astype(np.uint8) for shape in shapes]
    asked = ["Is dropout seen?", "Where is dropout seen? Give the box.", "Is it?"]
    said = ["Yes.", "No dropout is seen.", "Yes, at [10, 20, 30, 40].", "", "Yes."]
    # More answers an image than a batch holds, and images mixed.
    rows = [(i % 3, i % 5, i) for i in range(100)]
    shown = [images[i] for i, _, _ in rows]
    questions = [asked[i] for i, _, _ in rows]
    answers = [said[j] + " No." * (n % 7) for _, j, n in rows]
    expected = score(untrained, shown, questions, answers)
    found = student_scorer(untrained)(shown, questions, answers)
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert np.ptp(expected) > 1e-3


def test_nothing_to_score(untrained):
    assert student_scorer(untrained)([], [], []) == []


def test_a_wrong_score_would_be_seen(untrained):
    """The comparison above is not one of constants: another image gives another score."""
    rng = np.random.default_rng(1)
    first, second = (rng.integers(0, 255, (64, 64)).astype(np.uint8) for _ in range(2))
    one, two = student_scorer(untrained)([first, second], ["Is it?"] * 2, ["Yes."] * 2)
    assert one != pytest.approx(two, abs=1e-6)
