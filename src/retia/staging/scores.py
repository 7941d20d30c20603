"""Scores of methods that staged the same eyes, with intervals that draw whole patients.

In:  true classes, shape `(N,)`, and per method probabilities of N eyes by S seeds, `(N, S, K)`.
Out: per method every score with its interval, and the paired differences to the first method.
A score is the mean over the seeds of the score of each; the interval draws patients, not seeds.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from retia.statistics import (
    Interval,
    balanced_accuracy,
    bootstrap_interval,
    brier,
    expected_calibration_error,
    kappa_of,
    macro_auroc,
    macro_scores,
    paired_difference,
)

Score = Callable[[np.ndarray, np.ndarray], float]
"""Takes true classes, shape `(N,)`, and probabilities, shape `(N, K)`."""

SCORES: dict[str, Score] = {
    "balanced_accuracy": lambda truth, p: balanced_accuracy(truth, p.argmax(axis=1)),
    "precision": lambda truth, p: macro_scores(truth, p.argmax(axis=1))[0],
    "recall": lambda truth, p: macro_scores(truth, p.argmax(axis=1))[1],
    "f1": lambda truth, p: macro_scores(truth, p.argmax(axis=1))[2],
    "quadratic_kappa": lambda truth, p: kappa_of(counts(truth, p)),
    "auroc": macro_auroc,
    "ece": expected_calibration_error,
    "brier": brier,
}
COMPARED = ("balanced_accuracy", "auroc")
"""Scores whose paired differences are told."""


def counts(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Confusion matrix, rows true and columns predicted, shape `(K, K)`."""
    classes = probabilities.shape[1]
    pairs = truth * classes + probabilities.argmax(axis=1)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def score_methods(
    truth: np.ndarray,
    probabilities: Mapping[str, np.ndarray],
    groups: Sequence[str],
    seed: int,
    resamples: int = 1000,
) -> dict[str, Any]:
    """Score methods on the same eyes.

    Args:
        truth: Shape `(N,)`.
        probabilities: Per method, shape `(N, S, K)`; the others are held against the first.
        groups: Patient (or eye) of each row.
        seed: Of the bootstrap.
        resamples: Of the bootstrap.

    Returns:
        Per method `scores` (each `estimate`, `low`, `high`), `confusion` (mean over the seeds) and
        `difference` (the first method's score minus this one's, for the scores of `COMPARED`).
    """
    first = next(iter(probabilities.values()))
    report = {}
    settings = {"seed": seed, "resamples": resamples}
    for name, p in probabilities.items():
        scores = {
            score: _bounds(bootstrap_interval(_over_seeds(f), [truth, p], groups, **settings))
            for score, f in SCORES.items()
        }
        report[name] = {
            "scores": scores,
            "confusion": np.mean([counts(truth, p[:, s]) for s in range(p.shape[1])], axis=0)
            .round(2)
            .tolist(),
        }
        if p is not first:
            report[name]["difference"] = {
                score: _bounds(
                    paired_difference(
                        _over_seeds(SCORES[score]), [truth, first], [truth, p], groups, **settings
                    )
                )
                for score in COMPARED
            }
    return report


def _over_seeds(score: Score) -> Callable[[np.ndarray, np.ndarray], float]:
    def mean(truth: np.ndarray, probabilities: np.ndarray) -> float:
        seeds = range(probabilities.shape[1])
        return float(np.mean([score(truth, probabilities[:, s]) for s in seeds]))

    return mean


def _bounds(interval: Interval) -> dict[str, float | None]:
    return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


def markdown(report: Mapping[str, Any]) -> str:
    """The report of `score_methods` as a table, one row a method."""
    first = next(iter(report))
    header = ("", *(s.replace("_", " ") for s in SCORES), f"{first} minus this (balanced)")
    rows = [header, ("---",) * len(header)]
    for name, entry in report.items():
        cells = [in_words(entry["scores"][s], s in COMPARED) for s in SCORES]
        gap = entry.get("difference", {}).get("balanced_accuracy")
        rows.append((name, *cells, in_words(gap, True) if gap else ""))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def in_words(value: Mapping[str, float | None], bounds: bool) -> str:
    """`.842 [.760, .911]`; without bounds where there are none or they are not wanted."""

    def short(number: float) -> str:
        return f"{number:.3f}".replace("0.", ".", 1)

    if value["estimate"] is None:
        return "n/a"
    low, high = value["low"], value["high"]
    if not bounds or low is None or high is None:
        return short(value["estimate"])
    return f"{short(value['estimate'])} [{short(low)}, {short(high)}]"
