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
    consistent,
    judge_text,
    parse_answer,
    statements,
)
from retia.instructions.questions import QUESTIONS, presence_turn
from retia.instructions.write import WriteConfig, case_samples

CONFIG = WriteConfig(cases=Path(), out=Path(), stage2_per_case=2)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6))
def test_no_sentence_is_contradicted_or_unsupported(seed):
    case = random_eye(seed)
    kinds = [(k, any(f.kind == k for f in case.findings)) for k in case.looked_for[:2]]
    for sample in case_samples(case, kinds, CONFIG):
        for turn in sample.answers:
            sentences, judgement = judge_text(turn.text, case)
            assert set(judgement.verdicts) <= {"supported"}, turn.text
            assert turn.gold is not None
            assert answer_matches(turn.text, turn.gold), turn
            if turn.question_kind == "stage":
                answer = parse_answer(turn.text, strict=True)
                assert answer is not None
                assert agreement(judgement, case).recall in (1.0, None)
                assert consistent(answer)
                assert len(turn.evidence) == len(answer.reasoning)
            else:
                assert len(turn.evidence) == len(sentences)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6))
def test_what_is_present_cites_evidence(seed):
    case = random_eye(seed)
    for sample in case_samples(case, (), CONFIG):
        for turn in sample.answers:
            if turn.question_kind != "stage":
                continue
            for text, ids in zip(statements(turn.text)[1:-1], turn.evidence, strict=True):
                denies = " no " in f" {text.lower()}" or "not " in text or "regular" in text
                assert bool(ids) or denies, text


@pytest.mark.parametrize("kind", QUESTIONS)
def test_question_alone_gives_nothing_away(kind):
    """The same question must be met with different answers; a stage is named only by `why`."""
    answers: dict[str, set[str]] = {}
    for seed in range(400):
        turn = QUESTIONS[kind](random_eye(seed), random.Random(seed))
        if turn is not None:
            answers.setdefault(turn.question, set()).add(str(turn.gold.value))
            assert turn.answer not in turn.question
            if kind != "why":
                assert "PDR" not in turn.question
    frequent = [a for a in answers.values() if len(a) > 1]
    # Regions have a box of their own in each question.
    assert answers
    assert frequent or kind in ("region", "why")


def test_yes_and_no_are_asked_in_the_same_words():
    case = random_eye(3)
    questions = {
        there: {presence_turn(case, "irma", there, random.Random(s)).question for s in range(20)}
        for there in (True, False)
    }
    assert questions[True] == questions[False]
