"""Surgical samples: every sentence is true of its frame, and false ones are caught."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from frames import PROCEDURE, frame, random_frame
from hypothesis import given, settings
from hypothesis import strategies as st
from planned import plan_presence

from retia.claims import (
    agreement,
    answer_matches,
    answer_sentences,
    consistent,
    judge_text,
    parse_answer,
    statements,
)
from retia.instructions.surgical.facts import known_truths, with_evidence
from retia.instructions.surgical.samples import (
    conversation_sample,
    description_sample,
    reasoning_sample,
    structured_sample,
)
from retia.records import Case, Message, Sample, read_cases
from retia.taxonomy import read_procedure


def samples_of(case: Case, seed: int = 0) -> list[Sample]:
    """All samples of a frame, all its known truths asked for."""
    presence = list(known_truths(case, PROCEDURE).items())
    made = (
        conversation_sample(case, PROCEDURE, 0, seed, presence, 20),
        description_sample(case, PROCEDURE, 0, seed),
        reasoning_sample(case, PROCEDURE, 0, seed),
        reasoning_sample(case, PROCEDURE, 1, seed),
        structured_sample(case, PROCEDURE, "grpo", 0, seed),
    )
    return [sample for sample in made if sample is not None]


def check_true(case: Case, turn: Message) -> None:
    """Nothing but supported claims, the gold answer, and evidence for every sentence."""
    sentences, judgement = judge_text(turn.text, case)
    assert set(judgement.verdicts) <= {"supported"}, (turn.text, sentences)
    assert turn.gold is not None
    assert answer_matches(turn.text, turn.gold, case.modality), turn
    assert len(turn.evidence) == len(statements(turn.text, case.modality))
    for sentence, ids in zip(sentences, turn.evidence, strict=True):
        assert all(exists(id, case) for id in ids), ids
        # What a sentence was held against is what it cites.
        assert bool(set(ids) & set(sentence.evidence)) == bool(sentence.evidence), sentence


def exists(id: str, case: Case) -> bool:
    """Whether an evidence id names a label of the frame or a line of the taxonomy."""
    source, _, rest = id.partition("/")
    if source == "label":
        return rest in case.labels or any(id in f.evidence for f in case.findings)
    procedure, part, entry, what, *number = rest.split("/")
    assert (source, procedure) == ("taxonomy", PROCEDURE.id)
    plans = {"red_flag": PROCEDURE.red_flags, "contingency": PROCEDURE.contingencies}
    if part in plans:
        return 1 <= int(number[0]) <= len(plans[part][entry].actions)
    phase = PROCEDURE.phases[entry]
    lines = {"check": phase.checks, "pitfall": phase.pitfalls, "next": ("",)}[what]
    return entry == case.labels["phase"] and 1 <= int((number or ["1"])[0]) <= len(lines)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_every_sentence_is_supported_by_its_own_frame(seed):
    case = with_evidence(random_frame(seed))
    for sample in samples_of(case, seed):
        for turn in sample.answers:
            check_true(case, turn)
            answer = parse_answer(turn.text, strict=True, modality=case.modality)
            if sample.stage == "stage2":
                assert answer is None
                continue
            assert answer is not None
            assert len(sample.answers) == 1
            assert len(turn.evidence) == len(answer_sentences(answer))
            asks_phase = turn.question_kind in ("phase", "description")
            assert consistent(answer, case.modality) is (True if asks_phase else None)
            if sample.meta.get("kind") == "description":
                assert agreement(judge_text(turn.text, case)[1], case).recall in (1.0, None)


def test_every_sentence_about_real_frames_is_supported(shared_data, tmp_path):
    from retia.sources.cholect50 import CholecT50Config, import_cholect50

    source = shared_data / "cholect50"
    import_cholect50(CholecT50Config(source=source, out=tmp_path / "frames", limit=120, seed=1))
    cases = read_cases(tmp_path / "frames")
    kinds: Counter[str | None] = Counter()
    for case in map(with_evidence, cases):
        for sample in samples_of(case):
            for turn in sample.answers:
                check_true(case, turn)
                kinds[turn.question_kind] += 1
    assert {"phase", "presence", "instruments", "box", "safety", "description"} <= set(kinds)
    assert kinds["action"] > 50


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_a_frame_of_other_labels_contradicts_the_description(seed):
    """A description is told apart from that of a frame with other instruments and phase."""
    case, other = random_frame(seed), random_frame(seed + 10**7)
    mine = description_sample(with_evidence(case), PROCEDURE, 0, 0)
    kinds, others = ({(f.kind) for f in c.findings} for c in (case, other))
    if mine is None or kinds == others:
        return
    verdicts = judge_text(mine.answers[0].text, other)[1].verdicts
    assert {"contradicted", "unsupported"} & set(verdicts)


def test_structured_answers_give_reasons_that_do_not_hold_the_answer():
    case = with_evidence(
        frame(("hook", "dissect", "gallbladder"), ("grasper",), phase="gallbladder-dissection")
    )
    description = description_sample(case, PROCEDURE, 0, 0)
    grpo = structured_sample(case, PROCEDURE, "grpo", 0, 0)
    assert description is not None
    assert grpo is not None
    told = json.loads(description.answers[0].text)
    assert told["answer"] == "Dissection of the gallbladder from the liver bed"
    assert not any("phase" in reason for reason in told["reasoning"])
    told = json.loads(grpo.answers[0].text)
    assert told["answer"] == "The hook is dissecting the gallbladder."
    assert not any("dissecting" in reason for reason in told["reasoning"])
    assert grpo.answers[0].roi_px == case.findings[0].box_px


def test_the_same_words_ask_for_what_is_there_and_what_is_not():
    questions: dict[bool, set[str]] = {}
    for there in (True, False):
        case = with_evidence(frame(("scissors",) if there else ("hook",), phase=None))
        drawn = [
            conversation_sample(case, PROCEDURE, 0, seed, [("scissors", there)], 3)
            for seed in range(30)
        ]
        questions[there] = {
            asked.text
            for sample in drawn
            if sample is not None
            for asked, answer in zip(sample.messages[::2], sample.answers, strict=True)
            if answer.question_kind == "presence"
        }
    assert len(questions[True]) > 1
    assert questions[True] == questions[False]


def test_events_are_typed():
    case = with_evidence(frame(bleeding_minor="false", bile_spill="true", cv_safety_met="false"))
    text = description_sample(case, PROCEDURE, 0, 0).answers[0].text  # type: ignore[union-attr]
    assert "There is no minor bleeding." in text
    assert "There is bile spillage." in text
    assert "Critical view of safety: not met." in text


def test_gates_are_never_guessed():
    told = {
        value: [
            turn.text
            for seed in range(20)
            if (s := reasoning_sample(_before_clipping(value), PROCEDURE, 0, seed))
            for turn in s.answers
            if turn.question_kind == "safety"
        ]
        for value in (None, "true", "false")
    }
    assert all(told.values())
    assert all("not annotated whether this is met: critical view" in t for t in told[None])
    assert all("Critical view of safety: met." in t for t in told["true"])
    assert all("Critical view of safety: not met." in t for t in told["false"])


def _before_clipping(gate: str | None) -> Case:
    events = {} if gate is None else {"cv_safety_met": gate}
    return with_evidence(frame(phase="calot-triangle-dissection", **events))


def test_yes_and_no_are_balanced_per_kind_and_split():
    frames = [random_frame(i, i) for i in range(300)]
    plan = plan_presence(frames, 0, lambda c: known_truths(c, PROCEDURE), share=1.0)
    count = Counter((c.split, kind, there) for c in frames for kind, there in plan[c.id])
    assert sum(count.values()) > 100
    for split, kind, _ in list(count):
        assert abs(count[split, kind, True] - count[split, kind, False]) <= 1


@pytest.mark.parametrize("phase", PROCEDURE.phases)
def test_advice_states_nothing_about_the_frame(phase):
    """Checks and pitfalls name anatomy and instruments that the frame need not show."""
    case = with_evidence(frame(phase=phase))
    for seed in range(6):
        sample = reasoning_sample(case, PROCEDURE, 0, seed)
        assert sample is not None
        for turn in sample.answers:
            judged = judge_text(turn.text, case)[1].judged
            assert {j.claim.kind for j in judged} <= {"phase"}


APPENDECTOMY = """
id: appendectomy
name: laparoscopic appendectomy
image: laparoscopic frame
phases:
  exposure: {name: exposure of the appendix, goal: see the appendix, next: [division]}
  division:
    name: division
    goal: divide the appendix
    checks: ["The base is free; nothing else is in the stapler."]
    pitfalls: [The stump leaks.]
instruments:
  stapler: {name: endoscopic stapler}
  forceps: {name: forceps, plural: forceps}
verbs:
  staple: {name: stapling}
  lift: {name: lifting}
targets:
  appendix: {name: appendix, plural: appendices}
  mesentery: {name: mesoappendix}
triplets:
  stapler: {staple: [appendix, mesentery]}
  forceps: {lift: [appendix]}
gates:
  base_free:
    {name: free base, question: "Is the base free?", phase: division, facts: [The base is free.]}
red_flags:
  pus: {name: pus, question: "What should be done about pus?", actions: [Aspirate it; send it in.]}
contingencies:
  tear:
    name: a torn appendix
    question: What is done if the appendix tears?
    phases: [division]
    actions: [Hold the stump.]
questions:
  phase: ["Which phase is this?"]
  instruments: ["Which instruments are visible?"]
  action: ["What is the {instrument} doing?"]
  anatomy: ["What is the {instrument} acting on?"]
  box: ["Where is the {instrument}?"]
  description: ["Describe this frame."]
  next_step: ["What follows {phase}?"]
  safety: ["What is to be checked?"]
  pitfalls: ["What can go wrong?"]
"""


def test_another_procedure_is_one_file(tmp_path, monkeypatch):
    """Sentences, claims, gates and questions of a procedure come from its YAML alone."""
    (tmp_path / "appendectomy.yaml").write_text(APPENDECTOMY)
    monkeypatch.setenv("RETIA_TAXONOMIES", str(tmp_path))
    procedure = read_procedure("appendectomy")
    for number, phase in enumerate(("exposure", "division")):
        shown = frame(("stapler", "staple", "mesentery"), ("forceps",), ("forceps",), phase=phase)
        labels = shown.labels | {"pus": "true", "base_free": "false"}
        case = with_evidence(
            replace(
                shown,
                modality="appendectomy",
                labels=labels,
                looked_for=("stapler", "forceps"),
            )
        )
        made = [
            conversation_sample(case, procedure, 0, number, [("pus", True), ("forceps", True)], 9),
            description_sample(case, procedure, 0, number),
            reasoning_sample(case, procedure, 0, number),
            structured_sample(case, procedure, "grpo", 0, number),
        ]
        texts = [turn.text for sample in made if sample for turn in sample.answers]
        for sample in made:
            for turn in sample.answers if sample else ():
                verdicts = judge_text(turn.text, case)[1].verdicts
                assert set(verdicts) <= {"supported"}, turn.text
                assert turn.gold is not None
                assert answer_matches(turn.text, turn.gold, "appendectomy"), turn
        assert any("An endoscopic stapler is stapling the mesoappendix." in t for t in texts)
        assert any("Two forceps are visible." in t for t in texts)
        assert any("Free base: not met." in t for t in texts)
        told = {
            turn.text
            for seed in range(40)
            if (s := reasoning_sample(replace(case, labels=shown.labels), procedure, 0, seed))
            for turn in s.answers
        }
        assert ("Action: Hold the stump." in told) is (phase == "division")


def test_what_would_be_done_is_asked_beside_what_the_frame_decides():
    """A plan needs no frame, so that it never stands alone; what happens now is said first."""
    calm, bleeding = (
        with_evidence(frame(phase="clipping-and-cutting", **events))
        for events in ({}, {"bleeding_minor": "true"})
    )
    plans = {"red_flag", "contingency"}
    seen: Counter[str | None] = Counter()
    for seed in range(60):
        kinds = [
            t.question_kind
            for t in reasoning_sample(calm, PROCEDURE, 0, seed).answers  # type: ignore[union-attr]
        ]
        assert kinds[0] not in plans
        seen.update(kinds)
        first = reasoning_sample(bleeding, PROCEDURE, 0, seed).answers[0]  # type: ignore[union-attr]
        assert first.text.startswith("There is minor bleeding. Action:")
    assert plans <= set(seen)


def test_only_plans_of_the_phase_are_asked():
    late = PROCEDURE.plans("gallbladder-extraction")
    assert {"bag_tears", "bleeding_major"} <= {p.id for p in late}
    assert "critical_view_not_reached" not in {p.id for p in late}


def test_a_sparse_frame_still_has_three_questions():
    case = with_evidence(replace(frame(phase="preparation"), looked_for=()))
    sample = conversation_sample(case, PROCEDURE, 0, 0, [("bleeding_minor", False)], 6)
    assert sample is not None and len(sample.answers) == 3


def test_samples_say_how_sure_their_labels_are():
    weak = replace(frame(("hook",)), label_sources={"phase": "weak", "tools": "manual"})
    for case, told in ((weak, "weak"), (frame(("hook",)), None)):
        sample = description_sample(with_evidence(case), PROCEDURE, 0, 0)
        assert sample is not None and sample.meta.get("labels") == told


def test_questions_agree_with_their_instrument():
    many = with_evidence(frame(("scissors", "cut", "cystic_duct")))
    asked = {
        m.text
        for seed in range(20)
        if (s := conversation_sample(many, PROCEDURE, 0, seed, (), 6))
        for m in s.messages
        if m.role == "user"
    }
    assert any("are the scissors" in text for text in asked)
    assert not any("is the scissors" in t or "does the scissors" in t for t in asked)
