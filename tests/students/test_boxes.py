"""Boxes survive the way to a family and back, and nothing else in a text is touched."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retia.students.boxes import from_family, to_family

SIDES = st.integers(32, 1000)


@given(
    height=SIDES,
    width=SIDES,
    corners=st.tuples(*[st.floats(0, 1)] * 4),
    convention=st.sampled_from(["relative_1000", "pixels", "resized_pixels"]),
)
def test_a_box_comes_back_within_a_pixel(height, width, corners, convention):
    box = [round(c * s) for c, s in zip(corners, (width, height, width, height), strict=True)]
    size, resized = (height, width), (1008, 1008)
    there = to_family(f"at {box}.", size, convention, resized)
    back = from_family(there, size, convention, resized)
    found = [int(n) for n in re.findall(r"\d+", back)]
    assert max(abs(a - b) for a, b in zip(found, box, strict=True)) <= 1


def test_relative_boxes_are_thousandths_of_the_sides():
    text = to_family("Here: [0, 76, 152, 304].", (304, 304), "relative_1000")
    assert text == "Here: [0, 250, 500, 1000]."


def test_other_numbers_and_brackets_stay():
    text = "5 microaneurysms [1, 2, 3] and 0.41 mm² [grown/area/4]."
    assert to_family(text, (304, 304), "relative_1000") == text


def test_resized_pixels_need_the_size_the_model_sees():
    with pytest.raises(ValueError, match="size the model sees"):
        to_family("[1, 2, 3, 4]", (10, 10), "resized_pixels")
