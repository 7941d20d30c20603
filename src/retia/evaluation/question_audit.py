"""All numbers about the questions of one modality: the student under three conditions, and blind.

In:  questions, answers, training questions.
Out: a `QuestionAudit`. Unreadable answers are wrong answers; they stay in every denominator.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from retia.evaluation.answers.frames import frame_numbers
from retia.evaluation.answers.predictions import CONDITIONS, Prediction
from retia.evaluation.answers.quality import AnswerNumbers, answer_numbers
from retia.evaluation.answers.scores import MEASURES, QuestionRow, read_answer, read_guess
from retia.evaluation.answers.similarity import Embed
from retia.evaluation.plan.blind import Blind, best_constant
from retia.evaluation.plan.items import Item
from retia.records import Case
from retia.statistics import Interval, mean_interval, ratio_interval
from retia.statistics.bootstrap import MINIMUM_GROUPS

Settings = dict[str, Any]
"""`resamples`, `level`, `seed` of the intervals."""

CONTROLS = ("blank", "shuffled")
BASELINES = ("majority", "question_only")
BLOCK_S = 60.0
"""Length of the pieces that stand in for groups where there are too few videos, in s."""


@dataclass(frozen=True, kw_only=True)
class QuestionAudit:
    """What was asked about one modality, answered and measured."""

    modality: str
    rows: dict[str, list[QuestionRow]]
    """Per voice (conditions, then baselines) the answers, in the order of the questions."""
    unit: str
    """What the intervals resample."""
    numbers: dict[str, dict[str, Interval]]
    """Per voice and measure."""
    differences: dict[str, dict[str, Interval]]
    """Per other voice and measure: the student on the real image minus that voice, paired."""
    kinds: dict[str, dict[str, Any]]
    """Per question kind: number of questions, `accuracy` of the student, that of each voice."""
    claims: dict[str, Any] | str
    """Of the reasons, on the real image; `not applicable` without a vocabulary or reasons."""
    frames: dict[str, Any] | None
    """Of surgical frames: phases, hallucinations, temporal coherence."""
    quality: dict[str, AnswerNumbers]
    """Of the student on its own image and of the blind baselines: conventions, numbers, boxes."""

    @property
    def looks(self) -> bool | None:
        """Whether the student demonstrably uses the image; None where that was not tested."""
        gaps = [self.differences[c]["accuracy"] for c in CONTROLS if c in self.differences]
        lows = [gap.low for gap in gaps if gap.low is not None]
        return all(low > 0 for low in lows) if lows and len(lows) == len(gaps) else None

    def summary(self) -> dict[str, Any]:
        """The headline numbers."""
        real = self.rows["real"]
        summary: dict[str, Any] = {
            "questions": len(real),
            "cases": len({row.item.case.id for row in real}),
            "groups": len({row.item.case.group for row in real}),
            "intervals_resample": self.unit,
            "accuracy": {voice: own["accuracy"] for voice, own in self.numbers.items()},
            "real_minus": {voice: own["accuracy"] for voice, own in self.differences.items()},
            "uses_the_image": self.looks,
            **{name: value for name, value in self.numbers["real"].items() if name != "accuracy"},
            "claims": self.claims if isinstance(self.claims, str) else self.claims["precision"],
        }
        return summary | (self.frames or {})

    def as_json(self) -> dict[str, Any]:
        """All numbers."""
        return {
            "summary": self.summary(),
            "voices": self.numbers,
            "real_minus": self.differences,
            "kinds": self.kinds,
            "claims": self.claims,
            "quality": {voice: own.as_json() for voice, own in self.quality.items()},
        }

    def lines(self) -> list[str]:
        """The headline numbers for people."""
        lines = [f"{len(self.rows['real'])} {self.modality} questions, accuracy:"]
        for voice, own in self.numbers.items():
            lines.append(f"  {voice.replace('_', ' '):16s} {own['accuracy']}")
        for name, value in self.numbers["real"].items():
            if name != "accuracy":
                lines.append(f"  {MEASURES[name]}: {value}")
        lines += [f"  {name.replace('_', ' ')}: {v}" for name, v in (self.frames or {}).items()]
        return lines + self.quality["real"].lines()


def audit_questions(
    modality: str,
    items: Sequence[Item],
    predictions: Sequence[Prediction],
    training: Sequence[Item],
    settings: Settings,
    embed: Embed | None = None,
) -> QuestionAudit | None:
    """Measure the answers to the questions of one modality.

    Args:
        modality: Its name.
        items: The questions.
        predictions: Of all modalities and conditions.
        training: Questions of the training cases; without any, there are no blind baselines.
        settings: Of the intervals.
        embed: Word vectors for the likeness of open answers.

    Returns:
        None when there is no question, or none of them was answered about the real image.
    """
    rows = _rows(items, predictions, training, embed)
    if not rows.get("real"):
        return None
    unit, clusters = clusters_of([item.case for item in items])
    others = [voice for voice in rows if voice != "real"]
    return QuestionAudit(
        modality=modality,
        rows=rows,
        unit=unit,
        numbers={voice: _means(own, clusters, settings) for voice, own in rows.items()},
        differences={v: _gaps(rows["real"], rows[v], clusters, settings) for v in others},
        kinds=_kind_numbers(rows, clusters, settings),
        claims=_claim_numbers(rows["real"], clusters, settings),
        frames=frame_numbers(rows["real"], clusters, settings),
        quality={
            voice: answer_numbers(rows[voice], clusters, settings)
            for voice in ("real", *BASELINES)
            if voice in rows
        },
    )


def _rows(
    items: Sequence[Item],
    predictions: Sequence[Prediction],
    training: Sequence[Item],
    embed: Embed | None,
) -> dict[str, list[QuestionRow]]:
    said = {(p.condition, p.case, p.question): p for p in predictions}
    rows: dict[str, list[QuestionRow]] = {}
    for condition in CONDITIONS:
        found = [said.get((condition, i.case.id, i.question)) for i in items]
        if any(own is not None for own in found):
            rows[condition] = [
                read_answer(item, own.text if own else "", own.logprob if own else None, embed)
                for item, own in zip(items, found, strict=True)
            ]
    if training:
        blind = Blind(training)
        rows["majority"] = [read_guess(item, blind.majority(item), embed) for item in items]
        rows["question_only"] = [
            read_guess(item, blind.question_only(item), embed) for item in items
        ]
    return rows


def clusters_of(cases: Sequence[Case]) -> tuple[str, list[str]]:
    """What the intervals resample, in words, and the cluster of each case.

    Groups; but of fewer than 10 videos pieces of 60 s. Such an interval holds for these videos
    only and says nothing about others.
    """
    groups = [case.group for case in cases]
    times = [case.time_s for case in cases if case.time_s is not None]
    if len(set(groups)) >= MINIMUM_GROUPS or len(times) < len(cases):
        return "groups", groups
    pieces = [f"{g}/{int(t // BLOCK_S)}" for g, t in zip(groups, times, strict=True)]
    videos = len(set(groups))
    return f"pieces of {BLOCK_S:.0f} s of {videos} video{'s' * (videos > 1)}", pieces


def _means(
    rows: Sequence[QuestionRow], clusters: Sequence[str], settings: Settings
) -> dict[str, Interval]:
    return {
        measure: mean_interval([row.scores.get(measure) for row in rows], clusters, **settings)
        for measure in MEASURES
        if any(measure in row.scores for row in rows)
    }


def _gaps(
    first: Sequence[QuestionRow],
    second: Sequence[QuestionRow],
    clusters: Sequence[str],
    settings: Settings,
) -> dict[str, Interval]:
    gaps: dict[str, Interval] = {}
    for measure in MEASURES:
        pairs = [
            (a.scores.get(measure), b.scores.get(measure))
            for a, b in zip(first, second, strict=True)
        ]
        values = [None if a is None or b is None else a - b for a, b in pairs]
        if any(value is not None for value in values):
            gaps[measure] = mean_interval(values, clusters, **settings)
    return gaps


def _kind_numbers(
    rows: dict[str, list[QuestionRow]], clusters: Sequence[str], settings: Settings
) -> dict[str, dict[str, Any]]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows["real"]):
        places[row.item.question_kind].append(place)
    numbers: dict[str, dict[str, Any]] = {}
    for kind, own in sorted(places.items()):
        within = [clusters[place] for place in own]
        scores = {
            voice: mean_interval(
                [every[place].scores["accuracy"] for place in own], within, **settings
            )
            for voice, every in rows.items()
        }
        numbers[kind] = {
            "questions": len(own),
            "accuracy": scores.pop("real"),
            "best_constant": best_constant([rows["real"][place].item.gold for place in own]),
            **scores,
        }
    return numbers


def _claim_numbers(
    rows: Sequence[QuestionRow], clusters: Sequence[str], settings: Settings
) -> dict[str, Any] | str:
    judged = [
        (row.agreement, cluster)
        for row, cluster in zip(rows, clusters, strict=True)
        if row.agreement is not None
    ]
    if not judged:
        return "not applicable"
    return {
        "precision": ratio_interval(
            [a.supported for a, _ in judged],
            [a.claims for a, _ in judged],
            [cluster for _, cluster in judged],
            **settings,
        ),
        "supported": sum(a.supported for a, _ in judged),
        "contradicted": sum(a.contradicted for a, _ in judged),
        "unsupported": sum(a.unsupported for a, _ in judged),
    }
