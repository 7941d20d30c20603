"""Places depend on distance in mm, direction and laterality, on nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retia.anatomy import describe_zone, locate

FOVEA = (150.0, 150.0)


@pytest.mark.parametrize(
    ("point", "laterality", "quadrant", "clock"),
    [
        ((250, 100), "OD", "superior-nasal", 2),
        ((250, 100), "OS", "superior-temporal", 2),
        ((50, 250), "OD", "inferior-temporal", 8),
        ((50, 250), None, "inferior-left", 8),
        ((151, 50), "OD", "superior-nasal", 12),
    ],
)
def test_quadrant_and_hour(point, laterality, quadrant, clock):
    zone = locate(point, FOVEA, 0.01, laterality)
    assert (zone.quadrant, zone.clock) == (quadrant, clock)


@pytest.mark.parametrize(
    ("distance_mm", "ring"),
    [(0.49, "fovea"), (0.51, "parafovea"), (1.6, "perifovea"), (3.1, "periphery")],
)
def test_rings_are_the_etdrs_rings(distance_mm: float, ring: str):
    assert locate((150 + distance_mm / 0.01, 150), FOVEA, 0.01, "OD").ring == ring


@given(st.floats(1, 140), st.floats(1, 140), st.sampled_from([-1, 1]), st.sampled_from([-1, 1]))
def test_a_mirrored_right_eye_is_a_left_eye(dx: float, dy: float, sx: int, sy: int):
    right = locate((150 + sx * dx, 150 + sy * dy), FOVEA, 0.01, "OD")
    left = locate((150 - sx * dx, 150 + sy * dy), FOVEA, 0.01, "OS")
    assert (right.ring, right.quadrant) == (left.ring, left.quadrant)


@given(st.floats(0.2, 5.0))
def test_scale_counts_not_pixels(scale: float):
    near = locate((180, 120), FOVEA, 0.01, "OD")
    far = locate((150 + 30 * scale, 150 - 30 * scale), FOVEA, 0.01 / scale, "OD")
    assert (near.ring, near.quadrant) == (far.ring, far.quadrant)


def test_words():
    assert describe_zone(locate((250, 100), FOVEA, 0.01, "OD")) == "the superior-nasal parafovea"
    assert describe_zone(None) == ""
