"""Of a file of answers every row is either used or told about."""

import json
import math

import pytest
from worlds import radiology

from retia.errors import UserError
from retia.evaluation.answers.notes import prediction_notes
from retia.evaluation.answers.ready import read_predictions
from retia.evaluation.plan.items import make_plan
from retia.records import read_cases, read_samples
from retia.records.jsonl import write_records

LESION = "Is there a lesion?"


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = radiology(tmp_path_factory.mktemp("ready"))
    pool = read_cases(folder)
    return make_plan(read_samples(folder), pool, [c for c in pool if c.split == "test"], 400, 0)


@pytest.fixture
def read(plan, tmp_path):
    """Reads rows as a file of predictions; `case` is a number."""

    def read(*rows):
        path = tmp_path / "answers.jsonl"
        path.write_text("".join(json.dumps({"case": plan.cases[0].id} | r) + "\n" for r in rows))
        return read_predictions(path, plan)

    return read


def test_every_row_that_is_not_used_is_counted_and_named(read, plan):
    first, second = (case.id for case in plan.cases[:2])
    trained = next(case.id for case in plan.pool if case.split == "train")
    predictions, notes = read(
        {"question": LESION, "text": "no"},
        {"question": LESION, "text": "no"},
        *({"case": f"nobody-{n}", "question": LESION, "text": "no"} for n in range(5)),
        {"case": trained, "question": LESION, "text": "no"},
        {"question": LESION, "text": "no", "condition": "upside down"},
        {"question": "What is the weather?", "text": "fine"},
        {"case": second, "question": LESION, "text": " ", "mood": "good"},
    )
    told = {note.what: (note.count, note.first) for note in notes}
    assert told == {
        "rows repeat an earlier row and were left out": (1, (f"{first} (line 2)",)),
        "rows are about cases that are not in the samples and were left out": (
            5,
            ("nobody-0 (line 3)", "nobody-1 (line 4)", "nobody-2 (line 5)"),
        ),
        "rows are about cases that are not held out and were left out": (
            1,
            (f"{trained} (line 8)",),
        ),
        "rows have a condition other than real, blank, shuffled and were left out": (
            1,
            ("'upside down' (line 9)",),
        ),
        "columns mean nothing here and were not read": (1, ("mood",)),
        "rows answer a question that was not asked and were left out": (
            1,
            (f"{first}: 'What is the weather?' (line 10)",),
        ),
    }
    # Nothing that is asked is left out either: what has no row is wrong, and says so.
    asked = plan.questions["radiology"]
    assert [(p.case, p.question) for p in predictions] == [(i.case.id, i.question) for i in asked]
    silent = [p for p in predictions if p.trouble]
    empty = [p for p in predictions if not p.trouble and not p.text.strip()]
    counts = {note.what: note.count for note in prediction_notes(predictions)}
    assert counts == {
        "questions got no answer (no row) and count as wrong": len(silent),
        "answers are empty and count as wrong": len(empty),
    }
    # The question with and without how to answer it, of each of both cases.
    assert len(predictions) - len(silent) == 4 and len(empty) == 2


def test_two_different_answers_to_one_question_are_refused(read):
    with pytest.raises(UserError, match=r"lines 1 and 3: two different rows about case .*lesion"):
        read(
            {"question": LESION, "text": "no"},
            {"question": "Where is the lesion?", "text": "left"},
            {"question": LESION, "text": "yes"},
        )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": LESION}, r"line 1: `text` is missing"),
        ({"question": 3, "text": "no"}, r"line 1: `question` is 3"),
        ({"question": LESION, "text": ["no"]}, r"line 1: `text` is \['no'\]"),
        ({"question": LESION, "text": "no", "logprob": 0.5}, "`logprob` is 0.5. Expected the"),
        ({"question": LESION, "text": "no", "logprob": "sure"}, "`logprob` is 'sure'"),
        ({"question": LESION, "text": "no", "confidence": 1.5}, "`confidence` is 1.5. Expected a"),
        (
            {"question": LESION, "text": "no", "confidence": 0.5, "logprob": -1.0},
            "both `logprob` and `confidence`",
        ),
        ({"question": LESION, "text": "no", "trouble": "timeout"}, "both `text` and `trouble`"),
        ({"question": LESION, "text": "no", "copies": "no"}, "`copies` is 'no'"),
    ],
)
def test_rows_that_cannot_be_are_refused_by_line(read, row, message):
    with pytest.raises(UserError, match=message):
        read(row)


def test_a_file_about_something_else_says_what_is_in_it(read):
    with pytest.raises(UserError, match=r"answers none of the 24 .*2 rows are about cases that"):
        read(*({"case": f"nobody-{n}", "question": LESION, "text": "no"} for n in range(2)))


def test_confidence_copies_and_troubles_are_read(read, plan):
    first, second, third = (case.id for case in plan.cases[:3])
    predictions, notes = read(
        {"question": LESION, "text": "no", "confidence": 0.25, "copies": ["no", "yes"]},
        {"case": second, "question": LESION, "text": "", "trouble": "timeout: 20 s"},
        {"case": third, "question": LESION, "text": "no", "confidence": 0},
    )
    said = {p.case: p for p in predictions if p.question == LESION}
    assert math.exp(said[first].logprob) == pytest.approx(0.25)
    assert said[first].copies == ("no", "yes")
    assert said[second].trouble == "timeout: 20 s"
    assert math.exp(said[third].logprob) == pytest.approx(0.0)
    assert notes == []


def test_what_was_read_can_be_written_and_read_again(read, plan, tmp_path):
    predictions, _ = read({"question": LESION, "text": "no", "logprob": -0.5, "copies": ["no"]})
    write_records(tmp_path / "again.jsonl", [p for p in predictions if not p.trouble])
    again, notes = read_predictions(tmp_path / "again.jsonl", plan)
    assert (again, notes) == (predictions, [])
