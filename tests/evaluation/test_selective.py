"""Confidences are read as they are meant; one that knows is told from one that does not."""

import json
import math

import numpy as np
import pytest
from worlds import as_json

from retia.errors import UserError
from retia.evaluation.answers.predictions import Prediction
from retia.evaluation.audit import plain
from retia.evaluation.confidence import caption_question, confidence_of, partial_ratio
from retia.evaluation.plan.items import Item
from retia.evaluation.report.selective_report import add_selective
from retia.evaluation.selective import SelectiveConfig, answered, audit_confidence
from retia.figures import Report
from retia.records import Case, Gold
from retia.statistics import auroc, brier, calibration_error, oracle_risk_coverage, risk_coverage

SETTINGS = {"resamples": 120, "level": 0.95, "seed": 3}
GOLDS = {
    "stage": Gold(type="stage", value="PDR"),
    "yes_no": Gold(type="yes_no", value="yes"),
    "number": Gold(type="number", value=3.0, tolerance=0.5),
    "choice": Gold(type="choice", value="left lung"),
    "set": Gold(type="set", value=("liver", "spleen")),
    "text": Gold(type="text", value="left lower lobe"),
    "box": Gold(type="box", value="0,0,10,10"),
}


def item(gold: Gold, number: int = 0, structured: bool = False, question: str = "What?") -> Item:
    modality = "octa" if gold.type == "stage" else "radiology"
    name, group = f"case-{number}", f"patient-{number // 2}"
    case = Case(file_name=f"images/{name}.png", id=name, group=group, modality=modality)
    return Item(case=case, question=question, question_kind="any", gold=gold, structured=structured)


def said(text: str, **more) -> Prediction:
    return Prediction(case="case-0", question="What?", text=text, **more)


def by_logprob(sure, right, patients: int | None = None):
    """Triples whose confidence is given; two to a patient unless there are fewer of these."""
    triples, groups = [], []
    for number, (one, ok) in enumerate(zip(sure, right, strict=True)):
        own = item(GOLDS["yes_no"], number)
        logprob = None if one is None else math.log(one)
        triples.append((own, said("yes" if ok else "no", logprob=logprob), bool(ok)))
        groups.append(own.case.group if patients is None else str(number % patients))
    return triples, groups


def test_a_log_probability_is_the_geometric_mean_over_tokens():
    assert confidence_of("logprob", item(GOLDS["text"]), said("a", logprob=0.0)) == 1
    two = (math.log(0.5) + math.log(0.02)) / 2
    got = confidence_of("logprob", item(GOLDS["text"]), said("a b", logprob=two))
    assert got == pytest.approx(math.sqrt(0.5 * 0.02))


@pytest.mark.parametrize(
    ("name", "prediction", "reason"),
    [
        ("logprob", said("yes"), "no log-probability"),
        ("logprob", said("yes", logprob=0.7), "log-probability is 0.7, expected at most 0"),
        ("logprob", said("", logprob=0.0), "no answer"),
        ("logprob", said("", logprob=0.0, trouble="rate limit"), "rate limit"),
        ("self_consistency", said("yes"), "no sampled answers"),
        ("caption_question", said("yes"), "no caption"),
        ("caption_question", said(as_json("yes")), "no caption"),
    ],
)
def test_what_has_no_confidence_says_why(name: str, prediction: Prediction, reason: str):
    assert confidence_of(name, item(GOLDS["yes_no"]), prediction) == reason


@pytest.mark.parametrize(
    ("kind", "greedy", "same", "other"),
    [
        ("stage", "NPDR", "This is non-proliferative diabetic retinopathy.", "PDR"),
        ("yes_no", "Yes.", "Yes, there is one.", "No."),
        ("number", "4", "Four are seen.", "7"),
        ("choice", "Right lung", "the right lung.", "left lung"),
        ("set", "Liver, kidney", "kidney and liver", "liver"),
        ("text", "Upper lobe", "the upper lobe.", "lower lobe"),
        ("box", "[1, 2, 11, 12]", "[2, 2, 11, 12]", "[30, 30, 40, 40]"),
    ],
)
def test_copies_agree_by_what_is_read_not_by_letters(kind, greedy, same, other):
    copies = (same, same, other, "")
    own = item(GOLDS[kind])
    assert confidence_of("self_consistency", own, said(greedy, copies=copies)) == 0.5
    wrapped = tuple(json.dumps({"answer": copy, "boxes": []}) for copy in copies)
    if kind != "box":
        prediction = said(as_json(greedy), copies=wrapped)
        assert confidence_of("self_consistency", own, prediction) == 0.5
    assert confidence_of("self_consistency", own, said(greedy, copies=(greedy,) * 3)) == 1


def test_boxes_of_structured_answers_agree_where_they_overlap():
    def boxed(x: int) -> str:
        return json.dumps({"answer": "here", "boxes": [[x, 0, x + 10, 10]]})

    own = item(GOLDS["box"], structured=True)
    prediction = said(boxed(5), copies=(boxed(6), boxed(20)))
    assert confidence_of("self_consistency", own, prediction) == 0.5


def test_an_unreadable_answer_has_no_consistency_and_an_unreadable_copy_does_not_agree():
    structured = item(GOLDS["yes_no"], structured=True)
    unread = said("yes", copies=(as_json("yes"),))
    assert confidence_of("self_consistency", structured, unread) == "the answer cannot be read"
    read = said(as_json("yes"), copies=("yes", as_json("yes")))
    assert confidence_of("self_consistency", structured, read) == 0.5
    lost = said("many of them", copies=("3",))
    assert confidence_of("self_consistency", item(GOLDS["number"]), lost) == (
        "the answer cannot be read"
    )


def test_a_caption_is_sure_by_repeating_the_question():
    # Terms: lesion, left, lung; two of them are in the caption.
    asked = "Is there a lesion in the left lung?"
    parts = 0.7 * 2 / 3 + 0.3 * partial_ratio("is there lesion in left lung", "left lung")
    assert caption_question(asked, "The left lung.") == pytest.approx(parts)
    assert caption_question(asked, asked) == pytest.approx(1)
    assert caption_question("Any ribs?", "We describe.") < 0.3
    assert caption_question("", "") == 0
    own = item(GOLDS["yes_no"], question=asked)
    text = json.dumps({"caption": "The left lung.", "reasoning": [], "answer": "yes"})
    assert confidence_of("caption_question", own, said(text)) == pytest.approx(parts)


def test_partial_likeness_by_hand():
    assert partial_ratio("lung", "the left lung here") == partial_ratio("a lung b", "lung") == 1
    assert partial_ratio("abcd", "xxabxdxx") == pytest.approx(2 * 3 / 8)
    assert partial_ratio("", "lung") == partial_ratio("abc", "xyz") == 0


def test_the_numbers_are_those_of_the_statistics():
    rng = np.random.default_rng(1)
    sure, right = rng.uniform(0.05, 1, 60), rng.random(60) < 0.6
    triples, groups = by_logprob(sure, right)
    own = audit_confidence(triples, groups, SETTINGS).confidences["logprob"]
    curve = risk_coverage(right, sure)
    expected = {
        "aurc": curve.aurc(),
        "aurc_oracle": oracle_risk_coverage(right).aurc(),
        "aurc_random": 1 - right.mean(),
        "aurc_minus_oracle": curve.aurc() - oracle_risk_coverage(right).aurc(),
        "aurc_minus_random": curve.aurc() - (1 - right.mean()),
        "augrc": curve.augrc(),
        "auroc": auroc(right, sure),
        "ece": calibration_error(right, sure),
        "brier": brier(right.astype(int), np.stack([1 - sure, sure], axis=1)) / 2,
        "coverage_at_risk_0.05": curve.coverage_at(0.05),
        "coverage_at_risk_0.1": curve.coverage_at(0.1),
        "coverage_at_risk_0.2": curve.coverage_at(0.2),
        "risk_at_coverage_0.5": curve.risk_at(0.5),
        "risk_at_coverage_0.8": curve.risk_at(0.8),
        "risk_at_coverage_0.9": curve.risk_at(0.9),
    }
    assert {k: v.estimate for k, v in own.numbers.items()} == pytest.approx(expected)
    assert all((v.rows, v.groups) == (60, 30) for v in own.numbers.values())
    assert sum(b.rows for b in own.bins) == 60
    assert own.ece_if_kept is not None and own.ece_if_kept > 0


def test_a_confidence_that_knows_is_told_from_one_that_does_not():
    rng = np.random.default_rng(2)
    right = rng.random(160) < 0.6
    knows = np.clip(np.where(right, 0.7, 0.4) + rng.normal(0, 0.1, 160), 0.05, 1)
    verdicts = {}
    for name, sure in {
        "knows": knows,
        "reversed": 1.05 - knows,
        "constant": np.full(160, 0.6),
    }.items():
        own = audit_confidence(*by_logprob(sure, right), SETTINGS).confidences["logprob"]
        verdicts[name] = own.better_than_random
        if name == "constant":
            gap = own.numbers["aurc_minus_random"]
            assert (gap.estimate, gap.low, gap.high) == pytest.approx((0, 0, 0))
    assert verdicts == {"knows": True, "reversed": False, "constant": None}


def test_noise_is_seldom_taken_for_knowledge():
    rng = np.random.default_rng(8)
    verdicts = []
    for _ in range(40):
        triples, groups = by_logprob(rng.uniform(0.1, 1, 80), rng.random(80) < 0.6)
        own = audit_confidence(triples, groups, SETTINGS).confidences["logprob"]
        verdicts.append(own.better_than_random)
    # 5 % would be 2; percentiles of 40 groups are a little too sure.
    assert verdicts.count(None) >= 34


def test_answers_without_confidence_stay_are_named_and_come_last():
    sure = [0.9, 0.8, None, 0.6] * 10
    right = [True, True, False, False] * 10
    own = audit_confidence(*by_logprob(sure, right), SETTINGS).confidences["logprob"]
    assert len(own.rows) == 40 and own.missing == {"no log-probability": 10}
    assert own.numbers["risk_at_coverage_0.8"].estimate == pytest.approx((10 + 2 * 0.2 * 5) / 32)
    assert own.curve().accepted.tolist() == [0, 10, 20, 30, 40]
    assert sum(b.rows for b in own.bins) == 30
    assert own.numbers["ece"].estimate == pytest.approx((0.1 + 0.2 + 0.6) / 3)


def test_what_cannot_be_measured_says_why():
    triples, groups = by_logprob([None] * 4, [True, False] * 2)
    audit = audit_confidence(triples, groups, SETTINGS)
    assert audit.confidences["logprob"].reason == "no log-probability (4 of 4)"
    assert audit.confidences["self_consistency"].reason == "no sampled answers (4 of 4)"
    assert audit.measured == [] and len(audit.confidences["logprob"].rows) == 4
    for right, word in ((True, "right"), (False, "wrong")):
        own = audit_confidence(*by_logprob([0.5] * 4, [right] * 4), SETTINGS)
        assert f"all 4 answers are {word}" in own.lines()[0]
    assert audit_confidence([], [], SETTINGS).confidences["logprob"].reason == "no answers"


def test_few_groups_have_an_estimate_and_no_bounds():
    triples, groups = by_logprob([0.2, 0.9] * 10, [False, True] * 10, patients=4)
    audit = audit_confidence(triples, groups, SETTINGS)
    own = audit.confidences["logprob"]
    assert own.numbers["aurc"].low is None and own.numbers["aurc_minus_oracle"].estimate == 0
    assert own.better_than_random is None
    assert "4 groups, at least 10 are needed" in " ".join(audit.lines())


def test_order_and_seed():
    rng = np.random.default_rng(4)
    triples, groups = by_logprob(rng.uniform(0.1, 1, 40), rng.random(40) < 0.5)
    first = audit_confidence(triples, groups, SETTINGS)
    assert plain(first.as_json()) == plain(audit_confidence(triples, groups, SETTINGS).as_json())
    turned = audit_confidence(triples[::-1], groups[::-1], SETTINGS)
    for name, value in first.confidences["logprob"].numbers.items():
        again = turned.confidences["logprob"].numbers[name].estimate
        assert again == pytest.approx(value.estimate)


def test_answers_join_their_questions_and_none_is_lost():
    items = [item(GOLDS["yes_no"], number) for number in range(3)]
    predictions = [
        Prediction(case="case-1", question="What?", text="yes", logprob=-0.1),
        Prediction(case="case-0", question="What?", text="no", condition="blank"),
        Prediction(case="case-2", question="Another?", text="no"),
    ]
    joined = answered(items, [False, True, False], predictions)
    assert [(i.case.id, p.text, right) for i, p, right in joined] == [
        ("case-0", "", False),
        ("case-1", "yes", True),
        ("case-2", "", False),
    ]
    own = audit_confidence(joined, list("abc"), SETTINGS).confidences["logprob"]
    assert own.missing == {"no answer": 2}


@pytest.mark.parametrize(
    "wrong", [{"risks": (0.1, 1.2)}, {"coverages": (0.0,)}, {"coverages": (1.5,)}, {"bins": 0}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(UserError, match="try"):
        SelectiveConfig(**wrong)


def test_the_report_shows_numbers_pictures_and_reasons(tmp_path):
    rng = np.random.default_rng(6)
    triples, groups = by_logprob(rng.uniform(0.1, 1, 40), rng.random(40) < 0.5)
    broken, text = triples[0][0], "<b>no & connection</b>"
    triples[0] = (broken, said("", trouble=text), False)
    config = SelectiveConfig(risks=(0.25,), coverages=(0.75,))
    audit = audit_confidence(triples, groups, SETTINGS, config)
    report = Report("Audit")
    add_selective(report, audit)
    report.write(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    own = audit.confidences["logprob"]
    for value in own.numbers.values():
        assert str(value) in page
    assert "Coverage at risk 0.25" in page and "Risk at coverage 0.75" in page
    assert page.count("<img ") == 2
    assert "1 (&lt;b&gt;no &amp; connection&lt;/b&gt;: 1)" in page and text not in page
    assert "; 1 of 40 answers have none and come last)" in page
    assert "Self-consistency: not measured (no sampled answers (39 of 40)" in page


def test_a_report_without_any_confidence_still_says_why():
    report = Report("Audit")
    triples, groups = by_logprob([None] * 4, [True, False] * 2)
    add_selective(report, audit_confidence(triples, groups, SETTINGS))
    page = "".join(report.parts)
    assert page.count("not measured") == 3 and "<img" not in page and "<table" not in page
