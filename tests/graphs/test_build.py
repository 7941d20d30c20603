"""Laws of the vessel graph: drawn masks have known elements, relations and numbers."""

import numpy as np
import polars as pl
import pytest
from drawn import MM, assert_sound, grid, middle_cell, pairs
from polars.testing import assert_frame_equal

from retia.errors import UserError
from retia.graphs.build import build_graph
from retia.graphs.features import AREA_FEATURES, FAZ_FEATURES, SEGMENT_FEATURES
from retia.graphs.painting import area_mask
from retia.records import VesselGraph
from retia.records.graph import RELATIONS

FEATURES = {"segments": SEGMENT_FEATURES, "areas": AREA_FEATURES, "faz": FAZ_FEATURES}


def test_a_graph_of_nothing_has_all_columns():
    nothing = np.zeros((50, 60), bool)
    graph = build_graph("empty", nothing, nothing, MM)
    assert_sound(graph)
    assert graph.segments.height == 0
    # Where nothing flows, the whole image is one area.
    assert graph.areas["area_mm2"].to_list() == pytest.approx([50 * 60 * MM**2])
    assert graph.faz["area_mm2"].item() == 0
    assert pairs(graph, "faz-faz") == {(0, 0)}
    assert graph.relations.height == 1


def test_a_full_mask_is_sound():
    everything = np.ones((40, 40), bool)
    assert_sound(build_graph("full", everything, ~everything, MM))
    assert_sound(build_graph("full", everything, everything, MM))


def test_a_cross_has_its_four_arms():
    mask = np.zeros((41, 41), bool)
    mask[20, 5:36] = True
    mask[5:36, 20] = True
    graph = build_graph("cross", mask, np.zeros_like(mask), MM)
    assert_sound(graph)
    arms = graph.segments
    assert arms["length_mm"].to_list() == pytest.approx([0.15] * 4)
    assert arms["tortuosity"].to_list() == pytest.approx([1] * 4)
    assert arms["radius_mean_um"].to_list() == pytest.approx([5] * 4)
    assert arms["end_degree_low"].to_list() == [0] * 4
    assert arms["end_degree_high"].to_list() == [3] * 4
    assert arms["degree"].to_list() == [3] * 4
    assert arms["touches_border"].to_list() == [0] * 4
    assert arms["area_mm2"].sum() == pytest.approx(mask.sum() * MM**2)
    assert pairs(graph, "segment-segment") == {(a, b) for a in range(4) for b in range(a + 1, 4)}


def test_a_ring_is_one_segment_around_one_area():
    mask = np.zeros((41, 41), bool)
    mask[10:31, 10:31] = True
    mask[11:30, 11:30] = False
    graph = build_graph("ring", mask, np.zeros_like(mask), MM)
    assert_sound(graph)
    assert graph.segments["tortuosity"].to_list() == [5]
    assert graph.segments["end_degree_high"].to_list() == [0]
    assert graph.areas.height == 2
    assert pairs(graph, "area-area") == {(0, 1)}
    assert pairs(graph, "segment-area") == {(0, 0), (0, 1)}
    inner = graph.areas.row(1, named=True)
    assert inner["area_mm2"] == pytest.approx(19 * 19 * MM**2)
    assert inner["solidity"] == pytest.approx(1)
    assert inner["extent"] == pytest.approx(1)
    assert inner["depth_max_um"] == pytest.approx(100)
    assert (inner["x_px"], inner["y_px"]) == pytest.approx((20, 20))


def test_a_wide_vessel_has_its_half_width():
    mask = np.zeros((61, 61), bool)
    mask[20:31, :] = True
    graph = build_graph("wide", mask, np.zeros_like(mask), MM)
    segment = graph.segments.row(0, named=True)
    assert graph.segments.height == 1
    assert segment["radius_mean_um"] == pytest.approx(55, abs=6)
    assert segment["radius_max_um"] == pytest.approx(55)
    assert segment["touches_border"] == 1


def test_a_capillary_does_not_inherit_the_width_of_its_trunk():
    mask = np.zeros((61, 61), bool)
    mask[20:31, :] = True
    mask[30:55, 30] = True
    rows = build_graph("branch", mask, np.zeros_like(mask), MM).segments.sort("y_px")
    capillary = rows.row(-1, named=True)
    assert capillary["radius_max_um"] == pytest.approx(5)
    assert capillary["end_radius_um"] == pytest.approx(55, abs=6)
    assert rows["radius_max_um"][0] == pytest.approx(55, abs=6)


def test_a_grid_has_all_six_relations():
    graph = build_graph("grid", grid(), middle_cell(), MM)
    assert_sound(graph)
    assert graph.segments.height == 2 * 5 * 6
    assert graph.areas.height == 36 - 1
    kinds = {f"{source}-{target}" for source, _, target in RELATIONS}
    assert set(graph.relations["kind"]) == kinds
    assert len(pairs(graph, "segment-faz")) == graph.faz["touching_segments"].item() == 4
    assert len(pairs(graph, "faz-area")) == 4
    # 6 x 6 cells have 60 walls; four of them are the rim of the FAZ.
    assert len(pairs(graph, "area-area")) == 56


def test_a_vessel_through_the_fovea_stays_a_vessel():
    vessels, faz = grid(), middle_cell()
    vessels[60, 51:70] = True
    graph = build_graph("through", vessels, faz & ~vessels, MM)
    assert_sound(graph)
    at_faz = {source for source, _ in pairs(graph, "segment-faz")}
    middle = graph.segments.filter((pl.col("x_px") == 60) & (pl.col("y_px") == 60))
    assert middle.height == 1
    assert middle["id"].item() in at_faz
    assert graph.areas.height == 35
    assert area_mask(graph.faz, faz.shape).tolist() == (faz & ~vessels).tolist()


def test_lengths_scale_with_the_pixel():
    # A grid of wide cells: nothing of what counts in micrometres changes with the scale.
    one = build_graph("a", grid(), np.zeros((101, 101), bool), 0.01).segments
    two = build_graph("a", grid(), np.zeros((101, 101), bool), 0.02).segments
    for name in ("length_mm", "chord_mm", "radius_mean_um", "radius_max_um", "faz_distance_mm"):
        assert np.allclose(2 * one[name].to_numpy(), two[name].to_numpy()), name
    assert np.allclose(4 * one["area_mm2"].to_numpy(), two["area_mm2"].to_numpy())
    assert np.allclose(one["tortuosity"].to_numpy(), two["tortuosity"].to_numpy())


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_quarter_turn_leaves_the_features(turns: int):
    vessels, faz = grid(), middle_cell()
    vessels[33, 10:31] = True
    vessels[70:90, 41] = False
    image = np.random.default_rng(0).integers(0, 256, vessels.shape).astype(np.uint8)
    here = build_graph("a", vessels, faz, MM, image)
    there = build_graph(
        "a", *(np.rot90(m, turns) for m in (vessels, faz)), MM, np.rot90(image, turns)
    )
    for name, features in FEATURES.items():
        one, two = (getattr(g, name).select(list(features)).to_numpy() for g in (here, there))
        assert one.shape == two.shape
        for column, feature in enumerate(features):
            a, b = np.sort(one[:, column]), np.sort(two[:, column])
            # The pixel of a junction goes to one of its segments.
            slack = 1.01 * MM**2 if feature == "area_mm2" else 1e-5
            assert np.allclose(a, b, rtol=1e-3, atol=slack), (name, feature)
    counts = [g.relations["kind"].value_counts().sort("kind") for g in (here, there)]
    assert_frame_equal(*counts)


def test_a_quarter_turn_hardly_changes_an_eye(
    drawn_eye: tuple[np.ndarray, np.ndarray, np.ndarray], drawn_graph: VesselGraph
):
    turned = build_graph("eye", *(np.rot90(m) for m in drawn_eye[:2]), MM, np.rot90(drawn_eye[2]))
    assert turned.segments.height == pytest.approx(drawn_graph.segments.height, rel=0.02)
    assert turned.areas.height == drawn_graph.areas.height
    for name, features in FEATURES.items():
        one, two = (
            getattr(g, name).select(list(features)).mean().row(0) for g in (drawn_graph, turned)
        )
        assert np.allclose(one, two, rtol=0.15, atol=0.02), name


def test_an_eye_is_sound(
    drawn_eye: tuple[np.ndarray, np.ndarray, np.ndarray], drawn_graph: VesselGraph
):
    assert_sound(drawn_graph)
    vessels, faz, _ = drawn_eye
    assert drawn_graph.segments.height > 150
    assert drawn_graph.areas.height > 100
    assert drawn_graph.segments["area_mm2"].sum() == pytest.approx(vessels.sum() * MM**2, rel=0.02)
    assert drawn_graph.faz["area_mm2"].item() == pytest.approx(faz.sum() * MM**2)
    assert drawn_graph.segments["tortuosity"].min() >= 1
    for table in (drawn_graph.segments, drawn_graph.areas):
        for name in [c for c in table.columns if c.startswith(("intensity", "local_vessel"))]:
            assert table[name].min() >= 0
            assert table[name].max() <= 1


def test_relations_are_consistent(drawn_graph: VesselGraph):
    number = {"segment": drawn_graph.segments.height, "area": drawn_graph.areas.height, "faz": 1}
    assert drawn_graph.relations.n_unique() == drawn_graph.relations.height
    for (kind,), rows in drawn_graph.relations.partition_by("kind", as_dict=True).items():
        source, target = kind.split("-")
        assert rows["source"].is_between(0, number[source] - 1).all()
        assert rows["target"].is_between(0, number[target] - 1).all()
        if source == target and kind != "faz-faz":
            assert (rows["source"] < rows["target"]).all()
    degrees = {
        ("segment-segment", "segments", "degree"),
        ("area-area", "areas", "degree"),
    }
    for kind, name, column in degrees:
        table = getattr(drawn_graph, name)
        ends = np.array([p for pair in pairs(drawn_graph, kind) for p in pair])
        counted = np.bincount(ends, minlength=table.height)
        assert counted.tolist() == table[column].cast(pl.Int64).to_list()
    touched = np.bincount(
        [s for s, _ in pairs(drawn_graph, "segment-area")], minlength=number["segment"]
    )
    assert touched.tolist() == drawn_graph.segments["adjoining_areas"].cast(pl.Int64).to_list()


def test_intensities_are_zero_without_an_image(
    drawn_eye: tuple[np.ndarray, np.ndarray, np.ndarray],
):
    graph = build_graph("eye", *drawn_eye[:2], MM)
    assert_sound(graph)
    assert graph.segments["intensity_mean"].max() == graph.segments["local_intensity"].max() == 0
    assert graph.areas["intensity_max"].max() == graph.faz["intensity_mean"].item() == 0


def test_brightness_is_what_was_painted():
    mask = grid()
    image = np.where(mask, 200, 50).astype(np.uint8)
    graph = build_graph("a", mask, middle_cell(), MM, image)
    assert np.allclose(graph.segments["intensity_mean"].to_numpy(), 200 / 255)
    assert np.allclose(graph.areas["intensity_max"].to_numpy(), 50 / 255)
    assert np.allclose(graph.segments["intensity_std"].to_numpy(), 0, atol=1e-6)


def test_wrong_input_is_named():
    mask = np.zeros((40, 40), bool)
    with pytest.raises(UserError, match="eye7: vessel mask"):
        build_graph("eye7", mask, mask[:-1], MM)
    with pytest.raises(UserError, match="mm_per_px is 0"):
        build_graph("eye7", mask, mask, 0)
