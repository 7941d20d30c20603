"""How well classes are told apart. A prediction outside the labels (unreadable) counts as wrong.

In:  true and predicted labels, one a row.
Out: balanced accuracy, precision, recall and F1, quadratic kappa, the confusion matrix.
"""

from collections.abc import Sequence

import numpy as np


def balanced_accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Mean over the true classes of the share that was named rightly; NaN without rows.

    Args:
        truth: Labels, shape ``(N,)``.
        predicted: Labels, shape ``(N,)``; anything that is no true class is wrong.
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    classes = np.unique(truth)
    if not len(classes):
        return float("nan")
    right = truth == predicted
    return float(np.mean([right[truth == c].mean() for c in classes]))


def accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Share of rows that agree; NaN without rows."""
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    return float((truth == predicted).mean()) if len(truth) else float("nan")


def confusion(
    truth: Sequence[str], predicted: Sequence[str], labels: Sequence[str], other: str | None = None
) -> np.ndarray:
    """Count true (rows) against predicted (columns).

    Args:
        truth: True labels.
        predicted: Predicted labels.
        labels: Order of rows and columns.
        other: When given, a last column counts predictions that are none of the labels;
            without it they are left out.

    Returns:
        Integers, shape ``(L, L)``, or ``(L, L + 1)`` with `other`.
    """
    column = {label: i for i, label in enumerate(labels)}
    matrix = np.zeros((len(labels), len(labels) + (other is not None)), dtype=int)
    for true, guess in zip(truth, predicted, strict=True):
        place = column.get(guess, len(labels) if other is not None else None)
        if true in column and place is not None:
            matrix[column[true], place] += 1
    return matrix


def macro_scores(truth: np.ndarray, predicted: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and F1, each the mean over the true classes; NaN without rows.

    A class that is never predicted has a precision of 0.

    Args:
        truth: Labels, shape ``(N,)``.
        predicted: Labels, shape ``(N,)``.
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    classes = np.unique(truth)
    if not len(classes):
        return float("nan"), float("nan"), float("nan")
    is_class, says = truth == classes[:, None], predicted == classes[:, None]
    right = (is_class & says).sum(axis=1)
    precision = right / np.maximum(says.sum(axis=1), 1)
    recall = right / is_class.sum(axis=1)
    f1 = 2 * right / (says.sum(axis=1) + is_class.sum(axis=1))
    return float(precision.mean()), float(recall.mean()), float(f1.mean())


def quadratic_kappa(
    truth: Sequence[str], predicted: Sequence[str], labels: Sequence[str]
) -> float | None:
    """Cohen's kappa with quadratic weights over ordered labels, of the rows that were readable.

    `1 - sum(w O) / sum(w E)` with `w = (i - j)^2`, `O` the shares of (true, predicted) pairs and
    `E` those that the margins alone would give (Cohen 1968).

    Returns:
        None where it is not defined: no readable row, or only one label on both sides.
    """
    kappa = kappa_of(confusion(truth, predicted, labels))
    return None if np.isnan(kappa) else kappa


def kappa_of(observed: np.ndarray) -> float:
    """Quadratic kappa of a confusion matrix, shape ``(L, L)``; NaN where it is not defined."""
    if not observed.any():
        return float("nan")
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / observed.sum()
    place = np.arange(len(observed))
    weight = (place[:, None] - place) ** 2
    apart = float((weight * expected).sum())
    return 1 - float((weight * observed).sum()) / apart if apart else float("nan")
