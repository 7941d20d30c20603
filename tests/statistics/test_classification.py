"""Scores agree with scikit-learn's, and keep their laws where it has none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from retia.statistics import (
    auroc,
    balanced_accuracy,
    brier,
    expected_calibration_error,
    macro_auroc,
    macro_scores,
    quadratic_kappa,
)

rows = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=6, max_size=60)


@settings(deadline=None)
@given(rows)
def test_labels_score_as_in_scikit_learn(pairs: list[tuple[int, int]]):
    truth, predicted = np.array(pairs).T
    classes = np.unique(truth)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truth, predicted, labels=classes, average="macro", zero_division=0
    )
    assert macro_scores(truth, predicted) == pytest.approx((precision, recall, f1))
    assert balanced_accuracy(truth, predicted) == pytest.approx(recall)


@settings(deadline=None)
@given(rows)
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[int, int]]):
    names = ["healthy", "npdr", "pdr"]
    truth, predicted = ([names[v] for v in side] for side in zip(*pairs, strict=True))
    kappa = quadratic_kappa(truth, predicted, names)
    if len({*truth, *predicted}) == 1:
        assert kappa is None
    else:
        expected = metrics.cohen_kappa_score(truth, predicted, weights="quadratic", labels=names)
        assert kappa == pytest.approx(expected)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_probabilities_score_as_in_scikit_learn(seed: int, classes: int):
    rng = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(classes), rng.integers(classes, size=20)])
    # Rounded, so that there are ties.
    p = rng.integers(1, 6, size=(len(truth), classes)).astype(float)
    p /= p.sum(axis=1, keepdims=True)
    each = [metrics.roc_auc_score(truth == k, p[:, k]) for k in range(classes)]
    assert macro_auroc(truth, p) == pytest.approx(np.mean(each))
    square = [metrics.brier_score_loss(truth == k, p[:, k]) for k in range(classes)]
    assert brier(truth, p) == pytest.approx(sum(square))


def test_a_class_that_is_absent_has_no_area():
    assert np.isnan(auroc(np.ones(4), np.arange(4)))


def test_calibration_is_zero_when_shares_are_kept_and_the_gap_when_not():
    p = np.tile([0.75, 0.25], (400, 1))
    kept = np.repeat([0, 1], [300, 100])
    assert expected_calibration_error(kept, p) == pytest.approx(0)
    assert expected_calibration_error(1 - kept, p) == pytest.approx(0.5)
    assert brier(kept, np.eye(2)[kept]) == 0
    assert brier(kept, np.eye(2)[1 - kept]) == 2
