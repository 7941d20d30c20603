"""A grown cohort tells the truth about its eyes, and its folder depends on nothing but the seed."""

import json
import math
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import retia.synthesis.cohort as cohort_module
from retia.anatomy import QUADRANTS, RINGS
from retia.errors import UserError
from retia.images import read_image, read_mask
from retia.records import Case, Finding, read_cases
from retia.synthesis.cohort import EyePlan, GrowConfig, grow, plan_cohort
from retia.taxonomy import STAGES, read_vocabulary, stage_of


def files(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "timing.json"
    }


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
        assert (faz & vessels).sum() < 0.01 * faz.sum()


def test_only_the_faz_has_no_zone(cases: list[Case]):
    for finding in (f for c in cases for f in c.findings):
        if finding.kind == "faz_enlargement":
            assert finding.zone is None
        else:
            assert finding.zone is not None
            assert finding.zone.ring in RINGS and finding.zone.quadrant in QUADRANTS


def test_images_have_the_size_and_scale_asked_for(cohort: Path, cases: list[Case]):
    for case in cases:
        scan = read_image(cohort / case.file_name)
        assert scan.pixels.shape == (304, 304) and not scan.notes
        assert case.mm_per_px == pytest.approx(3 / 304)


def test_the_table_holds_the_segments_of_every_eye(cohort: Path, cases: list[Case]):
    table = pl.read_parquet(cohort / "grown.parquet")
    assert table["case"].unique(maintain_order=True).to_list() == [c.id for c in cases]
    floats = table.select(pl.selectors.float())
    assert floats.width == 5 and np.isfinite(floats.to_numpy()).all()


def test_evidence_names_segments_of_the_table_and_lost_ones_are_marked(
    cohort: Path, cases: list[Case]
):
    table = pl.read_parquet(cohort / "grown.parquet")
    for case in cases:
        own = table.filter(pl.col("case") == case.id)
        known = {f"grown/segment/{s}" for s in own["id"]}
        known |= {f"grown/region/{f.id}" for f in case.findings}
        assert {e for f in case.findings for e in f.evidence} <= known
        assert all(f"grown/region/{f.id}" in f.evidence for f in case.findings)
        lossy = {"capillary_dropout", "faz_enlargement"} & {f.kind for f in case.findings}
        assert own["lost"].any() == bool(lossy)


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


def plan(count: int, **fields: object) -> list[EyePlan]:
    return plan_cohort(GrowConfig(out=Path("unused"), count=count, **fields))  # type: ignore


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 150), st.integers(0, 150), st.integers(0, 9))
def test_a_longer_plan_begins_like_a_shorter_one(count: int, more: int, seed: int):
    assert plan(count + more, seed=seed)[:count] == plan(count, seed=seed)


@pytest.mark.parametrize("count", [1, 7, 60, 61, 300])
def test_no_patient_is_cut_by_a_split(count: int):
    splits = defaultdict(set)
    for eye in plan(count):
        splits[eye.group].add(eye.split)
    assert len(splits) == -(-count // 2)
    assert all(len(found) == 1 for found in splits.values())


@pytest.mark.parametrize("count", [60, 75, 90, 120, 300])
def test_every_split_holds_every_stage(count: int):
    held = Counter((eye.split, eye.stage) for eye in plan(count))
    assert len(held) == 3 * len(STAGES)
    shares = {s: sum(n for (split, _), n in held.items() if split == s) / count for s in
              ("train", "validation", "test")}  # fmt: skip
    assert shares["train"] == pytest.approx(0.7, abs=0.1)
    assert shares["validation"] == pytest.approx(0.1, abs=0.1)


def test_no_two_eyes_share_a_seed():
    assert len({eye.seed for eye in plan(300)} | {eye.seed for eye in plan(300, seed=1)}) == 600


def test_a_killed_growth_goes_on_where_it_stopped(
    cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    grown = []
    original = cohort_module.grow_eye

    def killed_at_third(eye: EyePlan, out: Path) -> None:
        if eye.id == "000002":
            raise RuntimeError("killed")
        original(eye, out)
        grown.append(eye.id)

    def counted(eye: EyePlan, out: Path) -> None:
        original(eye, out)
        grown.append(eye.id)

    config = GrowConfig(out=tmp_path / "killed", count=3)
    monkeypatch.setattr(cohort_module, "grow_eye", killed_at_third)
    with pytest.raises(RuntimeError, match="killed"):
        grow(config)
    assert not (config.out / "run.json").exists() and not (config.out / "metadata.jsonl").exists()
    monkeypatch.setattr(cohort_module, "grow_eye", counted)
    grow(config)
    assert grown == ["000000", "000001", "000002"]
    assert read_cases(config.out) == read_cases(cohort)[:3]
    same = [p for p in files(config.out) if p.split("/")[0] in ("images", "lesions", "faz")]
    assert len(same) > 6 and all(files(config.out)[p] == files(cohort)[p] for p in same)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"count": 0}, "count is 0. Expected at least 1 eye."),
        ({"count": -3}, "count is -3."),
        ({"image_px": 64}, "image_px is 64. Expected 96 to 2048."),
        ({"image_px": 5000}, "image_px is 5000."),
        ({"train": 0.8, "validation": 0.4}, "train is 0.8 and validation 0.4."),
        ({"train": -0.1}, "train is -0.1"),
        ({"train": math.nan}, "train is nan"),
        ({"validation": math.nan}, "validation nan"),
    ],
)
def test_senseless_settings_are_one_line_and_write_nothing(
    tmp_path: Path, fields: dict[str, object], text: str
):
    with pytest.raises(UserError) as error:
        grow(GrowConfig(out=tmp_path / "a", **fields))  # type: ignore
    assert text in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "a").exists()


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


def test_a_new_cohort_in_the_same_folder_leaves_no_old_eye_behind(tmp_path: Path):
    out = tmp_path / "cohort"
    (out / "images").mkdir(parents=True)
    for name in ("000007.png", "mine.png"):
        (out / "images" / name).write_bytes(b"old")
    (out / "lesions" / "000000").mkdir(parents=True)
    (out / "lesions" / "000000" / "f99.png").write_bytes(b"old")
    grow(GrowConfig(out=out, count=1, seed=1))
    assert sorted(p.name for p in (out / "images").iterdir()) == ["000000.png", "mine.png"]
    assert not (out / "lesions" / "000000" / "f99.png").exists()
