"""Winding and widened vessels: the length law, the calibre law, ends and connections kept."""

import numpy as np
import pytest

from retia.synthesis.disease import Disease
from retia.synthesis.eye import Eye, make_eye
from retia.synthesis.pathology import with_lesions
from retia.synthesis.pathology.calibre import calibre_factor
from retia.synthesis.pathology.courses import arc_mm, arc_over_chord, meander
from retia.synthesis.pathology.tortuosity import times_longer

GRADES = (0.0, 0.5, 1.0)


@pytest.fixture(scope="module", params=[0, 1, 2])
def winding(request: pytest.FixtureRequest) -> list[Eye]:
    return [make_eye(request.param, Disease(tortuosity=(grade,))) for grade in GRADES]


def test_a_curve_becomes_as_long_as_asked_between_the_same_ends():
    line = np.stack([np.linspace(0, 1, 60), 0.1 * np.linspace(0, 1, 60) ** 2], axis=1)
    for factor in (1.05, 1.3, 1.5):
        shift = meander(np.random.default_rng(0), line, 0.25, factor)
        assert arc_mm(line + shift)[-1] == pytest.approx(factor * arc_mm(line)[-1], rel=1e-3)
        np.testing.assert_allclose(shift[[0, -1]], 0, atol=1e-12)


def test_tortuosity_follows_the_length_law(winding: list[Eye]):
    values = [eye.lesions[0].values["tortuosity"] for eye in winding]
    before = [value / times_longer(grade) for value, grade in zip(values, GRADES, strict=True)]
    # The same vessel each time, whose arc over chord before was that of a fairly straight one.
    np.testing.assert_allclose(before, before[0], rtol=0.01)
    assert 1 <= before[0] <= 1.15


def test_winding_changes_neither_radii_nor_connections(winding: list[Eye]):
    for eye in winding:
        vessels, there, _ = with_lesions(eye.healthy, eye.lesions)
        assert there.all()
        np.testing.assert_allclose(vessels.radius_mm, eye.healthy.radius_mm, rtol=1e-6)
        np.testing.assert_array_equal(vessels.parent, eye.healthy.parent)
        hanging = np.flatnonzero(vessels.parent >= 0)
        np.testing.assert_array_equal(
            vessels.start_mm[hanging], vessels.end_mm[vessels.parent[hanging]]
        )


def test_no_winding_vessel_enters_the_avascular_zone(winding: list[Eye]):
    for eye in winding:
        vessels, _, _ = with_lesions(eye.healthy, eye.lesions)
        assert eye.faz.rim_distance(vessels.end_mm).min() > 0


@pytest.mark.parametrize("form", ["dilation", "beading", "narrowing"])
def test_the_calibre_changes_by_its_factor_and_fades_out(form: str):
    sizes = []
    for grade in GRADES:
        eye = make_eye(0, Disease(calibre=((form, grade),)))
        (lesion,) = eye.lesions
        assert lesion.calibre is not None
        course = np.flatnonzero(lesion.calibre != 1)
        strongest = np.abs(lesion.calibre[course] - 1).max()
        assert strongest == pytest.approx(abs(calibre_factor(form, grade) - 1), rel=0.15)
        assert abs(lesion.calibre[course[[0, -1]]] - 1).max() < 0.75 * strongest
        wanted = "artery" if form == "narrowing" else "vein"
        assert lesion.traits == {"host": wanted, "form": form}
        sizes.append(lesion.values["calibre_ratio"])
    assert sizes == sorted(sizes, reverse=form == "narrowing")
    assert (max(sizes) < 0.8) if form == "narrowing" else (min(sizes) > 1.1)


def test_the_radius_told_is_that_of_the_vessel_drawn():
    eye = make_eye(1, Disease(calibre=(("dilation", 0.8),)))
    (lesion,) = eye.lesions
    vessels, _ = eye.drawn()
    assert lesion.calibre is not None
    own = lesion.calibre != 1
    mean_um = 1000 * np.average(vessels.radius_mm[own], weights=eye.healthy.length_mm[own])
    assert lesion.values["radius_um"] == pytest.approx(mean_um, rel=0.05)
    was = np.average(eye.healthy.radius_mm[own], weights=eye.healthy.length_mm[own])
    assert lesion.values["calibre_ratio"] == pytest.approx(mean_um / 1000 / was, rel=0.05)


def test_arc_over_chord_of_a_half_circle_is_half_pi():
    angle = np.linspace(0, np.pi, 400)
    half = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert arc_over_chord(half) == pytest.approx(np.pi / 2, rel=1e-4)
