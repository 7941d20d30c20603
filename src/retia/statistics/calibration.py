"""Whether a stated confidence is kept: of answers said with 0.8, are 80 % right?

In:  whether each answer is right, and the confidence stated with it, in [0, 1].
Out: bins of a reliability diagram, expected calibration error (ECE), Brier score.
"""

from dataclasses import dataclass

import numpy as np

BINS = 10


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """Answers of about the same confidence."""

    low: float
    """Confidences from this one on."""
    high: float
    """... and below this one; the last bin holds 1 as well."""
    rows: int
    confidence: float | None
    """Mean; None without rows."""
    right: float | None
    """Share that is right; None without rows."""


def reliability_bins(
    right: np.ndarray, confidence: np.ndarray, bins: int = BINS
) -> list[ReliabilityBin]:
    """Put answers into bins of equal width by their confidence.

    Args:
        right: Bool, shape ``(N,)``.
        confidence: In [0, 1], shape ``(N,)``.
        bins: How many.

    Raises:
        ValueError: If a confidence is no number in [0, 1].
    """
    place = _place(confidence, bins)
    rows = np.bincount(place, minlength=bins)
    sure = np.bincount(place, np.asarray(confidence, float), minlength=bins)
    hits = np.bincount(place, np.asarray(right, float), minlength=bins)
    return [
        ReliabilityBin(
            low=i / bins,
            high=(i + 1) / bins,
            rows=int(rows[i]),
            confidence=float(sure[i] / rows[i]) if rows[i] else None,
            right=float(hits[i] / rows[i]) if rows[i] else None,
        )
        for i in range(bins)
    ]


def calibration_error(right: np.ndarray, confidence: np.ndarray, bins: int = BINS) -> float:
    """Mean gap between how sure the answers are and how often they are right (ECE).

    Over bins of equal width, weighted by their rows (Guo et al. 2017, arXiv 1706.04599); NaN
    without rows. Few rows raise it even where every confidence is kept: see `chance_error`.

    Raises:
        ValueError: If a confidence is no number in [0, 1].
    """
    sure = np.asarray(confidence, float)
    if not len(sure):
        return float("nan")
    gaps = np.bincount(_place(sure, bins), sure - np.asarray(right, float), minlength=bins)
    return float(np.abs(gaps).sum() / len(sure))


def chance_error(
    confidence: np.ndarray, bins: int = BINS, draws: int = 200, seed: int = 0
) -> float:
    """The ECE that these confidences would show on average if every one of them were kept.

    The control of the ECE, which is never 0 for few rows: each answer is right with exactly its
    confidence, drawn independently, and the ECE is averaged over the draws.

    Raises:
        ValueError: If a confidence is no number in [0, 1].
    """
    sure = np.asarray(confidence, float)
    if not len(sure):
        return float("nan")
    place = _place(sure, bins)
    rng = np.random.default_rng(seed)
    total = 0.0
    for _ in range(draws):
        gaps = np.bincount(place, sure - (rng.random(len(sure)) < sure), minlength=bins)
        total += float(np.abs(gaps).sum())
    return total / draws / len(sure)


def confidence_brier(right: np.ndarray, confidence: np.ndarray) -> float:
    """Mean squared distance of the confidence to being right (Brier 1950), in [0, 1].

    NaN without rows. `brier` is the same for the probabilities of several classes.
    """
    sure = np.asarray(confidence, float)
    return float(((sure - np.asarray(right, float)) ** 2).mean()) if len(sure) else float("nan")


def _place(confidence: np.ndarray, bins: int) -> np.ndarray:
    sure = np.asarray(confidence, float)
    # Sums of probabilities may pass 1 by rounding.
    if not ((sure >= 0) & (sure <= 1 + 1e-9)).all():
        wrong = sure[~((sure >= 0) & (sure <= 1 + 1e-9))][0]
        raise ValueError(f"Expected confidences in [0, 1], got {wrong}.")
    return np.minimum((sure * bins).astype(int), bins - 1)
