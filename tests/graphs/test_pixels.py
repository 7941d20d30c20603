"""Statistics of regions and discs are those of plain NumPy."""

import numpy as np
import pytest

from retia.graphs.local import Surroundings, disc_sums, map_surroundings, relative
from retia.graphs.pixels import describe, grid_means, quantiles


def blocks(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.repeat(rng.permutation(12).reshape(3, 4), 7, 0), 9, 1) - 1
    return labels, (rng.integers(0, 256, labels.shape) / 255).astype(np.float32)


@pytest.mark.parametrize("seed", range(3))
def test_regions_are_described_as_numpy_would(seed: int):
    labels, field = blocks(seed)
    found = describe(labels, 11, field)
    low, high = quantiles(labels, 11, field, (0.25, 0.75))
    for n in range(11):
        values = field[labels == n].astype(float)
        assert found.mean[n] == pytest.approx(values.mean())
        assert found.std[n] == pytest.approx(values.std(), abs=1e-6)
        assert (found.min[n], found.max[n]) == (values.min(), values.max())
        rows, cols = np.nonzero(labels == n)
        assert found.x[n] == pytest.approx((cols * values).sum() / values.sum())
        assert found.y[n] == pytest.approx((rows * values).sum() / values.sum())
        for share, value in ((0.25, low[n]), (0.75, high[n])):
            expected = np.quantile(values, share, method="inverted_cdf")
            assert value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("step", [1, 4, 5])
def test_means_of_a_coarse_map_are_those_of_the_map_spread_out(step: int):
    labels, _ = blocks(0)
    cells = [-(-n // step) for n in labels.shape]
    maps = np.random.default_rng(1).random((2, *cells)).astype(np.float32)
    spread = np.repeat(np.repeat(maps, step, 1), step, 2)[:, : labels.shape[0], : labels.shape[1]]
    found = grid_means(labels, 11, maps, step)
    for n in range(11):
        assert found[:, n] == pytest.approx(spread[:, labels == n].mean(axis=1))


@pytest.mark.parametrize("radius", [1.0, 3.5, 9.0])
def test_disc_sums_are_sums_over_discs(radius: float):
    field = np.random.default_rng(2).random((31, 37)).astype(np.float32)
    rows, cols = np.mgrid[:31, :37]
    found = disc_sums(field, radius)
    for row, col in ((0, 0), (15, 20), (30, 36), (4, 33)):
        disc = np.hypot(rows - row, cols - col) <= radius
        assert found[row, col] == pytest.approx(field[disc].sum(), rel=1e-4)


def scene(times: int) -> Surroundings:
    rng = np.random.default_rng(5)
    fields = {
        "vessels": rng.random((61, 57)) < 0.3,
        "image": rng.random((61, 57), np.float32),
        "rim": np.hypot(*np.mgrid[-30:31, -28:29]) < 9,
        "faz_distance_px": np.zeros((61, 57)),
        "vessel_depth_px": rng.random((61, 57), np.float32),
        "free_depth_px": rng.random((61, 57), np.float32),
    }
    grown = {name: np.repeat(np.repeat(f, times, 0), times, 1) for name, f in fields.items()}
    for name in ("vessel_depth_px", "free_depth_px"):
        grown[name] = grown[name] * times
    return Surroundings(**grown, mm_per_px=0.01 / times)


def test_fine_images_are_measured_as_coarse_ones_are():
    coarse, fine = map_surroundings(scene(1)), map_surroundings(scene(4))
    assert (coarse.step, fine.step) == (1, 4)
    for name in vars(coarse):
        if name not in ("step", "inside"):
            assert np.allclose(getattr(coarse, name), getattr(fine, name), atol=1e-4), name


def test_the_faz_is_left_out_of_densities():
    around = scene(1)
    everything = np.ones_like(around.vessels)
    maps = map_surroundings(Surroundings(**vars(around) | {"vessels": everything}))
    near = maps.local_vessel_density[np.hypot(*np.mgrid[-30:31, -28:29]) > 9]
    assert np.allclose(near, 1)


def test_relative_to_nothing_is_one():
    assert relative(np.array([2.0, 4.0, 8.0])).tolist() == [0.5, 1, 2]
    assert relative(np.zeros(3)).tolist() == [1, 1, 1]
    assert relative(np.zeros(0)).tolist() == []
