"""Grown with the published parameters, eyes are like the published graphs, within 10 percent."""

from pathlib import Path

import numpy as np
import pytest
from graph_figures import figures

from retia.synthesis.faz import Faz
from retia.synthesis.graph_csv import read_graph_csv
from retia.synthesis.growth import REFERENCE, grow_vessels

MIDDLE = np.array([1.5, 1.5])

PUBLISHED = {
    "segments": 13712,
    "bifurcations": 5957,
    "tips": 5973,
    "arterial share": 0.6977,
    "mean radius": 3.892,
    "mean branching angle": 68.79,
    "branching angle q0.05": 37.68,
    "branching angle q0.5": 69.2,
    "branching angle q0.95": 101.5,
    "radius q0.5": 2.5,
    "radius q0.75": 4.032,
    "radius q0.9": 6.535,
    "radius q0.95": 8.818,
    "radius q0.99": 16.55,
    "density 0.35-0.5 mm": 51.04,
    "density 0.5-0.75 mm": 60.27,
    "density 0.75-1.0 mm": 60.58,
    "density 1.0-1.25 mm": 59.63,
    "density 1.25-1.5 mm": 59.34,
}
"""Means over the ten graphs of OCTA-autosegmentation (MIT) that the tests compare with."""


def mean_of(found: list[dict[str, float]]) -> dict[str, float]:
    return {key: float(np.mean([one[key] for one in found])) for key in found[0]}


@pytest.fixture(scope="module")
def grown() -> dict[str, float]:
    found = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        # Their "radius" of 0.44 +- 0.04 mm is used as a diameter.
        faz = Faz(MIDDLE, np.full(360, rng.normal(0.44, 0.04) / 2))
        found.append(figures(grow_vessels(rng, faz, REFERENCE), MIDDLE))
    return mean_of(found)


@pytest.mark.parametrize("figure", PUBLISHED)
def test_grown_eyes_are_like_the_published_ones(grown: dict[str, float], figure: str):
    assert grown[figure] == pytest.approx(PUBLISHED[figure], rel=0.1)


def test_the_published_figures_are_those_of_the_published_graphs(shared_data: Path):
    paths = sorted((shared_data / "octa_gan_pairs" / "vessel_graphs").glob("*.csv"))
    assert len(paths) == 10
    measured = mean_of([figures(read_graph_csv(path), MIDDLE) for path in paths])
    for figure, value in PUBLISHED.items():
        assert measured[figure] == pytest.approx(value, rel=0.002), figure
