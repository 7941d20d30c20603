"""What is usual, and the words for it."""

from dataclasses import replace

import polars as pl
import pytest
from eyes import random_eye

from retia.errors import UserError
from retia.graphs.reference import FILE, QUANTILES
from retia.instructions import WriteConfig, write
from retia.instructions.eyes import phrases
from retia.instructions.eyes.norms import FEWEST_EYES, Norms, usual_band, with_percentiles
from retia.records import Measure, write_cases


def measured(area=0.27, density=0.3):
    measures = (
        Measure(name="faz_area_mm2", value=area, source="simulator"),
        Measure(name="vessel_density", value=density, source="simulator"),
    )
    return replace(random_eye(1), measures=measures)


def test_the_faz_is_told_by_published_norms_and_never_by_the_eyes_at_hand():
    shares = [Norms().percentiles(measured(area))["faz_area_mm2"] for area in (0.11, 0.27, 0.43)]
    assert shares == pytest.approx([0.0228, 0.5, 0.9772], abs=1e-3)
    other = Norms([0.9] * 50).percentiles(measured(0.27))
    assert other["faz_area_mm2"] == pytest.approx(0.5)


def test_density_needs_enough_healthy_eyes():
    few, enough = ([0.3 + n / 1000 for n in range(count)] for count in (FEWEST_EYES - 1, 100))
    assert "vessel_density" not in Norms(few).percentiles(measured())
    assert Norms(enough).percentiles(measured(density=0.35))["vessel_density"] == 0.505
    assert Norms(enough).percentiles(measured(density=0.1))["vessel_density"] == 0.0


def test_every_share_has_its_words():
    bands = [usual_band(share / 100, phrases.USUAL) for share in range(101)]
    assert bands == sorted(bands)
    assert set(bands) == set(phrases.USUAL)
    assert all("low" in text or "below" in text or "less" in text for text in phrases.USUAL[0.1])


@pytest.fixture
def reference(tmp_path):
    """A healthy reference whose FAZ areas run evenly from 0.2 to 0.4 mm²."""
    row = {"node": "faz", "feature": "area_mm2", "ring": None, "nodes": 60, "mean": 0.3}
    row |= {"deviation": 0.1} | {f"q{q}": 0.2 + 0.2 * q for q in QUANTILES}
    folder = tmp_path / "reference"
    folder.mkdir()
    pl.DataFrame([row], schema_overrides={"ring": pl.String}).write_parquet(folder / FILE)
    return folder


def test_a_reference_of_seen_graphs_takes_the_place_of_the_norms(reference):
    norms = Norms((), reference)
    assert norms.percentiles(measured(0.35))["faz_area_mm2"] == pytest.approx(0.75)


def test_a_folder_without_reference_is_refused_at_once(tmp_path):
    write_cases(tmp_path / "cases", [random_eye(1)])
    config = WriteConfig(cases=tmp_path / "cases", out=tmp_path / "out", reference=tmp_path)
    with pytest.raises(UserError, match="retia graph reference"):
        write(config)


def test_percentiles_are_added_once():
    case = with_percentiles(measured(), Norms())
    assert with_percentiles(case, Norms()) == case
    assert case.measure("faz_area_percentile") == 0.5
