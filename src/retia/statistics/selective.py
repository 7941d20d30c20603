"""Answer only where sure: how wrong is what is answered, by how much is answered?

In:  whether each answer is right, and how sure it was.
Out: a `RiskCoverage`, and from it AURC, AUGRC, coverage at a risk, risk at a coverage.

Answers are accepted from the surest down. *Coverage* is the share accepted, *risk* the share of
wrong ones among the accepted (selective risk), *generalised risk* the share of all answers that are
accepted and wrong. Equally sure answers have no order: what is expected over a random one is told.
"""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True, eq=False)
class RiskCoverage:
    """Answers accepted and wrong ones among them, at every confidence that occurs."""

    accepted: np.ndarray
    """Rising from 0 to all answers, shape ``(K + 1,)``; between two of them answers are tied."""
    wrong: np.ndarray
    """Wrong among them, shape ``(K + 1,)``."""

    @property
    def rows(self) -> int:
        """All answers."""
        return int(self.accepted[-1])

    @property
    def risk(self) -> float:
        """Share of wrong answers when all are accepted; NaN without answers."""
        return float(self.wrong[-1] / self.rows) if self.rows else float("nan")

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Coverage and risk after each single answer, both of shape ``(N,)``."""
        count = np.arange(1, self.rows + 1)
        return count / max(self.rows, 1), self._wrong_of(count) / count

    def aurc(self) -> float:
        """Area under the curve of risk over coverage, 0 at best; NaN without answers.

        Geifman et al. 2019 (arXiv 1805.08206): the mean over k = 1 ... N of the risk of the k
        surest answers.
        """
        return float(self.points()[1].mean()) if self.rows else float("nan")

    def augrc(self) -> float:
        """Area under the curve of generalised risk over coverage; NaN without answers.

        Traub et al. 2024 (arXiv 2407.01032). By trapezia, which makes their identity exact:
        ``(1 - AUROC) acc (1 - acc) + (1 - acc)^2 / 2`` with the AUROC of confidence against right.
        Random order gives half the risk, perfect order half its square.
        """
        if not self.rows:
            return float("nan")
        return float(np.trapezoid(self.wrong, self.accepted)) / self.rows**2

    def coverage_at(self, risk: float) -> float:
        """Largest coverage whose risk is at most this; 0 where no threshold keeps it.

        Only a threshold on the confidence can be chosen, so tied answers are accepted together.
        """
        if not self.rows:
            return float("nan")
        kept = self.wrong <= risk * self.accepted + 1e-9
        return float(self.accepted[kept].max() / self.rows)

    def risk_at(self, coverage: float) -> float:
        """Risk of the fewest surest answers that make up at least this coverage, in (0, 1]."""
        if not self.rows:
            return float("nan")
        count = max(1, math.ceil(coverage * self.rows - 1e-9))
        return float(self._wrong_of(np.array([count]))[0] / count)

    def _wrong_of(self, count: np.ndarray) -> np.ndarray:
        """Wrong answers expected among the `count` surest ones."""
        return np.interp(count, self.accepted, self.wrong)


def risk_coverage(right: np.ndarray, confidence: np.ndarray) -> RiskCoverage:
    """Order answers by confidence, the surest first.

    Args:
        right: Bool, shape ``(N,)``.
        confidence: Larger means surer, shape ``(N,)``; only the order counts, and ``-inf`` (no
            confidence at all) comes last.

    Raises:
        ValueError: If the shapes differ or a confidence is NaN.
    """
    wrong, sure = ~np.asarray(right, dtype=bool), np.asarray(confidence, dtype=float)
    if wrong.shape != sure.shape or np.isnan(sure).any():
        raise ValueError(f"Expected {len(wrong)} confidences without NaN, got {sure.tolist()}.")
    order = np.argsort(-sure, kind="stable")
    falling = sure[order]
    ends_tie = np.append(falling[1:] != falling[:-1], True)[: len(sure)]
    wrongs = np.concatenate([[0], np.cumsum(wrong[order])])
    accepted = np.concatenate([[0], np.flatnonzero(ends_tie) + 1])
    return RiskCoverage(accepted=accepted, wrong=wrongs[accepted])


def oracle_risk_coverage(right: np.ndarray) -> RiskCoverage:
    """The best order there is: all right answers before all wrong ones."""
    return risk_coverage(right, np.asarray(right, dtype=float))


def random_risk_coverage(right: np.ndarray) -> RiskCoverage:
    """What is expected of a random order: the same risk at every coverage."""
    return risk_coverage(right, np.zeros(len(right)))
