"""Paired tests against SciPy, by hand, and by how often they raise a false alarm."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from retia.statistics import holm, mcnemar


def table(only_first: int, only_second: int, both: int = 2, neither: int = 3):
    first = [True] * (only_first + both) + [False] * (only_second + neither)
    second = [False] * only_first + [True] * (both + only_second) + [False] * neither
    return mcnemar(first, second)


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_binomial_test_of_the_discordant(first: int, second: int):
    result = table(first, second)
    assert (result.only_first, result.only_second, result.rows) == (
        first,
        second,
        first + second + 5,
    )
    assert result.discordant == first + second
    if first + second:
        assert result.p == pytest.approx(binomtest(first, first + second).pvalue)
    else:
        assert result.p == result.mid_p == 1


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 40))
def test_mid_p_counts_outcomes_as_likely_as_this_one_half(first: int, second: int):
    total = first + second
    if not total:
        return
    likely = binom.pmf(np.arange(total + 1), total, 0.5)
    seen = likely[first]
    same = np.isclose(likely, seen, rtol=1e-9, atol=0)
    expected = likely[(likely < seen) & ~same].sum() + likely[same].sum() / 2
    result = table(first, second)
    assert result.mid_p == pytest.approx(expected)
    assert result.mid_p < result.p <= 1


def test_mcnemar_by_hand():
    """1 against 7: (1 + 8) / 2^8 on each side; the seen outcome itself is 8 / 2^8."""
    result = table(1, 7)
    assert result.p == pytest.approx(2 * 9 / 256)
    assert result.mid_p == pytest.approx((2 * 9 - 8) / 256)
    assert table(7, 1).p == result.p


def test_mcnemar_seldom_raises_a_false_alarm():
    rng = np.random.default_rng(0)
    results = [mcnemar(rng.random(80) < 0.4, rng.random(80) < 0.4) for _ in range(600)]
    exact = np.mean([r.p <= 0.05 for r in results])
    middle = np.mean([r.mid_p <= 0.05 for r in results])
    assert exact <= middle <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 600)


def test_outcomes_must_be_paired():
    with pytest.raises(ValueError, match="got 2 and 1"):
        mcnemar([True, False], [True])


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.5]) == pytest.approx([1.0, 1.0])
    assert holm([0.02]) == [0.02]
    assert holm([]) == []
    with pytest.raises(ValueError, match="p-values in"):
        holm([0.2, np.nan])


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.sampled_from([0.01, 0.05, 0.2]))
def test_holm_rejects_what_stepping_down_rejects(p: list[float], alpha: float):
    corrected = np.array(holm(p))
    assert (corrected >= np.array(p) - 1e-12).all()
    assert (corrected <= np.minimum(np.array(p) * len(p), 1) + 1e-12).all()
    rejected = set()
    for step, place in enumerate(np.argsort(p, kind="stable")):
        if p[place] * (len(p) - step) > alpha:
            break
        rejected.add(int(place))
    assert set(np.flatnonzero(corrected <= alpha).tolist()) == rejected
