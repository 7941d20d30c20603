"""All the teacher writes is true of its eye, and the extractor reads it back without loss."""

import random
from pathlib import Path

import pytest
from eyes import random_eye
from hypothesis import given, settings
from hypothesis import strategies as st

from retia.claims import (
    agreement,
    answer_matches,
    claims_of,
    consistent,
    judge_text,
    parse_answer,
    statements,
)
from retia.instructions.balance import (
    known_changes,
    known_lesions,
    known_places,
    known_stages,
)
from retia.instructions.eyes.norms import Norms, with_percentiles
from retia.instructions.eyes.questions import QUESTIONS, planned_turn
from retia.instructions.eyes.wording import Voice
from retia.instructions.eyes.writer import stage_turn
from retia.instructions.write import WriteConfig, case_samples

CONFIG = WriteConfig(cases=Path(), out=Path(), stage2_per_case=2)
NORMS = Norms([0.2 + n / 200 for n in range(40)])


def eye(seed):
    return with_percentiles(random_eye(seed), NORMS)


def twins_of(case):
    """Made-up twins: every other finding decides about the stage."""
    return {
        case.id: {f.id: "healthy" if i % 2 else case.stage for i, f in enumerate(case.findings)}
    }


def planned(case):
    """All that can be asked of a case by yes or no."""
    known = known_lesions(case) | known_places(case) | known_stages(case)
    return known | known_changes(twins_of(case), case)


def turns_of(case, voice):
    turns = [planned_turn(case, key, there, voice) for key, there in planned(case).items()]
    turns += [turn for ask in QUESTIONS.values() if (turn := ask(case, voice)) is not None]
    return [*turns, stage_turn(case, voice)]


def said(claims):
    """What claims say, whether a sentence says it at once or in parts."""
    atoms = set()
    for c in claims:
        atoms.add((c.kind, c.polarity, c.stage))
        if c.severity:
            atoms.add((c.kind, "severity", c.severity))
        if c.zone:
            place = (c.zone.quadrant, c.zone.ring, c.zone.clock)
            atoms.add((c.kind, c.polarity, "place", c.severity, *place))
        if c.quantity is not None:
            atoms.add((c.kind, "number", c.quantity, c.comparator, c.unit))
    return atoms


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_every_answer_is_read_back_as_what_it_was_written_from(seed, plain):
    case = eye(seed)
    for turn in turns_of(case, Voice(random.Random(seed), plain)):
        assert said(claims_of(turn.answer)) == said(turn.meaning), turn.answer


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_no_sentence_is_contradicted_or_unsupported(seed):
    case = eye(seed)
    for turn in turns_of(case, Voice(random.Random(seed))):
        sentences, judgement = judge_text(turn.answer, case)
        assert set(judgement.verdicts) <= {"supported"}, turn.answer
        assert answer_matches(turn.answer, turn.gold), turn
        if turn.question_kind == "stage":
            answer = parse_answer(turn.answer, strict=True)
            assert answer is not None
            assert agreement(judgement, case).recall in (1.0, None)
            assert consistent(answer)
            assert len(turn.evidence) == len(answer.reasoning)
        else:
            assert len(turn.evidence) == len(sentences), turn.answer


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_what_is_present_cites_evidence(seed):
    case = eye(seed)
    for sample in case_samples(case, (), CONFIG):
        for turn in sample.answers:
            if turn.question_kind != "stage":
                continue
            for text, ids in zip(statements(turn.text)[1:-1], turn.evidence, strict=True):
                affirmed = {c.kind for c in claims_of(text) if c.polarity} - {"stage"}
                assert bool(ids) or not affirmed, text


@pytest.mark.parametrize("kind", QUESTIONS)
def test_question_alone_gives_nothing_away(kind):
    """The same question must be met with different answers, and never holds its own."""
    answers: dict[str, set[str]] = {}
    for seed in range(400):
        case = eye(seed)
        turn = QUESTIONS[kind](case, Voice(random.Random(seed)))
        if turn is not None:
            answers.setdefault(turn.question, set()).add(str(turn.gold.value))
            assert kind == "grade" or turn.answer not in turn.question  # it names all grades
    # Regions have a box of their own in each question.
    assert len(answers) >= 6
    assert kind == "region" or any(len(a) > 1 for a in answers.values())
    assert len(set.union(*answers.values())) > 1


def test_yes_and_no_are_asked_in_the_same_words():
    case = eye(3)
    keys = [key for key in planned(case) if "change" not in key]
    assert any("@" in key for key in keys)
    assert any("=" in key for key in keys)
    for key in keys:
        if key.startswith("stage") or "@" in key:
            continue  # what is said depends on the eye; their questions are asked below
        questions = {
            there: {
                planned_turn(case, key, there, Voice(random.Random(s))).question for s in range(20)
            }
            for there in (True, False)
        }
        assert questions[True] == questions[False]
        assert len(questions[True]) >= 5


@pytest.mark.parametrize("mark", ["@", "=", "#"])
def test_planned_questions_have_either_answer(mark):
    answers: dict[str, set[str]] = {}
    for seed in range(300):
        case = eye(seed)
        for key, there in planned(case).items():
            if mark in key:
                turn = planned_turn(case, key, there, Voice(random.Random(seed)))
                answers.setdefault(turn.question, set()).add(str(turn.gold.value))
    both = [a for a in answers.values() if a == {"yes", "no"}]
    assert len(both) > 6
