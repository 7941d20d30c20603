"""Grown vessels obey Murray's law, taper, keep out of the FAZ and close into loops."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, label

from retia.synthesis.eye import Eye
from retia.synthesis.faz import draw_faz, pixel_centers
from retia.synthesis.growth import REFERENCE, GrowthConfig, grow_vessels
from retia.synthesis.growth.state import STUMP_EXPONENT
from retia.synthesis.rasterizer import draw_vessels
from retia.synthesis.vessels import ARTERY, BRIDGE, VEIN, Vessels


@pytest.fixture(scope="module", params=["eye", "reference", "6 mm"])
def grown(request: pytest.FixtureRequest) -> tuple[GrowthConfig, Vessels]:
    config = {
        "eye": GrowthConfig(),
        "reference": REFERENCE,
        "6 mm": GrowthConfig(field_mm=6.0, arteries=12, veins=12),
    }[request.param]
    rng = np.random.default_rng(5)
    return config, grow_vessels(rng, draw_faz(rng, config.field_mm), config)


def test_murrays_law_holds_at_every_bifurcation(grown: tuple[GrowthConfig, Vessels]):
    config, vessels = grown
    tree = np.flatnonzero((vessels.kind != BRIDGE) & (vessels.parent >= 0))
    children = np.bincount(vessels.parent[tree], minlength=len(vessels))
    assert children.max() == 2
    radius, parent = vessels.radius_mm, vessels.parent
    alone = tree[children[parent[tree]] == 1]
    np.testing.assert_array_equal(radius[alone], radius[parent[alone]])
    fits = np.zeros(len(vessels), bool)
    exponents = {mode.murray_exponent for mode in config.modes} | {STUMP_EXPONENT}
    for k in exponents:
        below = np.zeros(len(vessels))
        np.add.at(below, parent[tree], radius[tree] ** k)
        fits |= np.isclose(below ** (1 / k), radius, rtol=1e-9)
    assert (children == 2).sum() > 4000
    assert fits[children == 2].all()


def test_the_tips_have_the_radius_of_a_capillary(grown: tuple[GrowthConfig, Vessels]):
    config, vessels = grown
    assert vessels.radius_mm.min() == config.terminal_radius_mm
    assert 0.02 < vessels.radius_mm.max() < 0.08


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
    assert {ARTERY, VEIN} <= set(vessels.kind.tolist()) <= {ARTERY, VEIN, BRIDGE}


def test_a_bridge_ends_on_the_vessel_it_joins(ill: Eye):
    vessels = ill.healthy
    joining = np.flatnonzero(vessels.joins >= 0)
    assert len(joining) > 500
    assert (vessels.kind[joining] == BRIDGE).all()
    goal = vessels.joins[joining]
    np.testing.assert_array_equal(vessels.end_mm[joining], vessels.end_mm[goal])


def test_no_vessel_ends_inside_the_faz(ill: Eye):
    assert ill.healthy_faz.rim_distance(ill.healthy.end_mm).min() > 0
    assert ill.healthy_faz.rim_distance(ill.healthy.middle_mm).min() > 0


@pytest.mark.parametrize(("area_mm2", "shift_mm"), [(0.08, 0.0), (0.27, 0.5), (0.7, 0.3)])
def test_no_vessel_enters_the_faz_whatever_its_size_and_place(area_mm2: float, shift_mm: float):
    rng = np.random.default_rng(9)
    faz = draw_faz(rng, shift_mm=shift_mm).scaled_to(area_mm2)
    vessels = grow_vessels(rng, faz)
    assert faz.rim_distance(vessels.end_mm).min() > 0
    assert faz.rim_distance(vessels.middle_mm).min() > 0
    # And they come close to it all around: the zone ends where it is said to end.
    x, y = (vessels.end_mm - faz.center_mm).T
    sector = ((np.arctan2(y, x) + np.pi) / (2 * np.pi) * 12).astype(int) % 12
    gaps = [faz.rim_distance(vessels.end_mm[sector == s]).min() for s in range(12)]
    assert max(gaps) < 0.09


@pytest.mark.parametrize("roots", ["alternating", "random", "nerve"])
def test_every_kind_of_root_feeds_the_whole_field(roots: str):
    rng = np.random.default_rng(4)
    config = GrowthConfig(roots=roots)  # type: ignore
    faz = draw_faz(rng)
    vessels = grow_vessels(rng, faz, config)
    drawn = draw_vessels(vessels, 100, config.field_mm / 100) > 0
    empty = distance_transform_edt(~drawn)
    empty[faz.rim_distance(pixel_centers(100, config.field_mm / 100)) < 0.1] = 0
    assert empty.max() * config.field_mm / 100 < 0.25


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
