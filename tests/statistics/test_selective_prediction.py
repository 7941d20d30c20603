"""Risk and coverage: areas counted by hand, identities of the literature, and what order may do."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from retia.statistics import (
    auroc,
    bootstrap_intervals,
    oracle_risk_coverage,
    random_risk_coverage,
    risk_coverage,
)

answers = st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=40)
"""Right or wrong, and a confidence of few levels, so that there are ties."""


def sides(pairs: list[tuple[bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([r for r, _ in pairs]), np.array([c / 5 for _, c in pairs])


def aurc_of_order(right: list[bool]) -> float:
    return float(np.mean([right[:k].count(False) / k for k in range(1, len(right) + 1)]))


def test_areas_of_four_answers_counted_by_hand():
    right, sure = np.array([True, False, True, False]), np.array([0.9, 0.8, 0.4, 0.1])
    curve = risk_coverage(right, sure)
    coverage, risk = curve.points()
    np.testing.assert_allclose(coverage, [0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(risk, [0, 1 / 2, 1 / 3, 1 / 2])
    assert curve.aurc() == pytest.approx(1 / 3)
    # Accepted and wrong: 0, 0, 1, 1, 2 of 4; trapezia 0, 1/2, 1, 3/2 of 16.
    assert curve.augrc() == pytest.approx(3 / 16)
    # Perfect order: risks 0, 0, 1/3, 1/2.
    assert oracle_risk_coverage(right).aurc() == pytest.approx((1 / 3 + 1 / 2) / 4)
    assert random_risk_coverage(right).aurc() == pytest.approx(1 / 2)


def test_tied_answers_are_what_is_expected_over_all_their_orders():
    right, sure = [True, False, False, True, True], [0.9, 0.5, 0.5, 0.5, 0.1]
    orders = [[right[0], *middle, right[4]] for middle in permutations(right[1:4])]
    expected = np.mean([aurc_of_order(order) for order in orders])
    assert risk_coverage(np.array(right), np.array(sure)).aurc() == pytest.approx(expected)


@settings(deadline=None)
@given(answers)
def test_aurc_is_the_sum_of_its_weights(pairs: list[tuple[bool, int]]):
    """Each error at rank r counts (H_N - H_{r-1}) / N; without ties the curve needs no drawing."""
    right, _ = sides(pairs)
    count = len(right)
    sure = np.random.default_rng(count).permutation(count)
    rank = count - sure
    harmonic = np.concatenate([[0], np.cumsum(1 / np.arange(1, count + 1))])
    weights = (harmonic[count] - harmonic[rank - 1]) / count
    assert risk_coverage(right, sure).aurc() == pytest.approx(weights[~right].sum())


@settings(deadline=None)
@given(answers)
def test_augrc_follows_from_auroc_and_accuracy(pairs: list[tuple[bool, int]]):
    """Traub et al. 2024, their equation for AUGRC, with scikit-learn's AUROC (ties count half)."""
    right, sure = sides(pairs)
    acc = right.mean()
    area = metrics.roc_auc_score(right, sure) if 0 < acc < 1 else 0.5
    expected = (1 - area) * acc * (1 - acc) + (1 - acc) ** 2 / 2
    assert risk_coverage(right, sure).augrc() == pytest.approx(expected)
    if 0 < acc < 1:
        assert auroc(right, sure) == pytest.approx(area)


@settings(deadline=None)
@given(answers)
def test_no_order_beats_the_oracle_or_is_worse_than_its_reverse(pairs: list[tuple[bool, int]]):
    right, sure = sides(pairs)
    best, worst = oracle_risk_coverage(right), risk_coverage(right, ~right)
    for area in ("aurc", "augrc"):
        value = getattr(risk_coverage(right, sure), area)()
        assert getattr(best, area)() - 1e-12 <= value <= getattr(worst, area)() + 1e-12
        assert getattr(best, area)() - 1e-12 <= getattr(random_risk_coverage(right), area)()


@settings(deadline=None)
@given(answers)
def test_only_the_order_of_confidences_counts(pairs: list[tuple[bool, int]]):
    right, sure = sides(pairs)
    turned = np.random.default_rng(len(pairs)).permutation(len(pairs))
    first = risk_coverage(right, sure)
    again = risk_coverage(right[turned], np.exp(3 * sure[turned]) - 7)
    np.testing.assert_array_equal(first.accepted, again.accepted)
    np.testing.assert_array_equal(first.wrong, again.wrong)


@settings(deadline=None)
@given(answers)
def test_a_constant_confidence_is_a_random_one(pairs: list[tuple[bool, int]]):
    right, _ = sides(pairs)
    curve = risk_coverage(right, np.full(len(right), 0.3))
    assert curve.aurc() == pytest.approx(1 - right.mean())
    assert curve.augrc() == pytest.approx((1 - right.mean()) / 2)
    assert oracle_risk_coverage(right).augrc() == pytest.approx((1 - right.mean()) ** 2 / 2)


def test_the_random_curve_is_the_mean_over_many_orders():
    rng = np.random.default_rng(5)
    right = rng.random(60) < 0.7
    areas = [risk_coverage(right, rng.permutation(60)).aurc() for _ in range(4000)]
    spread = np.std(areas) / np.sqrt(len(areas))
    assert abs(np.mean(areas) - random_risk_coverage(right).aurc()) < 4 * spread


@settings(deadline=None)
@given(answers, st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.5, 1.0]))
def test_coverage_at_a_risk_is_the_largest_that_a_threshold_reaches(
    pairs: list[tuple[bool, int]], risk: float
):
    right, sure = sides(pairs)
    kept = [0.0]
    for threshold in np.unique(sure):
        accepted = sure >= threshold
        if (~right[accepted]).mean() <= risk + 1e-12:
            kept.append(float(accepted.mean()))
    curve = risk_coverage(right, sure)
    assert curve.coverage_at(risk) == pytest.approx(max(kept))
    assert curve.coverage_at(1.0) == 1


def test_coverage_looks_at_every_prefix_not_only_up_to_the_first_error():
    right = np.array([False, True, True, True, True, True, True, True, True, True])
    curve = risk_coverage(right, np.linspace(1, 0, 10))
    assert curve.coverage_at(0.1) == 1
    assert curve.coverage_at(0.05) == 0


def test_risk_at_a_coverage_rounds_up_to_whole_answers():
    right = np.array([True, True, False, True, False])
    curve = risk_coverage(right, np.linspace(1, 0, 5))
    assert curve.risk_at(0.5) == pytest.approx(1 / 3)
    assert curve.risk_at(0.6) == pytest.approx(1 / 3)
    assert curve.risk_at(0.61) == pytest.approx(1 / 4)
    assert curve.risk_at(1.0) == pytest.approx(2 / 5)


def test_answers_without_confidence_come_last_and_together():
    right = np.array([True, False, True, False])
    curve = risk_coverage(right, np.array([0.7, -np.inf, -np.inf, 0.2]))
    assert curve.accepted.tolist() == [0, 1, 2, 4]
    assert curve.wrong.tolist() == [0, 0, 1, 2]


def test_no_answers_have_no_area_and_nan_is_no_confidence():
    nothing = risk_coverage(np.array([], bool), np.array([]))
    values = (nothing.aurc(), nothing.augrc(), nothing.coverage_at(0.1), nothing.risk_at(0.5))
    assert np.isnan(values).all()
    with pytest.raises(ValueError, match="without NaN"):
        risk_coverage(np.array([True]), np.array([np.nan]))


def test_several_statistics_share_their_draws_with_one_alone():
    rng = np.random.default_rng(2)
    right, sure = rng.random(90) < 0.6, rng.random(90)
    groups = [str(i // 3) for i in range(90)]

    def areas(right: np.ndarray, sure: np.ndarray) -> dict[str, float]:
        curve = risk_coverage(right, sure)
        return {"aurc": curve.aurc(), "augrc": curve.augrc()}

    both = bootstrap_intervals(areas, [right, sure], groups, resamples=60, seed=4)
    for name in ("aurc", "augrc"):
        alone = bootstrap_intervals(
            lambda *rows, name=name: {name: areas(*rows)[name]},
            [right, sure],
            groups,
            resamples=60,
            seed=4,
        )
        assert alone[name] == both[name]
        assert both[name].covers(alone[name].estimate or 0.0)
