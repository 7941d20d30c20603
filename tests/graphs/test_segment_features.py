"""Features that look beyond one segment say what was drawn."""

import cv2
import numpy as np
import pytest
from drawn import MM

from retia.graphs.build import build_graph


def rows(mask: np.ndarray, image: np.ndarray | None = None):
    return build_graph("eye", mask, np.zeros_like(mask), MM, image).segments


def trunk(bend_px: float) -> np.ndarray:
    """A trunk that winds, with a straight capillary at each of its bends."""
    mask = np.zeros((121, 241), np.uint8)
    x = np.arange(241)
    y = 60 + bend_px * np.sin(x / 16)
    line = np.stack([x, y], axis=1).round().astype(np.int32)
    cv2.polylines(mask, [line.reshape(-1, 1, 2)], False, 1, 5)
    for at in range(25, 241, 25):
        mask[: int(y[at]), at] = 1
    return mask > 0


def test_a_strand_winds_though_its_pieces_do_not():
    tables = (rows(trunk(bend)) for bend in (14, 0))
    winding, straight = (table.filter(table["radius_mean_um"] > 15) for table in tables)
    assert winding["strand_tortuosity"].median() > winding["tortuosity"].median() + 0.02
    assert straight["strand_tortuosity"].median() == pytest.approx(1, abs=0.02)
    assert winding["strand_tortuosity"].median() > 1.1


def test_the_walls_of_a_bar_are_half_its_width_away():
    mask = np.zeros((61, 121), bool)
    mask[25:34, :] = True
    row = rows(mask).row(0, named=True)
    for name in ("wall_min_um", "wall_mean_um", "wall_max_um"):
        assert row[name] == pytest.approx(45, abs=3)
    assert row["wall_roundness"] == pytest.approx(1, abs=0.05)
    assert row["width_um"] == pytest.approx(90, rel=0.15)


def test_the_walls_of_an_even_bar_lie_at_unequal_distances():
    mask = np.zeros((61, 121), bool)
    mask[25:33, :] = True
    row = rows(mask).row(0, named=True)
    assert row["wall_mean_um"] == pytest.approx(40, abs=3)
    assert row["wall_max_um"] - row["wall_min_um"] == pytest.approx(10, abs=3)


def test_a_sac_stands_out_from_its_capillary():
    mask = np.zeros((121, 121), bool)
    for at in range(10, 121, 20):
        mask[at, :] = mask[:, at] = True
    image = np.where(mask, 120, 30).astype(np.uint8)
    cv2.circle(image, (60, 50), 4, 255, -1)
    table = rows(mask | (image == 255), image).sort("spot_contrast")
    best = table.row(-1, named=True)
    assert np.hypot(best["x_px"] - 60, best["y_px"] - 50) <= 12
    assert best["spot_contrast"] > 2 * table["spot_contrast"].median()


def test_dead_ends_are_where_capillaries_were_cut():
    mask = np.zeros((201, 201), bool)
    for at in range(10, 201, 20):
        mask[at, :] = mask[:, at] = True
    mask[118:123, 112:148] = False
    table = rows(mask)
    near = np.hypot(table["x_px"] - 130, table["y_px"] - 120) < 10
    dead = table["local_dead_ends"].to_numpy()
    assert dead[near].min() > 0
    far = np.hypot(table["x_px"] - 60, table["y_px"] - 60) < 30
    assert dead[far].max() == 0


def test_a_gap_is_as_deep_as_it_is_wide():
    mask = np.zeros((201, 201), bool)
    for at in range(10, 201, 10):
        mask[at, :] = mask[:, at] = True
    mask[71:130, 71:130] = False
    table = rows(mask)
    beside = table.filter((table["x_px"] - 70).abs() + (table["y_px"] - 100).abs() < 12)
    assert beside["local_gap_um"].max() == pytest.approx(200, abs=60)
    away = table.filter(table["x_px"].is_between(31, 49) & table["y_px"].is_between(31, 49))
    assert away["local_gap_um"].max() == pytest.approx(50, abs=1)
    assert beside["relative_density"].max() < away["relative_density"].min()
