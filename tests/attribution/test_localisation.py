"""Pointing, enrichment and precision of scores whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from retia.attribution.localisation import average_precision, elements_inside, localise
from retia.graphs.painting import area_mask, paint_segments

KINDS = ("segment", "area", "faz")


@given(st.lists(st.tuples(st.booleans(), st.integers(-50, 50)), min_size=2, max_size=30))
def test_average_precision_is_that_of_scikit_learn(rows):
    truth = np.array([t for t, _ in rows])
    # Ties are broken by the order there, by sharing in scikit-learn: leave them out.
    score = np.array([s + 1e-3 * n for n, (_, s) in enumerate(rows)])
    if truth.any():
        expected = average_precision_score(truth, score)
        assert average_precision(truth, score) == pytest.approx(expected)


def test_scores_of_the_truth_itself_are_perfect(grown_graphs):
    rng = np.random.default_rng(0)
    _, graph = grown_graphs[1]
    sizes = {"segment": graph.segments.height, "area": graph.areas.height, "faz": 1}
    inside = {kind: rng.random(n) < 0.1 for kind, n in sizes.items()}
    found = localise({k: v.astype(float) for k, v in inside.items()}, inside, KINDS)
    assert found["top_inside"] == found["positive_inside"] == found["average_precision"] == 1
    assert found["inside"] == pytest.approx(np.concatenate(list(inside.values())).mean())
    against = localise({k: -v.astype(float) for k, v in inside.items()}, inside, KINDS)
    assert against["top_inside"] == against["positive_inside"] == 0


def test_the_type_of_the_top_element_is_told():
    scores = {"segment": np.array([0.1, 0.2]), "area": np.array([0.3]), "faz": np.array([0.9])}
    inside = {k: np.zeros(len(v), bool) for k, v in scores.items()}
    assert localise(scores, inside, KINDS)["top_kind"] == "faz"
    assert localise(scores, inside, KINDS[:2])["top_kind"] == "area"
    assert localise(scores, inside, KINDS)["average_precision"] is None


def test_elements_lie_where_they_are_painted(grown_graphs):
    _, graph = grown_graphs[2]
    shape = (304, 304)
    chosen = graph.areas.sort("area_mm2", descending=True).head(5)
    inside = elements_inside(graph, area_mask(chosen, shape))
    assert set(np.flatnonzero(inside["area"])) == set(chosen["id"].to_list())
    assert not inside["segment"].any()
    ids = np.arange(graph.segments.height)
    of_one = paint_segments(graph, shape, (ids == 7).astype(float)) > 0
    assert elements_inside(graph, of_one)["segment"][7]
    everything = elements_inside(graph, np.ones(shape, bool))
    assert everything["segment"].all() and everything["area"].all()
