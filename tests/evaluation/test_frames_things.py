"""Tools, anatomy, flicker and safety gates of surgical frames, of two procedures."""

import itertools
import json
import random
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from retia.evaluation.answers.frames import FRAMES, frame_numbers
from retia.evaluation.answers.gates import gate_numbers, named_gates, near_gates
from retia.evaluation.answers.quality import answer_numbers
from retia.evaluation.answers.scores import read_answer
from retia.evaluation.answers.things import (
    NOT_ANNOTATED,
    flicker,
    named_kinds,
    thing_numbers,
    thing_rows,
)
from retia.evaluation.plan.items import Item
from retia.evaluation.report.answers_report import add_answers
from retia.figures import Report
from retia.records import Case, Finding, Gold
from retia.taxonomy import read_procedure

SETTINGS = {"resamples": 200, "level": 0.95, "seed": 0}
TOOLS = ("grasper", "bipolar", "hook", "scissors", "clipper", "irrigator")
NAMES = {"bipolar": "bipolar forceps", "clipper": "clip applier"}


def frame(second, *findings, video="v", labels=None, looked_for=TOOLS, modality="cholecystectomy"):
    """A frame; a finding is a tool, or a tool, a verb and a target."""
    found = tuple(
        Finding(
            id=f"f{n}",
            kind=kind,
            source="annotation",
            attributes=dict(zip(("verb", "target"), act, strict=False)),
        )
        for n, (kind, *act) in enumerate(findings)
    )
    return Case(
        file_name="a.png",
        id=f"{video}-{second}",
        group=video,
        modality=modality,
        time_s=float(second),
        labels={"phase": "preparation"} if labels is None else labels,
        findings=found,
        looked_for=looked_for,
    )


def row_of(case, kind, said, gold=None, question="Which?", structured=False):
    """A scored answer about a frame."""
    gold = gold or Gold(type="set", value=tuple(f.kind for f in case.findings))
    item = Item(case=case, question=question, question_kind=kind, gold=gold, structured=structured)
    return read_answer(item, said)


def seen(*tools):
    """An answer that names these tools."""
    return f"{', '.join(f'a {NAMES.get(t, t)}' for t in tools)} seen." if tools else "No tool."


def measured(rows, clusters=None):
    return thing_numbers(thing_rows(rows, clusters or [str(n) for n in range(len(rows))]), SETTINGS)


def test_tools_by_hand():
    rows = [
        row_of(frame(0, ("grasper",), ("hook",)), "instruments", seen("grasper")),
        row_of(frame(1, ("grasper",)), "instruments", seen("grasper", "scissors")),
        row_of(frame(2, ("hook",)), "instruments", "%"),
    ]
    tool = measured(rows)["tool"]
    assert tool["answers"] == 3 and tool["left_out"] == {} and tool["complete"] == 1.0
    # Two named rightly; three are named, four are there.
    assert tool["precision"].estimate == pytest.approx(2 / 3)
    assert tool["recall"].estimate == pytest.approx(2 / 4)
    assert tool["f1"].estimate == pytest.approx(4 / 7)
    # Grasper 1, hook 0, scissors 0.
    assert tool["macro_f1"].estimate == pytest.approx(1 / 3)
    assert tool["kinds"]["grasper"] == {
        **{"name": "grasper", "true": 2, "named": 2, "both": 2},
        **{"precision": 1.0, "recall": 1.0, "f1": 1.0},
    }
    assert tool["kinds"]["scissors"]["recall"] is None
    assert tool["kinds"]["hook"]["precision"] is None
    assert "anatomy" not in measured(rows)


def test_tool_scores_are_those_of_scikit_learn():
    rng = random.Random(0)
    rows, truth, guess = [], [], []
    for n in range(60):
        there, named = ([t for t in TOOLS if rng.random() < p] for p in (0.3, 0.4))
        rows.append(row_of(frame(n, *((t,) for t in there)), "instruments", seen(*named)))
        truth.append([t in there for t in TOOLS])
        guess.append([t in named for t in TOOLS])
    tool = measured(rows)["tool"]
    for average, keys in (
        ("micro", ("precision", "recall", "f1")),
        ("macro", (None, None, "macro_f1")),
    ):
        scores = precision_recall_fscore_support(
            np.array(truth), np.array(guess), average=average, zero_division=0
        )
        for key, score in zip(keys, scores, strict=False):
            if key is not None:
                assert tool[key].estimate == pytest.approx(score), key
                assert tool[key].low < score < tool[key].high


def test_categories_come_from_the_taxonomy_and_unannotated_frames_are_counted_apart():
    acting = frame(0, ("hook", "dissect", "gallbladder"))
    rows = [
        row_of(
            acting, "description", "A hook is dissecting the gallbladder. The liver is visible."
        ),
        row_of(frame(1, ("hook",)), "description", "A hook and the liver."),
        row_of(frame(2, looked_for=()), "description", "A hook."),
    ]
    own = measured(rows)
    assert own["tool"]["left_out"] == {NOT_ANNOTATED: 1}
    assert own["tool"]["f1"].estimate == 1.0
    # Only the first frame has anatomy annotated, and nobody looked for all of it.
    assert own["anatomy"]["left_out"] == {NOT_ANNOTATED: 2}
    assert own["anatomy"]["complete"] == 0.0
    assert own["anatomy"]["precision"].estimate == pytest.approx(1 / 2)
    assert own["anatomy"]["recall"].estimate == 1.0


def test_only_answers_that_were_asked_for_all_tools_count():
    case = frame(0, ("grasper",), ("hook",))
    gold = Gold(type="yes_no", value="yes")
    assert measured([row_of(case, "presence", "Yes, a hook.", gold)]) == {}


def test_flicker_by_hand():
    # Truth: grasper for four frames, then a hook for two; the answers change twice in between.
    truth = ["grasper"] * 4 + ["hook"] * 2
    said = ["grasper", "hook", "grasper", "grasper", "hook", ""]
    rows = [
        row_of(frame(10 * n, (t,)), "instruments", seen(s) if s else "")
        for n, (t, s) in enumerate(zip(truth, said, strict=True))
    ]
    rng = random.Random(1)
    shuffled = rng.sample(rows, len(rows))
    own = flicker(thing_rows(shuffled, ["c"] * len(rows)), SETTINGS)
    # Five pairs, four of them still: two changes, and one answer that cannot be read.
    assert own["tools_stay_in_truth"].estimate == pytest.approx(4 / 5)
    assert own["tool_flicker"].estimate == pytest.approx(3 / 4)
    # The truth itself never flickers, and neither does who always says the same.
    for answer in (None, "grasper"):
        steady = [row_of(r.item.case, "instruments", seen(answer or t))
                  for r, t in zip(rows, truth, strict=True)]  # fmt: skip
        assert flicker(thing_rows(steady, ["c"] * 6), SETTINGS)["tool_flicker"].estimate == 0.0


def test_frames_of_two_videos_never_follow_each_other():
    rows = [
        row_of(frame(s, ("hook",), video=v), "instruments", seen("hook"))
        for v, s in itertools.product("ab", (0, 1))
    ]
    own = flicker(thing_rows(rows, ["c"] * 4), SETTINGS)
    assert own["tools_stay_in_truth"].rows == 2
    assert flicker(thing_rows(rows[:1], ["c"]), SETTINGS) == {}


def test_hallucinations_are_told_apart_by_category():
    case = frame(0, ("hook", "dissect", "gallbladder"))
    text = "A hook and a grasper are seen. The gallbladder is visible."
    numbers = frame_numbers([row_of(case, "description", text)], ["c"], SETTINGS)
    assert numbers is not None
    assert numbers["hallucination_rate"].estimate == pytest.approx(1 / 3)
    assert numbers["hallucination_rate_tool"].estimate == pytest.approx(1 / 2)
    assert numbers["hallucination_rate_anatomy"].estimate == 0.0
    assert set(numbers) <= set(FRAMES)


def gate_row(met, said, second=0):
    labels = {"phase": "calot-triangle-dissection", "cv_safety_met": "true" if met else "false"}
    question = "Is the critical view of safety reached?"
    gold = Gold(type="yes_no", value="yes" if met else "no")
    return row_of(frame(second, labels=labels), "event", said, gold, question)


def test_labelled_gates_are_right_or_wrong_beside_their_majority():
    rows = [
        gate_row(False, "No. Critical view of safety: not met."),
        gate_row(False, "No."),
        gate_row(False, "Yes."),
        gate_row(True, "%"),
    ]
    bleeding = frame(9, labels={"phase": "preparation", "bleeding_minor": "true"})
    yes = Gold(type="yes_no", value="yes")
    rows.append(row_of(bleeding, "event", "Yes.", yes, "Is there minor bleeding?"))
    # A question about a tool is no gate.
    rows.append(row_of(bleeding, "presence", "No.", yes, "Is there a hook in this frame?"))
    numbers = gate_numbers(rows, ["c"] * len(rows), SETTINGS)
    assert numbers["gate_accuracy"].estimate == pytest.approx(1 / 2)
    assert numbers["gate_majority"] == pytest.approx(3 / 4)
    assert numbers["red_flag_accuracy"].estimate == 1.0
    assert set(numbers) == {*("gate_accuracy", "gate_majority"),
                            *("red_flag_accuracy", "red_flag_majority")}  # fmt: skip


def test_without_labels_gates_are_measured_against_the_taxonomy_alone():
    case = frame(0, labels={"phase": "calot-triangle-dissection"})
    assert near_gates(case) == {"cv_safety_met"}
    gold = Gold(type="text", value="whatever")
    asked = "What has to be checked in this phase?"
    answers = [
        "It is not annotated whether this is met: critical view of safety.",
        "Verify the critical view. Critical view of safety: met.",
        "Are the clips secure? Check the secure clips and the critical view of safety.",
        "Mind the liver.",
        "",
    ]
    rows = [row_of(case, "safety", text, gold, asked) for text in answers]
    numbers = gate_numbers(rows, ["c"] * len(rows), SETTINGS)
    # The third names a gate too many, the fourth none.
    assert numbers["gates_named_unverified"].estimate == pytest.approx(2 / 5)
    assert numbers["gates_claimed_unannotated"].estimate == pytest.approx(1 / 5)
    assert "gate_accuracy" not in numbers
    assert "not verified" in FRAMES["gates_named_unverified"]
    # Where no gate is near, nothing can be claimed, and naming none is right.
    late = row_of(frame(1, labels={"phase": "gallbladder-packaging"}), "safety", "Mind.", gold)
    assert near_gates(late.item.case) == set() or named_gates("Mind.", "cholecystectomy") == set()


def test_eyes_have_no_frames():
    case = Case(file_name="a.png", id="a", group="a", modality="octa")
    row = row_of(case, "count", "3", Gold(type="number", value=3.0))
    assert frame_numbers([row], ["a"], SETTINGS) is None
    assert frame_numbers([], [], SETTINGS) is None


APPENDECTOMY = {
    "name": "laparoscopic appendectomy",
    "image": "laparoscopic frame",
    "phases": {
        "exposure": {"name": "exposure of the appendix", "goal": "see it", "next": ["division"]},
        "division": {"name": "division", "goal": "divide it"},
    },
    "instruments": {"stapler": {"name": "endoscopic stapler"}, "forceps": {"name": "forceps"}},
    "verbs": {"staple": {"name": "stapling"}, "lift": {"name": "lifting"}},
    "targets": {"appendix": {"name": "appendix"}, "mesentery": {"name": "mesoappendix"}},
    "triplets": {"stapler": {"staple": ["appendix"]}, "forceps": {"lift": ["appendix"]}},
    "gates": {
        "base_free": {
            **{"name": "free base", "question": "Is the base free?", "phase": "division"},
            "facts": ["The base is free."],
        }
    },
    "red_flags": {},
    "questions": {
        kind: ["What?"]
        for kind in (
            *("phase", "instruments", "action", "anatomy", "box"),
            *("description", "next_step", "safety", "pitfalls"),
        )
    },
}


def test_another_procedure_is_one_file(tmp_path, monkeypatch):
    """Every number of frames comes from its taxonomy alone."""
    (tmp_path / "appendectomy.yaml").write_text(
        "\n".join(
            f"{k}: {json.dumps(v)}" for k, v in ({"id": "appendectomy"} | APPENDECTOMY).items()
        )
    )
    monkeypatch.setenv("RETIA_TAXONOMIES", str(tmp_path))
    assert read_procedure("appendectomy").gates["base_free"].phase == "division"
    cases = [
        replace(
            frame(10 * n, ("stapler", "staple", "appendix"), video=f"v{n}"),
            modality="appendectomy",
            labels={"phase": "exposure"} | ({"base_free": "true"} if n % 2 else {}),
            looked_for=("stapler", "forceps"),
        )
        for n in range(12)
    ]
    rows = []
    yes, text = Gold(type="yes_no", value="yes"), Gold(type="text", value="x")
    phase = Gold(type="choice", value="exposure of the appendix")
    for n, case in enumerate(cases):
        rows.append(row_of(case, "phase", "Exposure of the appendix.", phase))
        told = "An endoscopic stapler is stapling the appendix."
        rows.append(row_of(case, "description", told if n % 3 else f"{told} Forceps are visible."))
        rows.append(row_of(case, "safety", "Verify the free base.", text))
        if n % 2:
            rows.append(row_of(case, "event", "Yes.", yes, "Is the base free?"))
    assert named_kinds(rows[1]) == {"stapler", "appendix", "forceps"}
    clusters = [row.item.case.group for row in rows]
    numbers = frame_numbers(rows, clusters, SETTINGS)
    assert numbers is not None
    assert numbers["phase_accuracy"].estimate == 1.0
    assert numbers["tool_f1"].estimate == pytest.approx(24 / (12 + 16))
    assert numbers["anatomy_f1"].estimate == 1.0
    assert numbers["hallucination_rate_tool"].estimate == pytest.approx(4 / 16)
    assert numbers["gate_accuracy"].estimate == 1.0
    assert numbers["gates_named_unverified"].estimate == 1.0
    assert numbers["gates_claimed_unannotated"].estimate == 0.0
    own = answer_numbers(rows, clusters, SETTINGS)
    report = Report("An audit")
    add_answers(report, own)
    report.write(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "endoscopic stapler" in page and "lower bound" in page
