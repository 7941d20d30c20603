"""Laws of the vessel graph."""

import dataclasses
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retia.errors import UserError
from retia.graphs.biomarkers import biomarkers, fractal_dimension, zone_densities
from retia.graphs.build import SCHEMAS, build_graph
from retia.graphs.features import AREA_FEATURES, FAZ_FEATURES, SEGMENT_FEATURES
from retia.graphs.hetero import EDGE_TYPES, to_hetero_data
from retia.graphs.painting import area_mask, paint_areas, paint_segments
from retia.records import VesselGraph
from retia.records.graph import RELATIONS, TABLES

MM = 0.01
FEATURES = {"segments": SEGMENT_FEATURES, "areas": AREA_FEATURES, "faz": FAZ_FEATURES}


def grid(size: int = 101, step: int = 20, width: int = 1) -> np.ndarray:
    """Lines at `step / 2`, every `step` pixels, down and across."""
    mask = np.zeros((size, size), bool)
    for at in range(step // 2, size, step):
        mask[at : at + width, :] = True
        mask[:, at : at + width] = True
    return mask


def middle_cell(size: int = 101) -> np.ndarray:
    faz = np.zeros((size, size), bool)
    faz[53:68, 53:68] = True
    return faz


@pytest.fixture(scope="module")
def eye() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vessels, FAZ and image that look like an eye."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(3)
    rows, cols = np.mgrid[:200, :200]
    faz = np.hypot(rows - 95, (cols - 105) * 1.2) < 22
    field = gaussian_filter(rng.normal(size=(200, 200)), 3)
    vessels = (np.abs(field) < 0.35 * field.std()) & ~faz
    noise = rng.normal(0, 20, (200, 200))
    image = np.clip(60 + 120 * gaussian_filter(vessels.astype(float), 1) + noise, 0, 255)
    return vessels, faz, image.astype(np.uint8)


@pytest.fixture(scope="module")
def graph(eye: tuple[np.ndarray, np.ndarray, np.ndarray]) -> VesselGraph:
    vessels, faz, image = eye
    return build_graph("eye", vessels, faz, MM, image)


def pairs(graph: VesselGraph, kind: str) -> set[tuple[int, int]]:
    rows = graph.relations.filter(pl.col("kind") == kind)
    return set(zip(rows["source"].to_list(), rows["target"].to_list(), strict=True))


def assert_sound(graph: VesselGraph) -> None:
    for name in TABLES:
        table = getattr(graph, name)
        assert dict(table.schema) == SCHEMAS[name]
        assert sum(table.null_count().row(0)) == 0
        for column, kind in table.schema.items():
            assert not kind.is_float() or table[column].is_finite().all(), column
    assert graph.faz.height == 1
    for table in (graph.segments, graph.areas):
        assert table["id"].to_list() == list(range(table.height))


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
    eye: tuple[np.ndarray, np.ndarray, np.ndarray], graph: VesselGraph
):
    turned = build_graph("eye", *(np.rot90(m) for m in eye[:2]), MM, np.rot90(eye[2]))
    assert turned.segments.height == pytest.approx(graph.segments.height, rel=0.02)
    assert turned.areas.height == graph.areas.height
    for name, features in FEATURES.items():
        one, two = (getattr(g, name).select(list(features)).mean().row(0) for g in (graph, turned))
        assert np.allclose(one, two, rtol=0.15, atol=0.02), name


def test_an_eye_is_sound(eye: tuple[np.ndarray, np.ndarray, np.ndarray], graph: VesselGraph):
    assert_sound(graph)
    vessels, faz, _ = eye
    assert graph.segments.height > 150
    assert graph.areas.height > 100
    assert graph.segments["area_mm2"].sum() == pytest.approx(vessels.sum() * MM**2, rel=0.02)
    assert graph.faz["area_mm2"].item() == pytest.approx(faz.sum() * MM**2)
    assert graph.segments["tortuosity"].min() >= 1
    for table in (graph.segments, graph.areas):
        for name in [c for c in table.columns if c.startswith(("intensity", "local_vessel"))]:
            assert table[name].min() >= 0
            assert table[name].max() <= 1


def test_relations_are_consistent(graph: VesselGraph):
    number = {"segment": graph.segments.height, "area": graph.areas.height, "faz": 1}
    assert graph.relations.n_unique() == graph.relations.height
    for (kind,), rows in graph.relations.partition_by("kind", as_dict=True).items():
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
        table = getattr(graph, name)
        ends = np.array([p for pair in pairs(graph, kind) for p in pair])
        counted = np.bincount(ends, minlength=table.height)
        assert counted.tolist() == table[column].cast(pl.Int64).to_list()
    touched = np.bincount([s for s, _ in pairs(graph, "segment-area")], minlength=number["segment"])
    assert touched.tolist() == graph.segments["adjoining_areas"].cast(pl.Int64).to_list()


def test_intensities_are_zero_without_an_image(eye: tuple[np.ndarray, np.ndarray, np.ndarray]):
    graph = build_graph("eye", *eye[:2], MM)
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


def test_the_tables_survive_disk(tmp_path: Path, graph: VesselGraph):
    other = build_graph("other", grid(), middle_cell(), MM)
    VesselGraph.stack([graph, other]).write(tmp_path)
    back = dict(VesselGraph.read(tmp_path).split())
    assert set(back) == {"eye", "other"}
    for field in dataclasses.fields(VesselGraph):
        assert_frame_equal(getattr(back["eye"], field.name), getattr(graph, field.name))


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_hetero_data_takes_the_graph(graph: VesselGraph):
    data = to_hetero_data(graph)
    data.validate(raise_on_error=True)
    assert set(data.edge_types) == set(EDGE_TYPES)
    assert data["segment"].x.shape == (graph.segments.height, len(SEGMENT_FEATURES))


def test_painting_covers_the_vessels_and_rebuilds_areas(
    eye: tuple[np.ndarray, np.ndarray, np.ndarray], graph: VesselGraph
):
    vessels, faz, _ = eye
    ones = paint_segments(graph, vessels.shape, np.ones(graph.segments.height))
    assert (vessels & (ones == 1)).sum() > 0.65 * vessels.sum()
    assert (~vessels & (ones != 0)).sum() < 0.25 * vessels.sum()
    numbers = paint_areas(graph, vessels.shape, np.arange(1.0, graph.areas.height + 1))
    assert not (vessels & (numbers > 0)).any()
    for row in graph.areas.head(20).iter_rows(named=True):
        mask = numbers == row["id"] + 1
        assert mask.sum() * MM**2 == pytest.approx(row["area_mm2"], rel=1e-5)
        assert (area_mask(graph.areas.filter(pl.col("id") == row["id"]), mask.shape) == mask).all()
        rows, cols = np.nonzero(mask)
        box = [cols.min(), rows.min(), cols.max() + 1, rows.max() + 1]
        assert [row[k] for k in ("x0", "y0", "x1", "y1")] == box
    assert (area_mask(graph.faz, faz.shape) == faz).all()
    assert not area_mask(graph.areas.clear(), faz.shape).any()


def test_the_strongest_value_wins_when_segments_overlap():
    mask = np.zeros((41, 41), bool)
    mask[20, 5:36] = True
    mask[5:36, 20] = True
    graph = build_graph("cross", mask, np.zeros_like(mask), MM)
    painted = paint_segments(graph, mask.shape, [0.5, -3.0, 1.0, 2.0])
    assert painted[20, 20] == -3
    with pytest.raises(ValueError, match="4 segments"):
        paint_segments(graph, mask.shape, [1.0])


def test_wrong_input_is_named():
    mask = np.zeros((40, 40), bool)
    with pytest.raises(UserError, match="eye7: vessel mask"):
        build_graph("eye7", mask, mask[:-1], MM)
    with pytest.raises(UserError, match="mm_per_px is 0"):
        build_graph("eye7", mask, mask, 0)


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
        named = f"vessel_density_{zone.ring}_{zone.quadrant}".replace("-", "_")
        assert [name for name, value in found.items() if value > 0] == [named]


def test_biomarkers_of_an_eye_and_of_nothing(
    eye: tuple[np.ndarray, np.ndarray, np.ndarray], graph: VesselGraph
):
    numbers = biomarkers(graph, eye[0], MM, "OD")
    assert numbers["vessel_density"] == pytest.approx(eye[0].mean())
    assert 1 < numbers["fractal_dimension"] < 2
    assert numbers["mean_tortuosity"] >= 1
    assert all(np.isfinite(list(numbers.values())))
    nothing = np.zeros((60, 60), bool)
    numbers = biomarkers(build_graph("a", nothing, nothing, MM), nothing, MM)
    assert numbers["vessel_density"] == numbers["skeleton_density_per_mm"] == 0
    assert all(np.isfinite(list(numbers.values())))


def test_a_real_eye_has_several_hundred_segments(shared_data: Path):
    path = shared_data / "octa500_3mm" / "images" / "10301.png"
    if not path.is_file():
        pytest.skip(f"needs {path.name} of OCTA-500, which is absent")
    from retia.images import read_image
    from retia.segmentation import segment_image

    image = read_image(path, 3 / 304).pixels
    vessels, faz = segment_image(image, 3 / 304)
    graph = build_graph("10301", vessels, faz, 3 / 304, image)
    assert_sound(graph)
    assert graph.segments.height > 300
    assert graph.areas.height > 100
    assert 0.05 < graph.faz["area_mm2"].item() < 1
