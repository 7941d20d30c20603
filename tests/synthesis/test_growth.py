"""Grown vessels obey Murray's law, taper, keep out of the FAZ and close into loops."""

import numpy as np
import pytest
from scipy.ndimage import label

from retia.synthesis.eye import Eye
from retia.synthesis.faz import draw_faz
from retia.synthesis.growth import GrowthConfig, grow_vessels
from retia.synthesis.vessels import ARTERY, BRIDGE, VEIN, Vessels


@pytest.fixture(scope="module", params=[2.4, 2.7, 3.0])
def grown(request: pytest.FixtureRequest) -> tuple[GrowthConfig, Vessels]:
    config = GrowthConfig(murray_exponent=request.param)
    rng = np.random.default_rng(5)
    return config, grow_vessels(rng, draw_faz(rng), config)


def test_murrays_law_holds_at_every_bifurcation(grown: tuple[GrowthConfig, Vessels]):
    config, vessels = grown
    k = config.murray_exponent
    tree = (vessels.kind != BRIDGE) & (vessels.parent >= 0)
    below = np.zeros(len(vessels))
    np.add.at(below, vessels.parent[tree], vessels.radius_mm[tree] ** k)
    children = np.bincount(vessels.parent[tree], minlength=len(vessels))
    assert (children == 2).sum() > 1000
    assert children.max() == 2
    branching = children > 0
    np.testing.assert_allclose(below[branching], vessels.radius_mm[branching] ** k, rtol=1e-6)


def test_radii_never_grow_away_from_the_root(grown: tuple[GrowthConfig, Vessels]):
    _, vessels = grown
    fed = np.flatnonzero(vessels.parent >= 0)
    ratio = vessels.radius_mm[fed] / vessels.radius_mm[vessels.parent[fed]]
    assert ratio.max() <= 1 + 1e-9


def test_every_segment_begins_where_its_parent_ends(grown: tuple[GrowthConfig, Vessels]):
    _, vessels = grown
    fed = np.flatnonzero(vessels.parent >= 0)
    assert (vessels.parent[fed] < fed).all()
    np.testing.assert_array_equal(vessels.start_mm[fed], vessels.end_mm[vessels.parent[fed]])


def test_arteries_and_veins_never_share_a_tree(grown: tuple[GrowthConfig, Vessels]):
    _, vessels = grown
    own = np.flatnonzero((vessels.kind != BRIDGE) & (vessels.parent >= 0))
    np.testing.assert_array_equal(vessels.kind[own], vessels.kind[vessels.parent[own]])
    assert {ARTERY, VEIN, BRIDGE} == set(vessels.kind.tolist())


def test_a_bridge_ends_on_the_vessel_it_joins(grown: tuple[GrowthConfig, Vessels]):
    _, vessels = grown
    joining = np.flatnonzero(vessels.joins >= 0)
    assert len(joining) > 500
    assert (vessels.kind[joining] == BRIDGE).all()
    goal = vessels.joins[joining]
    np.testing.assert_array_equal(vessels.end_mm[joining], vessels.end_mm[goal])


def test_no_vessel_ends_inside_the_faz(ill: Eye):
    assert ill.healthy_faz.rim_distance(ill.healthy.end_mm).min() > 0
    assert ill.healthy_faz.rim_distance(ill.healthy.middle_mm).min() > 0


def test_no_surviving_vessel_ends_inside_the_enlarged_faz(ill: Eye):
    assert ill.faz.area_mm2 > ill.healthy_faz.area_mm2
    lost = ill.lesions[0].removed
    assert ill.lesions[0].kind == "faz_enlargement" and lost is not None
    assert ill.faz.rim_distance(ill.healthy.end_mm[~lost]).min() >= 0


def test_capillaries_close_into_many_loops(ill: Eye):
    everything = set(range(len(ill.lesions)))
    areas, count = label(~ill.vessel_mask(without=everything))
    border = np.concatenate([areas[0], areas[-1], areas[:, 0], areas[:, -1]])
    assert count - len(set(border.tolist()) - {0}) > 200


def test_the_same_seed_grows_the_same_vessels_and_another_seed_others():
    def one(seed: int) -> Vessels:
        rng = np.random.default_rng(seed)
        return grow_vessels(rng, draw_faz(rng))

    first, again, other = one(1), one(1), one(2)
    for name in Vessels.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert len(first) != len(other)
