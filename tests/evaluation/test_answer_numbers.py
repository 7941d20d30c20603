"""Numbers in answers: error, bias and how many there are, of questions and of the stage."""

import json

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, precision_recall_fscore_support
from worlds import perfect, radiology

from retia.evaluation import EvaluateConfig
from retia.evaluation.answers.measure import condition_numbers, read_row
from retia.evaluation.answers.numbers import number_numbers, number_rows
from retia.evaluation.answers.quality import answer_numbers
from retia.evaluation.answers.scores import read_answer
from retia.evaluation.audit import plain
from retia.evaluation.evaluate import run_audit
from retia.evaluation.plan.items import Item
from retia.evaluation.predictors.predictor import from_texts
from retia.evaluation.question_audit import clusters_of
from retia.evaluation.report.answers_report import add_answers, add_stages
from retia.figures import Report
from retia.records import Case, Finding, Gold, Measure

SETTINGS = {"resamples": 200, "level": 0.95, "seed": 0}


def row_of(said, value, number, kind="count", unit=None, tolerance=None):
    """A scored answer to a question for a number about the `number`-th patient."""
    case = Case(file_name="a.png", id=f"c{number}", group=f"g{number}", modality="octa")
    gold = Gold(type="number", value=value, unit=unit, tolerance=tolerance)
    item = Item(case=case, question="How much?", question_kind=kind, gold=gold)
    return read_answer(item, said)


def numbers_of(rows):
    return number_numbers(number_rows(rows, [row.item.case.group for row in rows]), SETTINGS)


def test_error_and_bias_by_hand():
    answers = [
        # said, true
        ("There are three.", 2.0),  # +1, within
        ("5", 2.0),  # +3
        ("no microaneurysm", 1.0),  # -1, within
        ("many", 8.0),  # no number: no error, and wrong
    ]
    own = numbers_of([row_of(s, t, n, tolerance=1.0) for n, (s, t) in enumerate(answers * 4)])
    assert list(own) == ["count"]
    count = own["count"]
    assert count["questions"] == 16
    assert count["answered"].estimate == pytest.approx(3 / 4)
    assert count["within_tolerance"].estimate == pytest.approx(2 / 4)
    assert count["within_tolerance"].rows == 16
    assert count["absolute_error"].estimate == pytest.approx(5 / 3)
    assert count["bias"].estimate == pytest.approx(1.0)
    assert count["bias"].rows == 12
    # The median of all true numbers is 2; on the answers with a number it is off by 0, 0 and 1.
    assert count["median_error"].estimate == pytest.approx(1 / 3)
    assert count["bias"].low <= 1.0 <= count["bias"].high


def test_areas_and_counts_are_never_averaged_together():
    rows = [row_of("0.31 mm²", 0.41, n, kind="faz_area", unit="mm²") for n in range(3)]
    rows += [row_of("7", 5.0, n) for n in range(3)]
    # A number without the unit that was asked for is none.
    rows += [row_of("0.31", 0.41, 9, kind="faz_area", unit="mm²")]
    own = numbers_of(rows)
    assert list(own) == ["faz_area, mm²", "count"]
    assert own["faz_area, mm²"]["bias"].estimate == pytest.approx(-0.1)
    assert own["faz_area, mm²"]["answered"].estimate == pytest.approx(3 / 4)
    assert own["count"]["bias"].estimate == pytest.approx(2.0)


def test_without_a_number_in_any_answer_there_is_no_error_but_a_share():
    own = numbers_of([row_of("many", 5.0, n) for n in range(12)])["count"]
    assert own["answered"].estimate == 0.0 and own["within_tolerance"].estimate == 0.0
    assert own["absolute_error"].estimate is None and own["bias"].estimate is None
    assert numbers_of([]) == {}


def eye(number, stage, grade=None, aneurysms=2):
    """A case with a known FAZ area and a number of microaneurysms."""
    findings = tuple(
        Finding(id=f"f{i}", kind="microaneurysm", source="annotation") for i in range(aneurysms)
    )
    return Case(
        file_name="a.png",
        id=f"c{number}",
        group=f"g{number}",
        modality="octa",
        stage=stage,
        grade=grade,
        findings=findings,
        measures=(Measure(name="faz_area_mm2", value=0.40, source="simulator"),),
    )


def said(answer, *reasons):
    return json.dumps({"caption": "", "reasoning": list(reasons), "answer": answer})


@pytest.fixture(scope="module")
def staged():
    """30 eyes: every healthy one is seen, PDR is taken for NPDR, one answer is unreadable."""
    rows = []
    for n in range(10):
        faz = f"The FAZ area is {0.42 if n % 2 else 0.46} mm²."
        rows.append(read_row(eye(n, "healthy"), said("healthy", faz)))
        grade = "severe" if n % 5 == 0 else "mild"
        text = said("NPDR", "There are 3 microaneurysms.") if n else "%"
        rows.append(read_row(eye(10 + n, "npdr", grade), text))
        rows.append(read_row(eye(20 + n, "pdr"), said("NPDR", "There is one microaneurysm.")))
    return rows


def test_stage_scores_are_those_of_scikit_learn(staged):
    numbers = condition_numbers(staged, SETTINGS)
    truth, guess = [r.case.stage for r in staged], [r.predicted for r in staged]
    labels = ["healthy", "npdr", "pdr"]
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, guess, labels=labels, average="macro", zero_division=0
    )
    assert numbers["macro_precision"].estimate == pytest.approx(precision)
    assert numbers["macro_f1"].estimate == pytest.approx(f1)
    assert numbers["balanced_accuracy"].estimate == pytest.approx(recall)
    readable = [(t, g) for t, g in zip(truth, guess, strict=True) if g in labels]
    kappa = cohen_kappa_score(*zip(*readable, strict=True), labels=labels, weights="quadratic")
    assert numbers["quadratic_kappa_interval"].estimate == pytest.approx(kappa)
    assert numbers["quadratic_kappa"] == pytest.approx(kappa)
    assert np.sum(numbers["confusion"], axis=0)[-1] == 1


def test_recall_of_each_stage_and_grade(staged):
    numbers = condition_numbers(staged, SETTINGS)
    recall = {stage: own["recall"].estimate for stage, own in numbers["stages"].items()}
    assert recall == {"healthy": 1.0, "npdr": 0.9, "pdr": 0.0}
    grades = {key: (own["cases"], own["recall"].estimate) for key, own in numbers["grades"].items()}
    # The unreadable answer is about one of the two severe eyes.
    assert grades == {"npdr, mild": (8, 1.0), "npdr, severe": (2, 0.5)}
    assert list(numbers["grades"]) == ["npdr, mild", "npdr, severe"]
    assert numbers["cases_without_grade"] == 20


def test_numbers_in_the_reasons_have_error_and_bias(staged):
    numbers = condition_numbers(staged, SETTINGS)
    assert numbers["faz_bias_mm2"].estimate == pytest.approx(0.04)
    assert numbers["faz_error_mm2"].estimate == pytest.approx(0.04)
    assert numbers["faz_bias_mm2"].rows == 10
    # Three said for two, nine times; one said for two, ten times.
    assert numbers["count_bias"].estimate == pytest.approx(-1 / 19)
    assert numbers["count_absolute_error"].estimate == pytest.approx(1.0)
    assert numbers["count_given"] == pytest.approx(19 / 30)


def test_the_page_shows_stages_grades_and_numbers(staged, tmp_path):
    report = Report("An audit")
    add_stages(report, condition_numbers(staged, SETTINGS))
    report.write(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "NPDR, severe" in page and "0.900 (" in page
    assert "microaneurysms" in page and "Cases without a grade: 20" in page


def test_all_numbers_of_a_perfect_student_go_to_page_and_json(tmp_path):
    folder = radiology(tmp_path / "world")
    config = EvaluateConfig(samples=folder, out=tmp_path / "audit", resamples=100)
    audit = run_audit(config, from_texts(perfect(folder))).questions["radiology"]
    rows = audit.rows["real"]
    own = answer_numbers(rows, clusters_of([r.item.case for r in rows])[1], SETTINGS)
    assert own.quantities["count"]["bias"].estimate == 0.0
    assert own.quantities["count"]["median_error"].estimate > 0.5
    assert own.boxes is not None and own.boxes["mean_average_precision"].estimate == 1.0
    assert own.conventions["closed"]["gap"].estimate == 0.0
    assert own.things == {}
    told = json.loads(json.dumps(plain(own.as_json())))
    assert told["boxes"]["given"]["estimate"] == 1.0
    assert any("mAP at .5: 1.000" in line for line in own.lines())
    report = Report("An audit")
    blind = audit.rows["question_only"]
    clusters = clusters_of([r.item.case for r in blind])[1]
    add_answers(report, own, {"The question alone": answer_numbers(blind, clusters, SETTINGS)})
    report.write(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    for text in ("LLaVA-Med", "mAP at .5", "absolute error of the median", "The question alone"):
        assert text in page
