"""A grown cohort tells the truth about its eyes, and its folder depends on nothing but the seed."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from grown_files import files

from retia.anatomy import QUADRANTS, RINGS
from retia.images import read_image, read_mask
from retia.records import Case, Finding, read_cases
from retia.synthesis.cohort import GrowConfig, grow
from retia.taxonomy import STAGES, read_vocabulary, stage_of


def masks(cohort: Path, cases: list[Case]) -> list[tuple[Case, Finding, np.ndarray]]:
    return [(c, f, read_mask(cohort / str(f.mask))) for c in cases for f in c.findings]


def test_the_stage_of_an_eye_is_that_of_its_findings(cases: list[Case]):
    assert {c.stage for c in cases} == set(STAGES)
    for case in cases:
        assert (case.stage, case.grade) == stage_of(case.findings)


def test_a_healthy_eye_has_no_findings_and_an_ill_one_has(cases: list[Case]):
    for case in cases:
        assert (case.stage == "healthy") == (not case.findings)


def test_boxes_are_tight_around_their_masks(cohort: Path, cases: list[Case]):
    found = masks(cohort, cases)
    assert found
    for _, finding, mask in found:
        rows, columns = np.nonzero(mask)
        tight = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert finding.box_px == tuple(float(v) for v in tight)


def test_values_are_finite_and_have_the_keys_of_their_kind(cases: list[Case]):
    vocabulary = read_vocabulary("octa")
    for finding in (f for c in cases for f in c.findings):
        assert set(finding.values) == set(vocabulary.kind(finding.kind).values)
        assert all(math.isfinite(v) and v > 0 for v in finding.values.values())


def test_a_severity_is_that_of_the_vocabulary(cases: list[Case]):
    vocabulary = read_vocabulary("octa")
    for finding in (f for c in cases for f in c.findings):
        kind = vocabulary.kind(finding.kind)
        assert finding.severity == kind.severity(finding.values)
        assert (finding.severity is None) == (kind.severity_by is None)


def test_areas_and_measures_are_those_of_the_masks(cohort: Path, cases: list[Case]):
    for case, finding, mask in masks(cohort, cases):
        if "area_mm2" in finding.values:
            area = mask.sum() * float(case.mm_per_px or 0) ** 2
            assert finding.values["area_mm2"] == pytest.approx(area, abs=1e-5)
    for case in cases:
        faz = read_mask(cohort / "faz" / f"{case.id}.png")
        vessels = read_mask(cohort / "vessels" / f"{case.id}.png")
        area = faz.sum() * float(case.mm_per_px or 0) ** 2
        assert case.measure("faz_area_mm2") == pytest.approx(area, abs=1e-5)
        assert case.measure("vessel_density") == pytest.approx(vessels.mean(), abs=1e-5)
        # Vessels bend along the rim; only their drawn width may reach over it.
        assert (faz & vessels).sum() < 0.015 * faz.sum()


def test_only_the_faz_has_no_zone(cases: list[Case]):
    for finding in (f for c in cases for f in c.findings):
        if finding.kind.startswith("faz_"):
            assert finding.zone is None
        else:
            assert finding.zone is not None
            assert finding.zone.ring in RINGS and finding.zone.quadrant in QUADRANTS


def test_images_have_the_size_and_scale_asked_for(cohort: Path, cases: list[Case]):
    for case in cases:
        scan = read_image(cohort / case.file_name)
        assert scan.pixels.shape == (304, 304) and not scan.notes
        assert case.mm_per_px == pytest.approx(3 / 304)


def test_two_workers_write_the_bytes_of_one(cohort: Path, tmp_path: Path):
    grow(GrowConfig(out=tmp_path / "two", count=6, workers=2))
    one, two = files(cohort), files(tmp_path / "two")
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


def test_a_longer_cohort_begins_with_the_same_eyes(cohort: Path, tmp_path: Path):
    grow(GrowConfig(out=tmp_path, count=2))
    assert read_cases(tmp_path) == read_cases(cohort)[:2]
    for inner in ("images/000001.png", "vessels/000000.png"):
        assert (tmp_path / inner).read_bytes() == (cohort / inner).read_bytes()


def test_another_seed_grows_other_eyes(cohort: Path, tmp_path: Path):
    grow(GrowConfig(out=tmp_path, count=1, seed=1))
    (image,) = (tmp_path / "images").iterdir()
    assert image.read_bytes() not in [p.read_bytes() for p in (cohort / "images").iterdir()]


def test_the_card_counts_the_eyes_and_bears_the_disclaimer(cohort: Path):
    from retia.disclaimer import DISCLAIMER

    card = (cohort / "README.md").read_text()
    summary = json.loads((cohort / "run.json").read_text())["summary"]
    assert DISCLAIMER in card
    assert f"{sum(summary.values())} synthetic eyes" in card


def test_the_folder_loads_as_an_image_folder(cohort: Path, cases: list[Case], tmp_path: Path):
    datasets = pytest.importorskip("datasets")
    rows = datasets.load_dataset(
        "imagefolder", data_dir=str(cohort), cache_dir=str(tmp_path), split="train"
    )
    # One row a case: masks, vessels and the contact sheet are no images of the data set.
    assert rows["id"] == [c.id for c in cases]
    assert rows["stage"] == [c.stage for c in cases]
    pixels = np.asarray(rows[5]["image"])
    np.testing.assert_array_equal(pixels, read_image(cohort / cases[5].file_name).pixels)
    assert len(rows[5]["findings"]) == len(cases[5].findings)
