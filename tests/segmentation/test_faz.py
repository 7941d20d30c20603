"""The FAZ reaches from its dark middle to the vessels around it, and no further."""

import cv2
import numpy as np

from retia.segmentation.faz import REACHED_MM, ROOM_MM, _up_to_vessels
from retia.segmentation.metrics import dice

MM = 0.005
AWAY_MM = np.hypot(*(np.mgrid[:240, :240] - 120)) * MM


def rings(gap_mm=0.0):
    """Vessels around a zone of 0.3 mm radius, with a gap on the right."""
    y = np.abs(np.arange(240)[:, None] - 120) * MM
    right = np.arange(240)[None] > 120
    return (AWAY_MM >= 0.3) & ~((y < gap_mm / 2) & right)


def test_a_dark_middle_that_stops_short_grows_to_the_vessels():
    zone = AWAY_MM < 0.3
    found = _up_to_vessels(AWAY_MM < 0.3 - 0.8 * ROOM_MM, rings(), MM)
    assert dice(found, zone) > 0.985


def test_a_dark_middle_that_is_too_large_shrinks_to_the_vessels():
    zone = AWAY_MM < 0.3
    found = _up_to_vessels(AWAY_MM < 0.4, rings(), MM)
    assert dice(found, zone) > 0.985


def test_gaps_narrower_than_the_disc_are_not_entered_wider_ones_are():
    beyond = rings() & ~rings(gap_mm=10)  # the right half, where the gap is
    inside, entered = (
        (_up_to_vessels(AWAY_MM < 0.4, rings(gap_mm), MM) & beyond).sum()
        for gap_mm in (1.6 * REACHED_MM, 3 * REACHED_MM)
    )
    assert inside < 0.1 * entered


def test_without_vessels_it_grows_by_the_room_alone():
    found = _up_to_vessels(AWAY_MM < 0.3, np.zeros((240, 240), bool), MM)
    assert abs(np.sqrt(found.sum() / np.pi) * MM - (0.3 + ROOM_MM)) < MM


def test_a_place_too_narrow_for_the_disc_stays_as_it_is():
    canvas = np.zeros((240, 240), np.uint8)
    mask = cv2.line(canvas, (60, 120), (180, 120), 1, 5) > 0
    assert np.array_equal(_up_to_vessels(mask, ~mask, MM), mask)
