"""Masks from probabilities: one central zone without holes, no specks, widened within bounds."""

import numpy as np

from retia.segmentation.regions import (
    NEAR_MM,
    RULED_OUT,
    central_zone,
    widened_zone,
    without_specks,
)
from retia.segmentation.scale import STANDARD_MM


def disc(radius_mm: float, x_mm: float = 0.0, y_mm: float = 0.0) -> np.ndarray:
    y, x = (np.mgrid[:304, :304] + 0.5) * STANDARD_MM - 1.5
    return np.hypot(x - x_mm, y - y_mm) < radius_mm


def test_the_zone_is_the_large_part_near_the_middle_without_holes():
    p = np.where(disc(0.3, 0.1) & ~disc(0.03, 0.1) | disc(0.28, 1.1, 1.1), 0.9, 0.05)
    np.testing.assert_array_equal(central_zone(p, 0.5, STANDARD_MM), disc(0.3, 0.1))


def test_specks_are_no_zone_and_no_vessel():
    assert not central_zone(np.where(disc(0.03), 0.9, 0.0), 0.5, STANDARD_MM).any()
    line = np.zeros((304, 304), bool)
    line[10, 20:60] = line[100, 100:104] = True
    kept = without_specks(line, STANDARD_MM)
    assert kept[10, 20:60].all() and kept.sum() == 40


def test_a_zone_grows_into_the_dark_place_only_nearby_and_where_it_may():
    zone, dark = disc(0.25), disc(0.3) | disc(0.2, 0.35)
    p = np.full(zone.shape, 0.1)
    p[:, :100] = RULED_OUT / 2
    wide = widened_zone(zone, dark, p, STANDARD_MM)
    assert (wide >= zone).all() and not (wide & ~(zone | dark)).any()
    assert (wide & ~zone).any()
    assert not (wide & ~disc(0.25 + NEAR_MM + STANDARD_MM)).any()
    assert not (wide & ~zone)[:, :100].any()
