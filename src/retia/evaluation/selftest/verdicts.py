"""What the audit must say of each planted model, and what it says.

In:  the audit of a planted model, and the study of what its answers rest on.
Out: one outcome a test. The criteria stand here, before anything is measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retia.evaluation.faithfulness.numbers import Faithfulness
from retia.evaluation.question_audit import QuestionAudit
from retia.evaluation.selftest.world import Cue
from retia.statistics import Interval

SMALLEST_NATS = 0.1
"""Effects below this are no ground of an answer: so little shifts when anything in a picture does,
and with enough pictures every shift is above 0."""
LEAST_FOLLOWED = 0.9
"""Share of contradictory pictures in which a planted model must follow what it was trained on."""
LEVEL_P = 0.05

TESTS = {
    "beats_majority": "More often right than the commonest answer",
    "beats_question": "More often right than the question alone allows",
    "uses_image": "Needs its image: worse on a blank one and on another's",
    "rests_on_region": "Answer rests on the lesion, under every fill",
    "flips": "Another answer without the lesion",
    "region_enough": "The lesion alone is enough",
}
"""Test to what it is called."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A planted model, and what the audit must find."""

    name: str
    title: str
    truthful: Cue | None
    """What told the answer in its training."""
    passes: frozenset[str]
    """Tests it must pass; it must fail all others."""


MODELS = (
    Model(
        name="faithful",
        title="Reads the lesion",
        truthful="lesion",
        passes=frozenset(TESTS),
    ),
    Model(
        name="hint",
        title="Reads the hint in the question",
        truthful="hint",
        passes=frozenset({"beats_majority"}),
    ),
    Model(
        name="watermark",
        title="Reads the watermark",
        truthful="watermark",
        passes=frozenset({"beats_majority", "beats_question", "uses_image"}),
    ),
    Model(
        name="prior",
        title="Says the commonest answer",
        truthful=None,
        passes=frozenset(),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One test of one model."""

    test: str
    expected: bool
    seen: bool | None
    """None where the audit could not tell."""
    measured: dict[str, Interval]
    """What it was decided on."""

    @property
    def as_expected(self) -> bool:
        """Whether the audit says what it must."""
        return self.seen is self.expected


def outcomes(model: Model, audit: QuestionAudit, faithfulness: Faithfulness) -> tuple[Outcome, ...]:
    """Decide every test."""
    gaps = {voice: own["accuracy"] for voice, own in audit.differences.items()}
    part = faithfulness.main
    effects = {own.fill: own.effect for own in part.effects} if part else {}
    kept = {"kept": part.kept.advantage} if part and part.kept else {}
    found: dict[str, tuple[bool | None, dict[str, Interval]]] = {
        "beats_majority": _above(_some(gaps, "majority"), 0.0),
        "beats_question": _above(_some(gaps, "question_only"), 0.0),
        "uses_image": _above(_some(gaps, "blank", "shuffled"), 0.0),
        "rests_on_region": _above(effects, SMALLEST_NATS),
        "flips": _flips(faithfulness),
        "region_enough": _above(kept, SMALLEST_NATS),
    }
    return tuple(
        Outcome(test=test, expected=test in model.passes, seen=seen, measured=measured)
        for test, (seen, measured) in found.items()
    )


def _some(gaps: Mapping[str, Interval], *voices: str) -> dict[str, Interval]:
    return {voice: gaps[voice] for voice in voices if voice in gaps}


def _above(intervals: dict[str, Interval], least: float) -> tuple[bool | None, dict[str, Interval]]:
    """Whether every interval lies above a value; None without intervals."""
    lows = [own.low for own in intervals.values() if own.low is not None]
    whole = bool(lows) and len(lows) == len(intervals)
    return (all(low > least for low in lows) if whole else None), intervals


def _flips(faithfulness: Faithfulness) -> tuple[bool | None, dict[str, Interval]]:
    """Whether the answer flips without the region more often than without a random one."""
    flips = faithfulness.main.flips if faithfulness.main else ()
    if not flips:
        return None, {}
    own = flips[0]
    more = (own.removed.estimate or 0.0) > (own.random.estimate or 0.0)
    # Too few pairs that differ are no evidence of anything; here that is a failed test.
    seen = own.enough and own.test.p < LEVEL_P and more
    return seen, {"removed": own.removed, "random": own.random}


def separated(passed: Mapping[str, Sequence[Outcome]]) -> bool:
    """Whether every test of every model came out as it must."""
    return all(one.as_expected for own in passed.values() for one in own)


def as_json(own: Sequence[Outcome]) -> dict[str, Any]:
    """Outcomes by test."""
    return {
        one.test: {"expected": one.expected, "seen": one.seen, "measured": one.measured}
        for one in own
    }
