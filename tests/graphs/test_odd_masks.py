"""Whatever the masks show, the graph is sound: all columns, finite numbers, relations that fit."""

import numpy as np
import pytest
from drawn import MM, assert_sound, grid
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from retia.graphs.biomarkers import biomarkers
from retia.graphs.build import build_graph
from retia.records import VesselGraph


def blank(shape: tuple[int, int] = (40, 50)) -> np.ndarray:
    return np.zeros(shape, bool)


def with_pixels(*pixels: tuple[int, int]) -> np.ndarray:
    mask = blank()
    mask[tuple(np.array(pixels).T)] = True
    return mask


def ring(hole: int) -> np.ndarray:
    mask = blank()
    mask[10:31, 10:31] = True
    mask[10 + hole : 31 - hole, 10 + hole : 31 - hole] = False
    return mask


def disc() -> np.ndarray:
    return np.hypot(*np.mgrid[-20:20, -25:25]) < 9


ODD = {
    "nothing": (blank(), blank()),
    "nothing but a FAZ": (blank(), disc()),
    "only vessels": (~blank(), blank()),
    "only FAZ": (blank(), ~blank()),
    "vessels and FAZ everywhere": (~blank(), ~blank()),
    "one pixel": (with_pixels((7, 9)), blank()),
    "a pixel in each corner": (with_pixels((0, 0), (0, 49), (39, 0), (39, 49)), blank()),
    "two pixels that touch at a corner": (with_pixels((7, 9), (8, 10)), disc()),
    "a loop without a junction": (ring(1), blank()),
    "a thick loop": (ring(6), blank()),
    "a loop around the FAZ": (ring(1), disc() & ~ring(1)),
    "a vessel through the fovea": (np.eye(40, 50, dtype=bool), disc()),
    "one pixel of FAZ": (ring(1), with_pixels((20, 20))),
    "a FAZ in two pieces": (blank(), with_pixels((3, 3), (30, 40))),
    "every other pixel": (np.indices((40, 50)).sum(axis=0) % 2 == 0, blank()),
    "one row of pixels": (np.ones((1, 30), bool), np.zeros((1, 30), bool)),
    "one pixel in all": (np.ones((1, 1), bool), np.zeros((1, 1), bool)),
}


def assert_measured(graph: VesselGraph, vessels: np.ndarray, mm_per_px: float) -> None:
    assert_sound(graph)
    number = {"segment": graph.segments.height, "area": graph.areas.height, "faz": 1}
    for (kind,), rows in graph.relations.partition_by("kind", as_dict=True).items():
        source, target = str(kind).split("-")
        assert rows["source"].is_between(0, number[source] - 1).all()
        assert rows["target"].is_between(0, number[target] - 1).all()
    numbers = biomarkers(graph, vessels, mm_per_px, "OS")
    assert all(np.isfinite(list(numbers.values())))
    assert all(0 <= v <= 1 for name, v in numbers.items() if name.startswith("vessel_density"))


@pytest.mark.parametrize("name", ODD)
def test_odd_masks(name: str):
    vessels, faz = ODD[name]
    image = np.random.default_rng(0).integers(0, 256, vessels.shape).astype(np.uint8)
    for picture in (None, image, np.zeros_like(image)):
        assert_measured(build_graph("odd", vessels, faz, MM, picture, "OS"), vessels, MM)


@given(
    vessels=hnp.arrays(bool, st.tuples(st.integers(1, 24), st.integers(1, 24))),
    mm_per_px=st.sampled_from([0.00247, 0.00987, 0.015]),
    seed=st.integers(0, 9),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_mask(vessels: np.ndarray, mm_per_px: float, seed: int):
    rng = np.random.default_rng(seed)
    faz = (rng.random(vessels.shape) < 0.2) & ~vessels
    image = rng.integers(0, 256, vessels.shape).astype(np.uint8)
    graph = build_graph("any", vessels, faz, mm_per_px, image)
    assert_measured(graph, vessels, mm_per_px)


@pytest.mark.parametrize(
    ("shape", "field_mm"),
    [((304, 304), 3), ((400, 400), 6), ((304, 512), 3), ((1024, 640), 6), ((1216, 1216), 3)],
)
def test_images_of_all_sizes(shape: tuple[int, int], field_mm: float):
    mm_per_px = field_mm / shape[1]
    step, width = round(0.12 / mm_per_px), max(round(0.02 / mm_per_px), 1)
    vessels = grid(max(shape), step, width)[: shape[0], : shape[1]]
    rows, cols = (np.arange(n) - n / 2 for n in shape)
    faz = np.hypot(rows[:, None], cols[None, :]) * mm_per_px < 0.3
    graph = build_graph("eye", vessels & ~faz, faz, mm_per_px)
    assert_measured(graph, vessels & ~faz, mm_per_px)
    assert graph.faz["area_mm2"].item() == pytest.approx(np.pi * 0.3**2, rel=0.05)
    assert graph.areas["area_mm2"].median() == pytest.approx(((step - width) * mm_per_px) ** 2)
    # A vessel of an even number of pixels has its centre line half a pixel off.
    half_px = graph.segments["radius_px"].median()
    assert half_px == pytest.approx(width / 2, abs=0.51)
