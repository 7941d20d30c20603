"""Charts of risk and coverage and of calibration show what they are given."""

import numpy as np

from retia.figures import reliability_chart, risk_coverage_chart
from retia.statistics import oracle_risk_coverage, reliability_bins, risk_coverage

RNG = np.random.default_rng(0)
SURE = RNG.random(80)
RIGHT = RNG.random(80) < SURE


def is_picture(picture: np.ndarray) -> bool:
    return picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3


def test_curves_bounds_and_names_are_drawn_and_the_same_every_time():
    curve, oracle = risk_coverage(RIGHT, SURE), oracle_risk_coverage(RIGHT)
    plain = risk_coverage_chart({"one": curve}, oracle)
    assert is_picture(plain)
    np.testing.assert_array_equal(plain, risk_coverage_chart({"one": curve}, oracle))
    bounded = risk_coverage_chart({"one": curve}, oracle, {"one": [(0.5, 0.1, 0.3)]})
    other = risk_coverage_chart({"one": risk_coverage(RIGHT, -SURE)}, oracle)
    several = risk_coverage_chart({str(i): curve for i in range(6)}, oracle)
    for drawn in (bounded, other):
        assert drawn.shape == plain.shape and (drawn != plain).any()
    assert is_picture(several)


def test_a_single_answer_is_a_curve_too():
    one = risk_coverage(np.array([True]), np.array([0.5]))
    assert is_picture(risk_coverage_chart({"one": one}, one))


def test_reliability_shows_bars_counts_and_empty_bins():
    table = reliability_bins(RIGHT, SURE)
    drawn = reliability_chart(table, "title")
    assert is_picture(drawn)
    np.testing.assert_array_equal(drawn, reliability_chart(table, "title"))
    assert (drawn != reliability_chart(reliability_bins(~RIGHT, SURE), "title")).any()
    # One answer, nine empty bins: the same axes, one bar.
    assert reliability_chart(reliability_bins(RIGHT[:1], SURE[:1])).shape == drawn.shape
