"""A confidence is held against how often it is right; scikit-learn agrees on the bins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from retia.statistics import (
    calibration_error,
    chance_error,
    confidence_brier,
    expected_calibration_error,
    reliability_bins,
)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 15))
def test_bins_and_brier_are_those_of_scikit_learn(seed: int, bins: int):
    rng = np.random.default_rng(seed)
    sure = rng.random(80)
    right = rng.random(80) < sure**2
    own = [b for b in reliability_bins(right, sure, bins) if b.rows]
    hit, said = calibration_curve(right, sure, n_bins=bins, strategy="uniform")
    np.testing.assert_allclose(np.array([b.right for b in own], float), hit)
    np.testing.assert_allclose(np.array([b.confidence for b in own], float), said)
    assert confidence_brier(right, sure) == pytest.approx(brier_score_loss(right, sure))


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 15))
def test_the_error_is_the_weighted_gap_of_the_bins(seed: int, bins: int):
    rng = np.random.default_rng(seed)
    # Steps of a quarter lie on borders of bins; 1 belongs into the last one.
    sure = rng.integers(0, 5, 50) / 4
    right = rng.random(50) < 0.5
    table = reliability_bins(right, sure, bins)
    assert sum(b.rows for b in table) == 50
    gap = 0.0
    for one in table:
        if one.confidence is None or one.right is None:
            assert one.rows == 0
            continue
        assert one.low - 1e-12 <= one.confidence <= one.high + 1e-12
        gap += one.rows * abs(one.confidence - one.right) / 50
    assert calibration_error(right, sure, bins) == pytest.approx(gap)


def test_the_error_of_classes_is_that_of_the_winning_one():
    rng = np.random.default_rng(1)
    p = rng.dirichlet([1, 1, 1], 60)
    truth = rng.integers(3, size=60)
    assert expected_calibration_error(truth, p) == calibration_error(
        p.argmax(axis=1) == truth, p.max(axis=1)
    )


def test_errors_counted_by_hand():
    sure, right = np.array([0.9, 0.9, 0.9, 0.9, 0.3]), np.array([1, 1, 0, 0, 1], bool)
    assert calibration_error(right, sure) == pytest.approx((4 * 0.4 + 0.7) / 5)
    assert confidence_brier(right, sure) == pytest.approx((2 * 0.01 + 2 * 0.81 + 0.49) / 5)
    empty = reliability_bins(right, sure)[0]
    assert (empty.rows, empty.confidence, empty.right) == (0, None, None)


def test_chance_error_is_what_kept_confidences_show():
    rng = np.random.default_rng(3)
    sure = rng.random(100)
    seen = [calibration_error(rng.random(100) < sure, sure) for _ in range(400)]
    spread = np.std(seen) / 20
    assert abs(chance_error(sure, draws=400, seed=9) - np.mean(seen)) < 4 * spread * np.sqrt(2)
    assert chance_error(sure[:20]) > chance_error(rng.random(5000)) > 0
    assert chance_error(np.array([0.0, 1.0, 1.0])) == 0


def test_what_is_no_confidence_is_refused_and_nothing_is_nothing():
    for wrong in (1.2, -0.1, np.nan):
        with pytest.raises(ValueError, match=r"in \[0, 1\]"):
            calibration_error(np.array([True]), np.array([wrong]))
    empty = np.array([])
    assert np.isnan(calibration_error(empty, empty))
    assert np.isnan(confidence_brier(empty, empty))
    assert np.isnan(chance_error(empty))
