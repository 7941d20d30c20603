"""How good class probabilities are: ranking (AUROC) and calibration (ECE, Brier).

In:  true classes as numbers, shape ``(N,)``, and probabilities, shape ``(N, K)``.
Out: one number.
"""

import numpy as np

from retia.statistics.calibration import BINS, calibration_error


def auroc(truth: np.ndarray, score: np.ndarray) -> float:
    """Area under the ROC curve, ties counting half (Mann-Whitney); NaN if a side is empty.

    Args:
        truth: Bool, shape ``(N,)``.
        score: Larger means rather true, shape ``(N,)``.
    """
    from scipy.stats import rankdata

    truth = np.asarray(truth, dtype=bool)
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(score)[truth].sum()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def macro_auroc(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean over the classes of the AUROC of each against the rest; NaN if a class is absent.

    With two classes both areas are the same one where probabilities add up to 1.
    """
    classes = range(probabilities.shape[1])
    return float(np.mean([auroc(truth == k, probabilities[:, k]) for k in classes]))


def expected_calibration_error(
    truth: np.ndarray, probabilities: np.ndarray, bins: int = BINS
) -> float:
    """Mean gap between how sure the winning class is and how often it is right.

    Over bins of equal width, weighted by their rows (Guo et al. 2017, arXiv 1706.04599); NaN
    without rows.
    """
    if not len(truth):
        return float("nan")
    right = probabilities.argmax(axis=1) == truth
    return calibration_error(right, probabilities.max(axis=1), bins)


def brier(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean squared distance of the probabilities to the truth, summed over the classes.

    Brier 1950: 0 is perfect, 2 the worst; NaN without rows.
    """
    if not len(truth):
        return float("nan")
    target = np.eye(probabilities.shape[1])[truth]
    return float(((probabilities - target) ** 2).sum(axis=1).mean())
