"""Boxes over a set: average precision by hand and against a plain reference."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retia.claims import iou
from retia.evaluation.answers.boxes import Boxes, average_precision, box_numbers, hits
from retia.evaluation.answers.grounding import grounding_numbers
from retia.evaluation.answers.scores import read_answer
from retia.evaluation.plan.items import Item
from retia.evaluation.report.answers_report import add_grounding
from retia.figures import Report
from retia.records import Case, Finding, Gold

SETTINGS = {"resamples": 200, "level": 0.95, "seed": 0}
HERE, THERE = (0.0, 0.0, 10.0, 10.0), (50.0, 50.0, 60.0, 60.0)


def image(*said, true=(HERE,)):
    return Boxes(true=tuple(true), said=tuple(said))


def test_average_precision_by_hand():
    # Surest first: hit, miss, hit; two are there. Precision 1 up to recall 1/2, 2/3 up to 1.
    images = [image((0.9, HERE)), image((0.8, THERE), true=()), image((0.7, HERE))]
    assert average_precision(images) == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)
    # The same boxes with the miss first: 1/2 and 2/3, and precision never rises to the left.
    images = [image((0.8, HERE)), image((0.9, THERE), true=()), image((0.7, HERE))]
    assert average_precision(images) == pytest.approx(2 / 3)


def test_without_confidence_it_is_precision_at_the_recall_that_is_reached():
    images = [image((0.0, HERE)), image((0.0, THERE)), image(), image((0.0, HERE))]
    # Three boxes, two of them right, four there: precision 2/3 up to recall 1/2.
    assert average_precision(images) == pytest.approx(51 / 101 * 2 / 3)
    assert average_precision(images[::-1]) == average_precision(images)


def test_perfect_none_and_nothing_to_find():
    assert average_precision([image((0.3, HERE)), image((0.1, HERE))]) == 1.0
    assert average_precision([image(), image()]) == 0.0
    assert math.isnan(average_precision([image((1.0, HERE), true=())]))
    assert math.isnan(average_precision([]))


def test_a_thing_is_hit_once_by_the_surest_box():
    double = image((0.2, HERE), (0.9, (0, 0, 10, 9)), (0.5, THERE), true=(HERE, THERE))
    assert hits(double) == [(0.9, True), (0.5, True), (0.2, False)]
    # Two things, one box between them: it goes to the one it covers more of.
    near = image((1.0, (0, 0, 10, 10)), true=((0, 3, 10, 13), (0, 1, 10, 11)))
    assert hits(near) == [(1.0, True)]
    assert hits(image((1.0, (0, 0, 10, 5)))) == [(1.0, True)]
    assert hits(image((1.0, (0, 0, 10, 4.9)))) == [(1.0, False)]


def reference(images):
    """Lin et al. 2014, word by word; confidences must differ."""
    pool = sorted(
        ((sure, n, box) for n, one in enumerate(images) for sure, box in one.said), reverse=True
    )
    free = [list(one.true) for one in images]
    total = sum(map(len, free))
    points, right = [], 0
    for count, (_, n, box) in enumerate(pool, 1):
        best = max(free[n], key=lambda true: iou(box, true), default=None)
        if best is not None and iou(box, best) >= 0.5:
            free[n].remove(best)
            right += 1
        points.append((right / total, right / count))
    at = [max((p for r, p in points if r >= step / 100 - 1e-9), default=0.0) for step in range(101)]
    return sum(at) / 101


BOX = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(
    lambda corner: (corner[0] * 3.0, corner[1] * 3.0, corner[0] * 3.0 + 9, corner[1] * 3.0 + 9)
)
SETS = st.lists(
    st.tuples(st.lists(BOX, max_size=2), st.lists(BOX, max_size=3)), min_size=1, max_size=6
)


@given(SETS, st.randoms())
def test_average_precision_is_the_reference(sets, rng):
    count = sum(len(said) for _, said in sets)
    sure = iter(rng.sample(range(100), count))
    images = [
        Boxes(true=tuple(true), said=tuple((next(sure) / 100, box) for box in said))
        for true, said in sets
    ]
    if any(true for true, _ in sets):
        assert average_precision(images) == pytest.approx(reference(images))


def row_of(said, number, kind="box", **more):
    case = Case(file_name="a.png", id=f"c{number}", group=f"g{number}", modality="radiology")
    gold = Gold(type="box", value="0,0,10,10")
    item = Item(case=case, question="Where?", question_kind=kind, gold=gold)
    return read_answer(item, said, **more)


def test_numbers_of_questions_for_a_box():
    texts = ["[0, 0, 10, 10]", "[0, 0, 10, 8]", "[50, 50, 60, 60]", "nowhere"] * 3
    rows = [row_of(text, n) for n, text in enumerate(texts)]
    clusters = [row.item.case.group for row in rows]
    numbers = box_numbers(rows, clusters, SETTINGS)
    assert numbers is not None
    assert numbers["questions"] == 12 and numbers["ordered"] is False
    assert numbers["given"].estimate == pytest.approx(3 / 4)
    assert numbers["iou"].estimate == pytest.approx(1.8 / 4)
    assert numbers["hit"].estimate == pytest.approx(1 / 2)
    assert numbers["mean_average_precision"].estimate == pytest.approx(51 / 101 * 2 / 3)
    assert numbers["mean_average_precision"].covers(51 / 101 * 2 / 3)
    # Who is surer where it is right scores better; each kind of question is a class of its own.
    sure = [-0.1, -0.2, -3.0, None] * 3
    told = [row_of(t, n, confidence=s) for n, (t, s) in enumerate(zip(texts, sure, strict=True))]
    better = box_numbers(told, clusters, SETTINGS)
    assert better is not None and better["ordered"] is True
    assert better["mean_average_precision"].estimate == pytest.approx(51 / 101)
    kinds = [row_of(text, n, kind=str(n % 2)) for n, text in enumerate(texts)]
    halves = box_numbers(kinds, clusters, SETTINGS)
    assert halves is not None
    even, odd = (average_precision(images) for images in _halves(texts))
    assert halves["mean_average_precision"].estimate == pytest.approx((even + odd) / 2)
    assert box_numbers([], [], SETTINGS) is None


def _halves(texts):
    boxes = {"[0, 0, 10, 10]": HERE, "[0, 0, 10, 8]": (0, 0, 10, 8), "[50, 50, 60, 60]": THERE}
    images = [image((0.0, boxes[text])) if text in boxes else image() for text in texts]
    return images[::2], images[1::2]


def test_a_confidence_that_is_not_always_told_orders_nothing():
    rows = [row_of("[0, 0, 10, 10]", 0, confidence=-1.0), row_of("[0, 0, 10, 10]", 1)]
    numbers = box_numbers(rows, ["a", "b"], SETTINGS)
    assert numbers is not None and numbers["ordered"] is False
    assert np.isclose(numbers["mean_average_precision"].estimate or 0.0, 1.0)


def eye(number, *findings):
    """A case with annotated boxes, each a kind and a box."""
    return Case(
        file_name="a.png",
        id=f"c{number}",
        group=f"g{number}",
        modality="octa",
        findings=tuple(
            Finding(id=f"f{i}", kind=kind, source="annotation", box_px=box)
            for i, (kind, box) in enumerate(findings)
        ),
    )


def grounded(*findings):
    """A structured answer with these findings."""
    return json.dumps(
        {"answer": "NPDR", "findings": [{"kind": kind, "box": box} for kind, box in findings]}
    )


def test_findings_with_boxes_are_averaged_over_the_kinds_that_are_there(tmp_path):
    cases = [eye(n, ("microaneurysm", HERE), ("irma", THERE)) for n in range(12)]
    # Microaneurysms are found in the right place, IRMA where there is none of it.
    text = grounded(("Microaneurysms", HERE), ("irma", HERE), ("dragon", HERE), ("irma", None))
    answers = [(case, text) for case in cases]
    numbers = grounding_numbers(answers, [c.group for c in cases], SETTINGS)
    assert numbers is not None
    assert numbers["kinds"]["microaneurysm"] == {"true": 12, "said": 12, "average_precision": 1.0}
    assert numbers["kinds"]["irma"]["average_precision"] == 0.0
    assert numbers["mean_average_precision"].estimate == pytest.approx(1 / 2)
    assert numbers["given"].estimate == 1.0
    assert numbers["unknown_kinds"] == {"dragon": 12} and numbers["without_box"] == 12
    report = Report("An audit")
    add_grounding(report, numbers)
    report.write(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "mAP at .5 over the kinds 0.500" in page and "does not have: 12" in page


def test_unreadable_answers_ground_nothing_and_stay_in_the_denominator():
    cases = [eye(n, ("microaneurysm", HERE)) for n in range(4)]
    texts = [grounded(("microaneurysm", HERE)), "%", grounded(), "A microaneurysm."]
    pairs = list(zip(cases, texts, strict=True))
    numbers = grounding_numbers(pairs, ["a", "b", "c", "d"], SETTINGS)
    assert numbers is not None
    assert numbers["given"].estimate == pytest.approx(1 / 4)
    assert numbers["mean_average_precision"].estimate == pytest.approx(26 / 101)
    assert grounding_numbers([(eye(0), texts[0])], ["a"], SETTINGS) is None
