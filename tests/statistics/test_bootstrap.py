"""An interval must cover what it claims to cover, and whole groups must move together."""

import numpy as np
import pytest

from retia.statistics import (
    balanced_accuracy,
    bootstrap_interval,
    confusion,
    mean_interval,
    paired_difference,
    quadratic_kappa,
    ratio_interval,
)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(7)
    covered = 0
    for trial in range(200):
        # Rows of one group are alike, as two eyes of one patient are.
        group_means = rng.normal(0.3, 1.0, size=60)
        values = np.repeat(group_means, 2) + rng.normal(0, 0.2, size=120)
        groups = [str(i // 2) for i in range(120)]
        interval = bootstrap_interval(np.mean, [values], groups, resamples=300, seed=trial)
        covered += interval.covers(0.3)
    assert 0.89 <= covered / 200 <= 0.985


def test_ignoring_groups_would_be_too_sure():
    values = np.repeat(np.random.default_rng(0).normal(size=30), 10)
    grouped = bootstrap_interval(np.mean, [values], [str(i // 10) for i in range(300)])
    alone = bootstrap_interval(np.mean, [values], [str(i) for i in range(300)])
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)


def test_too_few_groups_give_a_note_and_no_bounds():
    interval = bootstrap_interval(np.mean, [np.arange(6.0)], list("aabbcc"))
    assert interval.estimate == 2.5
    assert interval.low is None
    assert "3 groups, at least 10" in str(interval)


def test_nothing_to_measure_is_not_zero():
    interval = bootstrap_interval(balanced_accuracy, [np.array([]), np.array([])], [])
    assert interval.estimate is None
    assert "not applicable" in str(interval)


def test_same_seed_gives_the_same_interval():
    values, groups = np.random.default_rng(1).normal(size=40), [str(i) for i in range(40)]
    first = bootstrap_interval(np.mean, [values], groups, seed=3)
    assert first == bootstrap_interval(np.mean, [values], groups, seed=3)
    assert first != bootstrap_interval(np.mean, [values], groups, seed=4)


def test_paired_difference_of_equal_conditions_is_exactly_zero():
    values, groups = np.random.default_rng(1).normal(size=40), [str(i) for i in range(40)]
    interval = paired_difference(np.mean, [values], [values], groups)
    assert (interval.low, interval.high) == (0.0, 0.0)


def test_balanced_accuracy_counts_what_is_unreadable_as_wrong():
    truth = np.array(["healthy", "healthy", "pdr", "pdr"])
    assert balanced_accuracy(truth, np.array(["healthy", "unreadable", "pdr", "pdr"])) == 0.75


def test_confusion_keeps_the_unreadable_in_a_column_of_their_own():
    matrix = confusion(["a", "a", "b"], ["a", "?", "a"], ["a", "b"], other="?")
    assert matrix.tolist() == [[1, 0, 1], [1, 0, 0]]


def test_kappa_is_one_for_agreement_and_undefined_for_a_single_label():
    labels = ["healthy", "npdr", "pdr"]
    assert quadratic_kappa(labels, labels, labels) == pytest.approx(1.0)
    assert quadratic_kappa(["pdr"], ["pdr"], labels) is None


def test_ratios_of_group_sums_are_the_general_bootstrap_only_faster():
    rng = np.random.default_rng(3)
    groups = [str(g) for g in rng.integers(0, 25, 200)]
    above, below = rng.random(200), rng.integers(0, 3, 200).astype(float)

    def ratio(above: np.ndarray, below: np.ndarray) -> float:
        return above.sum() / below.sum()

    slow = bootstrap_interval(ratio, [above, below], groups, resamples=300, seed=5)
    fast = ratio_interval(above, below, groups, resamples=300, seed=5)
    assert (fast.rows, fast.groups, fast.note) == (slow.rows, slow.groups, slow.note)
    for bound in ("estimate", "low", "high"):
        assert getattr(fast, bound) == pytest.approx(getattr(slow, bound), abs=1e-12)


def test_a_ratio_over_nothing_is_not_applicable():
    assert ratio_interval([], [], []).estimate is None
    assert ratio_interval([0.0], [0.0], ["a"]).estimate is None


def test_a_mean_leaves_out_what_is_not_there():
    groups = [f"g{n // 3}" for n in range(60)]
    values = [None if n % 7 == 0 else float(n) for n in range(60)]
    known = [(v, g) for v, g in zip(values, groups, strict=True) if v is not None]
    by_hand = bootstrap_interval(np.mean, [np.array([v for v, _ in known])], [g for _, g in known])
    found = mean_interval(values, groups)
    assert (found.rows, found.groups) == (by_hand.rows, by_hand.groups) == (51, 20)
    assert found.estimate == pytest.approx(by_hand.estimate)
    assert (found.low, found.high) == pytest.approx((by_hand.low, by_hand.high))
    assert mean_interval([None], ["g"]).estimate is None
