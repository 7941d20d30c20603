"""What is said of a surgical frame: read, held against its labels, and matched with gold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retia.claims import (
    ActionClaim,
    agreement,
    answer_matches,
    consistent,
    extract,
    judge,
    judge_text,
    parse_answer,
    phase_in,
)
from retia.records import Answer, Case, Finding, Gold
from retia.taxonomy import read_procedure

SURGERY = "cholecystectomy"
PROCEDURE = read_procedure(SURGERY)

PHASE = Gold(type="choice", value="clipping and cutting")
TOOLS = Gold(type="set", value=("grasper", "hook"))
ACTION = Gold(type="choice", value="clip applier clipping cystic duct")
WORDS = (
    *("hook", "graspers", "clip applier", "liver", "cystic duct", "clipping", "cuts", "by the"),
    *("preparation", "clipping and cutting", "minor bleeding", "not", "no", "and", "two", "."),
    *("next:", "?", "met", ";", ",", "is", "[1, 2, 3, 4]", "{", "}", '"answer":'),
)

ACTIONS = {
    "A grasper is retracting the gallbladder.": {("grasper", "retract", "gallbladder", True)},
    "The hook dissects the cystic duct and the omentum.": {
        ("hook", "dissect", "cystic_duct", True),
        ("hook", "dissect", "omentum", True),
    },
    "The liver is retracted by the irrigator.": {("irrigator", "retract", "liver", True)},
    "The surgeon uses the hook to cut the peritoneum.": {("hook", "cut", "peritoneum", True)},
    "A grasper and a hook are dissecting the omentum.": {
        ("grasper", "dissect", "omentum", True),
        ("hook", "dissect", "omentum", True),
    },
    "The grasper holds the liver while the hook cuts the peritoneum.": {
        ("grasper", "grasp", "liver", True),
        ("hook", "cut", "peritoneum", True),
    },
    "The hook is not cutting the peritoneum.": {("hook", "cut", "peritoneum", False)},
    "No grasper is retracting the liver.": {("grasper", "retract", "liver", False)},
    "The clip applier clips the cystic artery.": {("clipper", "clip", "cystic_artery", True)},
    # Clips and cuts are things too.
    "The grasper is near the clips on the cystic duct.": set(),
    "A hook and a grasper are visible.": set(),
    "Check: the hook is cutting the peritoneum.": set(),
    "Is the hook cutting the peritoneum?": set(),
}


@pytest.mark.parametrize(("text", "actions"), ACTIONS.items())
def test_actions(text, actions):
    said = {
        (c.kind, c.verb, c.target, c.polarity)
        for c in extract(text, SURGERY)
        if isinstance(c, ActionClaim)
    }
    assert said == actions


@pytest.mark.parametrize("triplet", sorted(PROCEDURE.triplets))
def test_every_triplet_is_read_back(triplet):
    instrument, verb, target = (
        part[id].name
        for part, id in zip(
            (PROCEDURE.instruments, PROCEDURE.verbs, PROCEDURE.targets), triplet, strict=True
        )
    )
    claims = extract(f"The {instrument} is {verb} the {target}.", SURGERY)
    assert [(c.kind, c.verb, c.target) for c in claims if isinstance(c, ActionClaim)] == [triplet]
    assert {c.kind for c in claims} == {triplet[0], triplet[2]}


PHASES = {
    "The phase is clipping and cutting.": "clipping-and-cutting",
    "gallbladder dissection": "gallbladder-dissection",
    "Calot's triangle dissection": "calot-triangle-dissection",
    "Not preparation but clipping and cutting.": "clipping-and-cutting",
    "This is preparation. Next: clipping and cutting.": "preparation",
    "The next phase is clipping and cutting.": "clipping-and-cutting",
    "Preparation of the cystic duct": None,
    "Is it preparation?": None,
    "Preparation, or clipping and cutting.": None,
    ", ".join(p.name for p in PROCEDURE.phases.values()): None,
    "": None,
}


@pytest.mark.parametrize(("text", "phase"), PHASES.items())
def test_phase(text, phase):
    assert phase_in(text, SURGERY) == phase


def test_a_phase_names_no_anatomy():
    claims = extract("The phase is dissection of the gallbladder from the liver bed.", SURGERY)
    assert [(c.kind, c.stage) for c in claims] == [("phase", "gallbladder-dissection")]


CASE = Case(
    file_name="a.jpg",
    id="a",
    group="V1",
    modality=SURGERY,
    labels={"phase": "gallbladder-dissection", "bleeding_minor": "false", "cv_safety_met": "true"},
    looked_for=tuple(PROCEDURE.instruments),
    findings=(
        Finding(
            id="f1",
            kind="grasper",
            source="annotation",
            attributes={"verb": "retract", "target": "gallbladder"},
        ),
        Finding(id="f2", kind="grasper", source="annotation"),
        Finding(
            id="f3",
            kind="hook",
            source="annotation",
            attributes={"verb": "dissect", "target": "gallbladder"},
        ),
    ),
)
VERDICTS = {
    "Two graspers and a hook are visible.": {"supported"},
    "The hook is dissecting the gallbladder.": {"supported"},
    "No scissors are visible.": {"supported"},
    # Left and right are places of the retina only.
    "A hook is visible on the left.": {"supported"},
    "The phase is gallbladder dissection.": {"supported"},
    "There is no minor bleeding.": {"supported"},
    "Critical view of safety: met.": {"supported"},
    "The scissors are visible.": {"contradicted"},
    "No hook is visible.": {"contradicted"},
    # Instruments are counted exactly.
    "Three graspers are visible.": {"contradicted"},
    "One grasper is visible.": {"contradicted"},
    "The phase is preparation.": {"contradicted"},
    "The phase is not gallbladder dissection.": {"contradicted"},
    "There is minor bleeding.": {"contradicted"},
    "Critical view of safety: not met.": {"contradicted"},
    # The instrument is there, its action is another.
    "The hook is coagulating the gallbladder.": {"supported", "contradicted"},
    # Only what is acted upon is annotated of the anatomy.
    "The liver is visible.": {"unsupported"},
    "The omentum is not visible.": {"unsupported"},
    "The gallbladder is not visible.": {"contradicted"},
    "There is major bleeding.": {"unsupported"},
    "Hemostasis: met.": {"unsupported"},
    "Check: the liver and the scissors are seen.": set(),
    "A trocar is visible.": set(),
}


@pytest.mark.parametrize(("text", "verdicts"), VERDICTS.items())
def test_verdicts(text, verdicts):
    assert set(judge(extract(text, SURGERY), CASE).verdicts) == verdicts


@settings(max_examples=60, deadline=1000)
@given(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join))
def test_any_text_is_survived(text):
    judge_text(text, CASE)
    answer_matches(text, ACTION, SURGERY)
    consistent(Answer(reasoning=(text,), answer=text), SURGERY)


def test_an_instrument_nobody_looked_for_is_unsupported():
    case = Case(file_name="a.jpg", id="a", group="V1", modality=SURGERY)
    for text in ("A hook is visible.", "No hook is visible.", "The phase is preparation."):
        assert judge(extract(text, SURGERY), case).verdicts == ("unsupported",)


def test_actions_are_not_contradicted_where_none_is_annotated():
    finding = Finding(id="f1", kind="hook", source="annotation")
    case = Case(file_name="a.jpg", id="a", group="V", modality=SURGERY, findings=(finding,))
    claims = [
        c
        for c in extract("The hook is cutting the peritoneum.", SURGERY)
        if isinstance(c, ActionClaim)
    ]
    assert judge(claims, case).verdicts == ("unsupported",)


def test_recall_counts_instruments_and_what_they_act_on():
    judgement = judge_text("Two graspers are visible.", CASE)[1]
    counted = agreement(judgement, CASE)
    assert (counted.items, counted.found) == (3, 1)
    assert {f.id for f in judgement.missed} == {"f1", "f3"}
    assert counted.precision == 1.0


RIGHT = [
    ("The phase is clipping and cutting.", PHASE),
    ('{"answer": "Clipping and cutting", "reasoning": ["Not preparation."]}', PHASE),
    ("A grasper and a hook are visible.", TOOLS),
    ("hook, grasper", TOOLS),
    # Anatomy does not count among instruments.
    ("A grasper retracts the liver, and a hook is visible. No scissors are visible.", TOOLS),
    ("No instrument is visible.", Gold(type="set", value=())),
    ("The clip applier is clipping the cystic duct.", ACTION),
    ("Clipping the cystic duct.", ACTION),
    ("The cystic duct is clipped by the clip applier.", ACTION),
    ("The cystic duct.", Gold(type="choice", value="cystic duct")),
    (
        "Next: packaging of the gallbladder or cleaning and coagulation.",
        Gold(type="set", value=("packaging of the gallbladder", "cleaning and coagulation")),
    ),
    ("Next: nothing, for this is the last phase.", Gold(type="set", value=())),
    ("[10, 20, 30, 40]", Gold(type="box", value="10,20,30,41", tolerance=0.5)),
    ("Yes. A hook is visible.", Gold(type="yes_no", value="yes")),
]
WRONG = [
    (", ".join(p.name for p in PROCEDURE.phases.values()), PHASE),
    ("Preparation or clipping and cutting.", PHASE),
    ("Not clipping and cutting.", PHASE),
    ("", PHASE),
    ("A grasper is visible.", TOOLS),
    (", ".join(t.name for t in PROCEDURE.instruments.values()), TOOLS),
    ("A grasper and no hook are visible.", TOOLS),
    ("A hook is visible.", Gold(type="set", value=())),
    ("The clip applier is clipping the cystic artery.", ACTION),
    ("The clip applier is clipping the cystic duct and the cystic artery.", ACTION),
    ("The grasper is clipping the cystic duct.", ACTION),
    ("The clip applier is visible.", ACTION),
    ("The cystic duct and the liver.", Gold(type="choice", value="cystic duct")),
    (
        "Next: cleaning and coagulation.",
        Gold(type="set", value=("packaging of the gallbladder", "cleaning and coagulation")),
    ),
]


@pytest.mark.parametrize(("text", "gold"), RIGHT)
def test_right(text, gold):
    assert answer_matches(text, gold, SURGERY)


@pytest.mark.parametrize(("text", "gold"), WRONG)
def test_wrong(text, gold):
    assert not answer_matches(text, gold, SURGERY)


def test_plain_text_that_settles_on_a_phase_is_an_answer():
    answer = parse_answer("A hook is visible. The phase is preparation.", modality=SURGERY)
    assert answer is not None
    assert answer.answer == "preparation"
    assert parse_answer("A hook is visible.", modality=SURGERY) is None


CONSISTENT = [
    (("A hook is dissecting the gallbladder.",), "gallbladder dissection", True),
    (("The phase is preparation.",), "preparation", True),
    (("The phase is preparation.",), "clipping and cutting", False),
    (("This is not preparation.",), "preparation", False),
    (("A hook is visible.", "No hook is visible."), "preparation", False),
    # Graspers clip nothing.
    (("A grasper is clipping the liver.",), "preparation", False),
    (("It looks fine.",), "preparation", False),
    (("A hook is visible.",), "The hook is visible.", None),
    (("A hook is visible.",), "preparation, or clipping and cutting", None),
]


@pytest.mark.parametrize(("reasoning", "said", "follows"), CONSISTENT)
def test_consistent(reasoning, said, follows):
    assert consistent(Answer(reasoning=reasoning, answer=said), SURGERY) is follows
