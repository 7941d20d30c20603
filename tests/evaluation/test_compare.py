"""Runs are compared item by item: counted by hand, mirrored, nothing dropped in silence."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retia.cli import main
from retia.errors import UserError
from retia.evaluation.answers.table import AnswerRow, read_answers, write_answers
from retia.evaluation.compare import CompareConfig, compare
from retia.evaluation.paired import compare_answers, verdict

SETTINGS = {"resamples": 200, "level": 0.95, "seed": 0}


def answer(number: int, right: bool, **changes) -> AnswerRow:
    row = AnswerRow(
        part="radiology",
        case=f"case{number}",
        group=f"group{number // 2}",
        condition="real",
        question="Is it there?",
        question_kind="even" if number % 2 == 0 else "odd",
        gold="yes",
        said="yes" if right else "no",
        right=right,
    )
    return replace(row, **changes)


def runs(first: list[bool], second: list[bool]) -> tuple[list[AnswerRow], list[AnswerRow]]:
    return (
        [answer(n, right) for n, right in enumerate(first)],
        [answer(n, right) for n, right in enumerate(second)],
    )


def audit_folder(path: Path, rows: list[AnswerRow], samples: str = "same", **config) -> Path:
    path.mkdir(parents=True)
    write_answers(path / "answers.csv", rows)
    record = {"step": "evaluate", "inputs": {"samples": samples}, "config": config}
    (path / "run.json").write_text(json.dumps(record))
    return path


def test_counts_difference_and_p_value_are_those_of_the_hand():
    # 30 items of 15 groups: both right on 10, the other alone on 9, the reference alone on 1.
    first = [True] * 10 + [False] * 9 + [True] + [False] * 10
    second = [True] * 10 + [True] * 9 + [False] + [False] * 10
    one, two = runs(first, second)
    (row,) = compare_answers(("a", one), ("b", two), SETTINGS).overall
    assert (row.won, row.lost, row.items, row.groups) == (9, 1, 30, 15)
    assert row.reference.estimate == pytest.approx(11 / 30)
    assert row.other.estimate == pytest.approx(19 / 30)
    assert row.difference.estimate == pytest.approx(8 / 30)
    # Two-sided binomial: twice the chance of at most 1 of 10 heads, (1 + 10) / 1024.
    assert row.p == pytest.approx(2 * 11 / 1024)
    assert "b is right more often on 30 items" in verdict(row, {"reference": "a", "other": "b"})


def test_swapping_the_runs_mirrors_everything():
    rng = np.random.default_rng(4)
    one, two = runs(*(rng.random((2, 60)) < [[0.4], [0.7]]).tolist())
    there = compare_answers(("a", one), ("b", two), SETTINGS)
    back = compare_answers(("b", two), ("a", one), SETTINGS)
    for x, y in zip(there.overall + there.kinds, back.overall + back.kinds, strict=True):
        assert (x.won, x.lost, x.p) == (y.lost, y.won, y.p)
        assert x.difference.estimate == pytest.approx(-(y.difference.estimate or 0))
        assert x.difference.low is not None and y.difference.high is not None
        assert x.difference.low == pytest.approx(-y.difference.high)


def test_a_run_against_itself_differs_in_nothing():
    one, _ = runs([True, False] * 15, [True] * 30)
    pair = compare_answers(("a", one), ("b", one), SETTINGS)
    for row in pair.overall + pair.kinds:
        assert (row.difference.low, row.difference.high) == (0, 0)
        assert (row.won, row.lost, row.p, row.p_corrected) == (0, 0, 1, 1)
    assert not pair.unpaired
    words = verdict(pair.overall[0], {"reference": "a", "other": "b"})
    assert words.startswith("No difference is shown")


def test_the_order_of_the_rows_does_not_matter():
    one, two = runs([True, False, False] * 12, [False, True, False] * 12)
    there = compare_answers(("a", one), ("b", two), SETTINGS)
    turned = compare_answers(("a", one), ("b", two[::-1]), SETTINGS)
    assert there == turned


def test_items_of_one_run_only_are_counted_and_named():
    one, two = runs([True] * 30, [False] * 30)
    two = [*two[4:], answer(99, True), answer(5, True, condition="blank")]
    two[0] = replace(two[0], gold="no")
    pair = compare_answers(("a", one), ("b", two), SETTINGS)
    assert pair.overall[0].items == 25
    found = {(u.why, u.condition): (u.count, u.first[0]) for u in pair.unpaired}
    assert found == {
        ("in a only", "real"): (4, "case0: Is it there?"),
        ("in b only", "real"): (1, "case99: Is it there?"),
        ("in b only", "blank"): (1, "case5: Is it there?"),
        ("another right answer or group", "real"): (1, "case4: Is it there?"),
    }
    assert all(len(u.first) <= 3 for u in pair.unpaired)


def test_blind_baselines_are_not_compared():
    one, two = runs([True] * 30, [False] * 30)
    extra = [answer(n, True, condition="majority") for n in range(30)]
    plain = compare_answers(("a", one), ("b", two), SETTINGS)
    assert compare_answers(("a", one + extra), ("b", two), SETTINGS) == plain


def test_kinds_add_up_and_their_p_values_are_corrected():
    one, two = runs([False] * 40, [n % 2 == 0 or n < 4 for n in range(40)])
    pair = compare_answers(("a", one), ("b", two), SETTINGS)
    assert [row.kind for row in pair.kinds] == ["even", "odd"]
    assert sum(row.items for row in pair.kinds) == pair.overall[0].items == 40
    even, odd = pair.kinds
    # Holm: the smaller one times two, the larger one as it is.
    assert even.p_corrected == pytest.approx(2 * even.p)
    assert odd.p_corrected == pytest.approx(odd.p)


def test_the_stage_is_also_compared_by_balanced_accuracy():
    stages = ["healthy"] * 30 + ["pdr"] * 10
    one = [answer(n, g == "healthy", part="stage", gold=g) for n, g in enumerate(stages)]
    two = [answer(n, g == "pdr", part="stage", gold=g) for n, g in enumerate(stages)]
    (row,) = compare_answers(("a", one), ("b", two), SETTINGS).overall
    assert row.difference.estimate == pytest.approx(-0.5)
    # Each is right about one of the two stages.
    assert row.balanced_difference is not None
    assert row.balanced_difference.estimate == pytest.approx(0)


def test_too_few_groups_allow_no_verdict():
    one, two = runs([True] * 6, [False] * 6)
    (row,) = compare_answers(("a", one), ("b", two), SETTINGS).overall
    assert row.difference.low is None
    assert "allow no verdict" in verdict(row, {"reference": "a", "other": "b"})


def test_the_table_holds_any_text_and_comes_back_as_it_was(tmp_path: Path):
    rows = [
        answer(0, True, said='a "quoted", text\nof two lines', parsed=False, logprob=-0.25),
        answer(1, False, question="µm² <b>?"),
    ]
    write_answers(tmp_path / "answers.csv", rows)
    assert read_answers(tmp_path / "answers.csv") == rows


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace("gold", "golden", 1), "lacks the column `gold`"),
        (lambda t: t.replace(",true,", ",perhaps,", 1), "line 2: `right` is 'perhaps'"),
        (lambda t: t.replace(",true,,", ",true,,nan", 1), "line 2: `logprob` is 'nan'"),
        (lambda t: t + t.splitlines()[1] + "\n", "line 4: the real answer about case 'case0'"),
    ],
)
def test_a_broken_table_is_refused_by_its_line(change, message: str, tmp_path: Path):
    path = tmp_path / "answers.csv"
    write_answers(path, [answer(0, True), answer(1, True)])
    path.write_text(change(path.read_text()))
    with pytest.raises(UserError, match=message):
        read_answers(path)


def test_the_verb_writes_a_page_and_its_numbers(tmp_path: Path, capsys):
    one, two = runs([True, False, False] * 12, [True, True, False] * 12)
    folders = [
        audit_folder(tmp_path / "x" / "audit", one, questions=400),
        audit_folder(tmp_path / "y" / "audit", two[:-1], questions=200),
    ]
    out = tmp_path / "out"
    assert main(["compare", *map(str, folders), "--out", str(out), "--resamples", "100"]) == 0
    said = capsys.readouterr().err
    assert "1 items are not compared: in x/audit only, real image" in said
    assert "y/audit minus x/audit, radiology, 35 items: 0.343" in said
    written = json.loads((out / "comparison.json").read_text())
    assert written["reference"] == "x/audit"
    (pair,) = written["pairs"]
    assert (pair["other"], pair["overall"][0]["won"]) == ("y/audit", 12)
    assert written["settings_apart"]["config: questions"] == {"x/audit": 400, "y/audit": 200}
    page = (out / "comparison.html").read_text()
    assert "y/audit is right more often" in page and "config: questions" in page
    assert "case35: Is it there?" in page
    # A second run finds its work done.
    config = CompareConfig(audits=tuple(folders), out=out, resamples=100)
    assert compare(config) == json.loads((out / "run.json").read_text())["summary"]


def test_audits_of_other_samples_are_compared_only_when_asked(tmp_path: Path):
    one, two = runs([True] * 30, [False] * 30)
    a = audit_folder(tmp_path / "a", one, "these")
    b = audit_folder(tmp_path / "b", two, "those")
    config = CompareConfig(audits=(a, b), out=tmp_path / "out", resamples=50)
    with pytest.raises(UserError, match=r"other samples \(those\).*--loose"):
        compare(config)
    assert not (tmp_path / "out").exists()
    assert compare(replace(config, loose=True))["b"]["parts"]["radiology"]["items"] == 30


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a"], "1 audits were given"),
        (["a", "a"], "stands twice"),
        (["a", "missing"], "run.json does not exist"),
        (["a", "grown"], "was written by 'grow'"),
        (["a", "other"], r"share no item \(30 in a only; 1 in other only\)"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_line(
    names: list[str], message: str, tmp_path: Path
):
    one, _ = runs([True] * 30, [True] * 30)
    audit_folder(tmp_path / "a", one)
    audit_folder(tmp_path / "other", [answer(99, True)])
    audit_folder(tmp_path / "grown", one)
    (tmp_path / "grown" / "run.json").write_text('{"step": "grow"}')
    folders = tuple(tmp_path / name for name in names)
    with pytest.raises(UserError, match=message):
        compare(CompareConfig(audits=folders, out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()
