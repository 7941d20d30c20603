"""Right answers match, wrong ones do not, whatever their type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retia.claims import answer_matches, iou
from retia.records import Gold

RIGHT = [
    ("Yes. IRMA is seen.", Gold(type="yes_no", value="yes")),
    ("No IRMA is seen.", Gold(type="yes_no", value="no")),
    ("IRMA is seen.", Gold(type="yes_no", value="yes")),
    ("There are five microaneurysms.", Gold(type="number", value=5.0)),
    ("No microaneurysms are seen.", Gold(type="number", value=0.0)),
    ("About 4", Gold(type="number", value=5.0, tolerance=1.0)),
    ("The FAZ area is 0.41 mm².", Gold(type="number", value=0.4, tolerance=0.06, unit="mm²")),
    ("[10, 10, 20, 20]", Gold(type="box", value="10,10,20,21")),
    ('{"answer": "NPDR"}', Gold(type="stage", value="NPDR")),
    ("not PDR but NPDR", Gold(type="stage", value="npdr")),
    (
        "Dropout is seen in the inferior-nasal and superior-nasal quadrants.",
        Gold(type="set", value=("superior-nasal", "inferior-nasal")),
    ),
    ("There is no IRMA.", Gold(type="set", value=())),
    ("Severe dropout is seen.", Gold(type="choice", value="capillary dropout")),
    ("No neovascularization is seen.", Gold(type="set", value=("no neovascularization",))),
    ("The superior-nasal quadrant.", Gold(type="choice", value="superior-nasal")),
    ("A  left kidney", Gold(type="text", value="the left kidney.")),
]
WRONG = [
    ("normal", Gold(type="yes_no", value="no")),
    ("", Gold(type="yes_no", value="yes")),
    ("nodule", Gold(type="text", value="no")),
    ("There are 6 microaneurysms.", Gold(type="number", value=5.0)),
    ("0.41", Gold(type="number", value=0.4, tolerance=0.06, unit="mm²")),
    ("many", Gold(type="number", value=0.0)),
    ("[10, 10, 20, 20]", Gold(type="box", value="18,18,30,30")),
    ("no box", Gold(type="box", value="18,18,30,30")),
    ('{"answer": "PDR", "caption": "NPDR"}', Gold(type="stage", value="NPDR")),
    (
        "All of superior-nasal, inferior-nasal, inferior-temporal.",
        Gold(type="set", value=("superior-nasal", "inferior-nasal")),
    ),
    ("IRMA is seen.", Gold(type="set", value=())),
    ("", Gold(type="set", value=())),
    ("Dropout and IRMA are seen.", Gold(type="choice", value="capillary dropout")),
    ("Neovascularization is seen.", Gold(type="set", value=("no neovascularization",))),
]


@pytest.mark.parametrize(("text", "gold"), RIGHT)
def test_right(text, gold):
    assert answer_matches(text, gold)


@pytest.mark.parametrize(("text", "gold"), WRONG)
def test_wrong(text, gold):
    assert not answer_matches(text, gold)


boxes = st.tuples(*[st.integers(0, 50)] * 4).map(
    lambda b: (b[0], b[1], b[0] + b[2] + 1, b[1] + b[3] + 1)
)


@given(boxes, boxes)
def test_iou_is_symmetric_and_one_only_for_the_same_box(a, b):
    assert iou(a, b) == iou(b, a)
    assert 0 <= iou(a, b) <= 1
    assert (iou(a, b) == 1) == (a == b)
