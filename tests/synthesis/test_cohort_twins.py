"""A twin is its eye in every pixel outside the influence of the lesion it lacks."""

from pathlib import Path

import numpy as np
import pytest

from retia.disclaimer import DISCLAIMER
from retia.images import read_image, read_mask
from retia.records import Case, read_cases
from retia.synthesis.cohort import GrowConfig, grow
from retia.synthesis.cohort.ranges import LesionRanges
from retia.taxonomy import stage_of

ALL = LesionRanges(
    dropout_probability=1.0,
    dropout_count=(1, 2),
    dropout_grade=(0.7, 1.0),
    microaneurysm_probability=1.0,
    microaneurysm_count=(2, 3),
    neovascularization_probability=1.0,
    neovascularization_count=(1, 1),
    faz_enlargement_probability=1.0,
)


@pytest.fixture(scope="module")
def twinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("twinned") / "cohort"
    grow(GrowConfig(out=folder, count=2, seed=3, twins=True, profile="ranges", lesions=ALL))
    return folder


@pytest.fixture(scope="module")
def pairs(twinned: Path) -> list[tuple[Case, Case]]:
    eyes = {case.id: case for case in read_cases(twinned)}
    return [(twin, eyes[str(twin.twin_of)]) for twin in read_cases(twinned / "twins")]


def pixels(folder: Path, case: Case) -> np.ndarray:
    return read_image(folder / case.file_name).pixels


def test_every_lesion_has_a_twin(pairs: list[tuple[Case, Case]]):
    wanted = {(eye.id, f.id) for _, eye in pairs for f in eye.findings}
    assert {(twin.twin_of, twin.without) for twin, _ in pairs} == wanted
    assert {f.kind for _, eye in pairs for f in eye.findings} >= {
        "capillary_dropout",
        "microaneurysm",
        "neovascularization",
        "faz_enlargement",
    }


def test_outside_the_influence_all_pixels_are_those_of_the_eye(
    twinned: Path, pairs: list[tuple[Case, Case]]
):
    for twin, eye in pairs:
        differ = pixels(twinned / "twins", twin) != pixels(twinned, eye)
        influence = read_mask(twinned / "twins" / "influence" / f"{twin.id}.png")
        assert differ.any() and not (differ & ~influence).any()
        assert not influence.all()


def test_vessel_masks_differ_only_inside_the_influence(
    twinned: Path, pairs: list[tuple[Case, Case]]
):
    for twin, eye in pairs:
        own = read_mask(twinned / "twins" / "vessels" / f"{twin.id}.png")
        differ = own != read_mask(twinned / "vessels" / f"{eye.id}.png")
        influence = read_mask(twinned / "twins" / "influence" / f"{twin.id}.png")
        assert not (differ & ~influence).any()


def test_the_influence_covers_what_the_lesion_added_or_took(
    twinned: Path, pairs: list[tuple[Case, Case]]
):
    for twin, eye in pairs:
        finding = eye.finding(str(twin.without))
        assert finding is not None
        influence = read_mask(twinned / "twins" / "influence" / f"{twin.id}.png")
        lesion = read_mask(twinned / str(finding.mask))
        if finding.kind in ("microaneurysm", "neovascularization"):
            assert (influence & lesion).sum() == lesion.sum()
        else:  # inside an avascular zone there was nothing to lose
            assert (influence & lesion).any()


def test_a_twin_is_its_eye_but_for_one_finding(pairs: list[tuple[Case, Case]]):
    for twin, eye in pairs:
        assert (twin.group, twin.split, twin.laterality) == (eye.group, eye.split, eye.laterality)
        kept = [f for f in eye.findings if f.id != twin.without]
        assert [(f.id, f.values, f.box_px) for f in twin.findings] == [
            (f.id, f.values, f.box_px) for f in kept
        ]
        assert (twin.stage, twin.grade) == stage_of(kept)


def test_measures_are_those_of_the_twin(twinned: Path, pairs: list[tuple[Case, Case]]):
    for twin, eye in pairs:
        vessels = read_mask(twinned / "twins" / "vessels" / f"{twin.id}.png")
        faz = read_mask(twinned / "twins" / "faz" / f"{twin.id}.png")
        area_mm2 = faz.sum() * float(twin.mm_per_px or 0) ** 2
        assert twin.measure("vessel_density") == pytest.approx(vessels.mean(), abs=1e-5)
        assert twin.measure("faz_area_mm2") == pytest.approx(area_mm2, abs=1e-5)
        finding = eye.finding(str(twin.without))
        smaller = finding is not None and finding.kind == "faz_enlargement"
        if smaller:
            assert area_mm2 < float(eye.measure("faz_area_mm2") or 0)
        else:
            assert twin.measure("faz_area_mm2") == eye.measure("faz_area_mm2")


def test_masks_of_findings_that_stay_are_found_from_the_twins_folder(
    twinned: Path, pairs: list[tuple[Case, Case]]
):
    masks = [twinned / "twins" / str(f.mask) for twin, _ in pairs for f in twin.findings]
    assert masks and all(mask.is_file() for mask in masks)


def test_the_card_of_the_twins_counts_them(twinned: Path, pairs: list[tuple[Case, Case]]):
    card = (twinned / "twins" / "README.md").read_text()
    assert DISCLAIMER in card and f"{len(pairs)} counterfactual twins" in card
