"""How well classes are told apart. A prediction outside the labels (unreadable) counts as wrong.

In:  true and predicted labels, one a row.
Out: balanced accuracy, quadratic kappa, the confusion matrix.
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


def quadratic_kappa(
    truth: Sequence[str], predicted: Sequence[str], labels: Sequence[str]
) -> float | None:
    """Cohen's kappa with quadratic weights over ordered labels, of the rows that were readable.

    Returns:
        None where it is not defined: no readable row, or only one label on both sides.
    """
    from sklearn.metrics import cohen_kappa_score

    order = {label: i for i, label in enumerate(labels)}
    pairs = [
        (order[t], order[p])
        for t, p in zip(truth, predicted, strict=True)
        if t in order and p in order
    ]
    if len({value for pair in pairs for value in pair}) < 2:
        return None
    true, guess = zip(*pairs, strict=True)
    return float(
        cohen_kappa_score(true, guess, weights="quadratic", labels=list(range(len(labels))))
    )
