"""Biomarkers: known shapes have known numbers."""

import re

import numpy as np
import pytest
from drawn import MM

from retia.graphs.biomarkers import BIOMARKERS, biomarkers, fractal_dimension, zone_densities
from retia.graphs.build import build_graph
from retia.records import VesselGraph


def test_fractal_dimensions_of_a_point_a_line_and_a_plane():
    mask = np.zeros((256, 256), bool)
    assert fractal_dimension(mask) == 0
    mask[5, 7] = True
    assert fractal_dimension(mask) == pytest.approx(0)
    mask[5, :] = True
    assert fractal_dimension(mask) == pytest.approx(1, abs=0.02)
    assert fractal_dimension(~np.zeros_like(mask)) == pytest.approx(2, abs=0.02)


@pytest.mark.parametrize("laterality", ["OD", "OS", None])
def test_zones_are_those_of_the_anatomy(laterality: str | None):
    from retia.anatomy import locate

    rng = np.random.default_rng(0)
    counted = np.ones((304, 304), bool)
    for x, y in rng.integers(0, 304, (40, 2)):
        zone = locate((x, y), (150.2, 149.1), 0.00987, laterality)
        vessels = np.zeros((304, 304), bool)
        vessels[y, x] = True
        found = zone_densities(vessels, counted, (150.2, 149.1), 0.00987, laterality)
        places = (zone.ring, f"{zone.ring}_{zone.quadrant}", f"clock_{zone.clock:02d}")
        named = [f"vessel_density_{place}".replace("-", "_") for place in places]
        assert [name for name, value in found.items() if value > 0] == named


def test_biomarkers_of_an_eye_and_of_nothing(
    drawn_eye: tuple[np.ndarray, np.ndarray, np.ndarray], drawn_graph: VesselGraph
):
    numbers = biomarkers(drawn_graph, drawn_eye[0], MM, "OD")
    assert numbers["vessel_density"] == pytest.approx(drawn_eye[0].mean())
    assert 1 < numbers["fractal_dimension"] < 2
    assert numbers["mean_tortuosity"] >= 1
    assert all(np.isfinite(list(numbers.values())))
    nothing = np.zeros((60, 60), bool)
    numbers = biomarkers(build_graph("a", nothing, nothing, MM), nothing, MM)
    assert numbers["vessel_density"] == numbers["skeleton_density_per_mm"] == 0
    assert all(np.isfinite(list(numbers.values())))
    assert "branch_angle_deg" not in numbers


def test_every_column_is_described(
    drawn_eye: tuple[np.ndarray, np.ndarray, np.ndarray], drawn_graph: VesselGraph
):
    patterns = [
        re.sub("<[a-z]+>", "[a-z0-9_]+" if "quadrant" in name else "[a-z0-9]+", name)
        for name in BIOMARKERS
    ]
    for name in biomarkers(drawn_graph, drawn_eye[0], MM, "OD"):
        assert any(re.fullmatch(pattern, name) for pattern in patterns), name


def test_a_junction_of_three_has_its_angle():
    mask = np.zeros((81, 81), bool)
    mask[40, 5:76] = True
    mask[40:76, 40] = True
    graph = build_graph("t", mask, np.zeros_like(mask), MM)
    numbers = biomarkers(graph, mask, MM)
    assert numbers["branch_angle_deg"] == pytest.approx(90, abs=12)
    assert numbers["branch_points_per_mm2"] == pytest.approx(1 / (81 * 81 * MM**2))
    assert numbers["calibre_mean_um"] == pytest.approx(10)


def test_the_diameter_index_of_a_bar_is_its_width():
    mask = np.zeros((101, 301), bool)
    mask[40:51, :] = True
    numbers = biomarkers(build_graph("bar", mask, np.zeros_like(mask), MM), mask, MM)
    assert numbers["vessel_diameter_index_um"] == pytest.approx(110, rel=0.05)
    assert numbers["calibre_p95_um"] == pytest.approx(110, rel=0.1)
    assert numbers["mean_tortuosity"] == pytest.approx(1, abs=0.01)


def test_areas_cut_by_the_border_are_not_averaged():
    mask = np.zeros((101, 101), bool)
    mask[20:81, 20] = mask[20:81, 80] = mask[20, 20:81] = mask[80, 20:81] = True
    numbers = biomarkers(build_graph("box", mask, np.zeros_like(mask), MM), mask, MM)
    assert numbers["intercapillary_area_mean_mm2"] == pytest.approx((59 * MM) ** 2)
