"""Mirrored words stay true: a mirrored right eye is a left eye."""

from hypothesis import given
from hypothesis import strategies as st

from retia.tuning.flips import FLIPS, flip_hour, flip_texts


def test_a_named_eye_changes_sides_and_nasal_stays_nasal():
    texts = ["This is a right eye. Stage?", "NPDR, dropout in the superior-nasal quadrant."]
    assert flip_texts(texts, True, False) == [
        "This is a left eye. Stage?",
        "NPDR, dropout in the superior-nasal quadrant.",
    ]


def test_without_a_named_eye_nasal_and_temporal_swap():
    texts = ["Describe the superior-nasal quadrant.", "Superior dropout."]
    assert flip_texts(texts, True, True) == [
        "Describe the inferior-temporal quadrant.",
        "Inferior dropout.",
    ]


def test_boxes_and_hours_move_with_the_image():
    text = ["Tuft at 10 o'clock, [100, 200, 300, 450]."]
    assert flip_texts(text, True, False) == ["Tuft at 2 o'clock, [700, 200, 900, 450]."]
    assert flip_texts(text, False, True) == ["Tuft at 8 o'clock, [100, 550, 300, 800]."]


def test_quadrants_stay_in_the_usual_order():
    text = ["seen in the superior-temporal, superior-nasal and inferior-nasal quadrants of an eye"]
    assert flip_texts(text, False, True) == [
        "seen in the superior-nasal, inferior-temporal and inferior-nasal quadrants of an eye"
    ]


def test_12_and_6_swap_when_top_and_bottom_do():
    assert [flip_hour(h, False, True) for h in (12, 6, 3, 9)] == [6, 12, 3, 9]
    assert [flip_hour(h, True, False) for h in (12, 6, 3, 9)] == [12, 6, 9, 3]


@given(
    st.lists(
        st.sampled_from(
            ["OD", "right eye", "nasal", "superior", "3 o'clock", "[1, 2, 30, 400]", "FAZ", "left"]
        ),
        max_size=6,
    ),
    st.sampled_from(FLIPS),
)
def test_mirroring_twice_changes_nothing(words, flip):
    texts = [" and ".join(words), "OS or not"]
    assert flip_texts(flip_texts(texts, *flip), *flip) == texts
