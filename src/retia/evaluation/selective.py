"""Does it know what it does not know? Answers accepted from the surest down, and calibration.

In:  (question, answer, right) triples of one voice, and the cluster of each.
Out: a `SelectiveAudit`: per stated confidence one row an answer, and the numbers of risk and
coverage and of calibration, or the reason why there are none.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from retia.errors import UserError
from retia.evaluation.answers.measure import Settings
from retia.evaluation.answers.predictions import Prediction
from retia.evaluation.confidence import CONFIDENCES, confidence_of
from retia.evaluation.plan.items import Item
from retia.statistics import (
    Interval,
    ReliabilityBin,
    RiskCoverage,
    auroc,
    bootstrap_intervals,
    calibration_error,
    chance_error,
    confidence_brier,
    oracle_risk_coverage,
    reliability_bins,
    risk_coverage,
)

Answered = tuple[Item, Prediction, bool]
"""A question, the answer to it, and whether that is right."""


@dataclass(frozen=True, kw_only=True)
class SelectiveConfig:
    """What is read off the curves."""

    risks: tuple[float, ...] = (0.05, 0.1, 0.2)
    """Risks at which coverage is told."""
    coverages: tuple[float, ...] = (0.5, 0.8, 0.9)
    """Coverages at which risk is told."""
    bins: int = 10
    """Of the reliability diagram and the ECE."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not all(0 <= risk <= 1 for risk in self.risks):
            raise UserError(f"risks {self.risks} must lie in [0, 1]; try 0.05, 0.1 and 0.2.")
        if not all(0 < coverage <= 1 for coverage in self.coverages):
            raise UserError(f"coverages {self.coverages} must lie in (0, 1]; try 0.5 and 0.8.")
        if self.bins < 1:
            raise UserError(f"bins is {self.bins}, expected 1 or more; try 10.")


@dataclass(frozen=True, kw_only=True)
class ConfidenceRow:
    """How sure one answer was."""

    case: str
    question: str
    group: str
    """What the intervals resample."""
    right: bool
    confidence: float | None
    """In [0, 1]."""
    reason: str | None = None
    """Why there is no confidence."""


@dataclass(frozen=True, kw_only=True)
class ConfidenceAudit:
    """All about one stated confidence."""

    name: str
    rows: list[ConfidenceRow]
    """One an answer; nothing is left out."""
    reason: str | None = None
    """Why nothing could be measured."""
    numbers: dict[str, Interval]
    """Empty with a reason. Risk and coverage rest on all rows, those without a confidence last;
    ECE and Brier on the rows that have one."""
    ece_if_kept: float | None = None
    """What the ECE would be on average if each of these confidences were kept: its control."""
    bins: list[ReliabilityBin]

    @property
    def missing(self) -> dict[str, int]:
        """Reason to how many rows have no confidence for it."""
        return dict(Counter(row.reason for row in self.rows if row.reason is not None))

    def curve(self) -> RiskCoverage:
        """Risk over coverage in this order."""
        return risk_coverage(*_arrays(self.rows))

    @property
    def better_than_random(self) -> bool | None:
        """Whether its order demonstrably beats (True) or trails (False) chance; None: neither."""
        gap = self.numbers.get("aurc_minus_random")
        if gap is None or gap.low is None or gap.high is None:
            return None
        return True if gap.high < 0 else False if gap.low > 0 else None


@dataclass(frozen=True, kw_only=True)
class SelectiveAudit:
    """Every confidence, held against the same answers."""

    confidences: dict[str, ConfidenceAudit]
    config: SelectiveConfig

    @property
    def measured(self) -> list[ConfidenceAudit]:
        """Those that could be measured."""
        return [own for own in self.confidences.values() if own.reason is None]

    def as_json(self) -> dict[str, Any]:
        """All numbers, with Intervals as they are."""
        return {
            name: {
                "answers": len(own.rows),
                "without_confidence": own.missing,
                "reason": own.reason,
                "numbers": own.numbers,
                "ece_if_kept": own.ece_if_kept,
                "reliability": [asdict(b) for b in own.bins],
            }
            for name, own in self.confidences.items()
        }

    def lines(self) -> list[str]:
        """The headline numbers for people."""
        lines = []
        for name, own in self.confidences.items():
            title = name.replace("_", " ")
            if own.reason is not None:
                lines.append(f"confidence by {title}: not measured ({own.reason})")
                continue
            lines.append(f"confidence by {title}: AURC {own.numbers['aurc']}")
            lines.append(f"  minus that of random order: {own.numbers['aurc_minus_random']}")
            lines.append(f"  ECE {own.numbers['ece']}; if kept {own.ece_if_kept:.3f}")
        return lines


def answered(
    items: Sequence[Item], rights: Sequence[bool], predictions: Sequence[Prediction]
) -> list[Answered]:
    """Join questions, verdicts and the answers about the real image.

    A question without an answer stays, with an empty one.

    Args:
        items: The questions.
        rights: Per question whether its answer is right.
        predictions: Of all questions and conditions.
    """
    said = {(p.case, p.question): p for p in predictions if p.condition == "real"}
    rows = []
    for item, right in zip(items, rights, strict=True):
        nothing = Prediction(case=item.case.id, question=item.question, text="")
        rows.append((item, said.get((item.case.id, item.question), nothing), right))
    return rows


def audit_confidence(
    triples: Sequence[Answered],
    clusters: Sequence[str],
    settings: Settings,
    config: SelectiveConfig | None = None,
) -> SelectiveAudit:
    """Measure every confidence.

    Args:
        triples: Questions, answers about the real image, and whether they are right.
        clusters: What the intervals resample, one a triple.
        settings: `resamples`, `level`, `seed` of the intervals.
        config: What is read off the curves.
    """
    config = config or SelectiveConfig()
    confidences = {}
    for name in CONFIDENCES:
        rows = []
        for (item, prediction, right), group in zip(triples, clusters, strict=True):
            value = confidence_of(name, item, prediction)
            rows.append(
                ConfidenceRow(
                    case=item.case.id,
                    question=item.question,
                    group=group,
                    right=right,
                    confidence=None if isinstance(value, str) else value,
                    reason=value if isinstance(value, str) else None,
                )
            )
        confidences[name] = _measured(name, rows, settings, config)
    return SelectiveAudit(confidences=confidences, config=config)


def _measured(
    name: str, rows: list[ConfidenceRow], settings: Settings, config: SelectiveConfig
) -> ConfidenceAudit:
    reason = _nothing(rows)
    if reason is not None:
        return ConfidenceAudit(name=name, rows=rows, reason=reason, numbers={}, bins=[])
    right, sure = _arrays(rows)
    stated = np.isfinite(sure)

    def statistics(right: np.ndarray, sure: np.ndarray) -> dict[str, float]:
        return _statistics(right, sure, config)

    return ConfidenceAudit(
        name=name,
        rows=rows,
        numbers=bootstrap_intervals(
            statistics, [right, sure], [row.group for row in rows], **settings
        ),
        ece_if_kept=chance_error(sure[stated], config.bins, seed=settings.get("seed", 0)),
        bins=reliability_bins(right[stated], sure[stated], config.bins),
    )


def _nothing(rows: Sequence[ConfidenceRow]) -> str | None:
    """Why there is nothing to measure; None where there is."""
    if not rows:
        return "no answers"
    if all(row.confidence is None for row in rows):
        reasons = Counter(row.reason for row in rows).most_common()
        return "; ".join(f"{reason} ({count} of {len(rows)})" for reason, count in reasons)
    right = sum(row.right for row in rows)
    if right in (0, len(rows)):
        word = "right" if right else "wrong"
        return f"all {len(rows)} answers are {word}: there is nothing to tell apart"
    return None


def _arrays(rows: Sequence[ConfidenceRow]) -> tuple[np.ndarray, np.ndarray]:
    """Right, and confidence with ``-inf`` for none, both of shape ``(N,)``."""
    sure = [-math.inf if row.confidence is None else row.confidence for row in rows]
    return np.array([row.right for row in rows], dtype=bool), np.array(sure, dtype=float)


def _statistics(right: np.ndarray, sure: np.ndarray, config: SelectiveConfig) -> dict[str, float]:
    """All numbers of one confidence, of all answers or of a resample of them."""
    curve = risk_coverage(right, sure)
    aurc, oracle, risk = curve.aurc(), oracle_risk_coverage(right).aurc(), curve.risk
    stated = np.isfinite(sure)
    return {
        "aurc": aurc,
        "aurc_oracle": oracle,
        "aurc_random": risk,  # Of all answers: a random order has it at every coverage.
        "aurc_minus_oracle": aurc - oracle,
        "aurc_minus_random": aurc - risk,
        "augrc": curve.augrc(),
        "auroc": auroc(right, sure),
        "ece": calibration_error(right[stated], sure[stated], config.bins),
        "brier": confidence_brier(right[stated], sure[stated]),
        **{f"coverage_at_risk_{r:g}": curve.coverage_at(r) for r in config.risks},
        **{f"risk_at_coverage_{c:g}": curve.risk_at(c) for c in config.coverages},
    }
