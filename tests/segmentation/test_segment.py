"""The step keeps what is known of a case, skips bad images, and writes the same bytes always."""

import json

import pytest
from drawn_eye import MM, drawn_eye
from PIL import Image

from retia.errors import ItemsFailedError, UserError
from retia.images import read_mask
from retia.records import Case, Measure, read_cases, write_cases
from retia.segmentation.segment import SegmentConfig, segment


@pytest.fixture
def cohort(tmp_path):
    folder = tmp_path / "cohort"
    (folder / "images").mkdir(parents=True)
    cases = []
    for number in range(3):
        name = f"images/e{number}.png"
        Image.fromarray(drawn_eye(seed=number)[0]).save(folder / name)
        cases.append(
            Case(
                file_name=name,
                id=f"e{number}",
                group=f"p{number}",
                modality="octa",
                mm_per_px=MM,
                laterality="OD",
                stage="healthy",
                measures=(Measure(name="faz_area_mm2", value=0.38, source="simulator"),),
            )
        )
    write_cases(folder, cases)
    return folder


def contents(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "timing.json"
    }


def test_masks_quality_and_every_field_are_written(cohort, tmp_path):
    summary = segment(SegmentConfig(images=cohort, out=tmp_path / "masks"))
    assert summary["images"] == 3
    before, after = read_cases(cohort), read_cases(tmp_path / "masks")
    assert [c.file_name for c in after] == [f"../cohort/images/e{i}.png" for i in range(3)]
    assert [(c.stage, c.measures, c.laterality) for c in after] == [
        (c.stage, c.measures, c.laterality) for c in before
    ]
    for kind in ("vessels", "faz"):
        assert read_mask(tmp_path / "masks" / kind / "e1.png").any()
    lines = (tmp_path / "masks" / "quality.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["e0", "e1", "e2"]


def test_workers_change_no_byte(cohort, tmp_path):
    segment(SegmentConfig(images=cohort, out=tmp_path / "one"))
    segment(SegmentConfig(images=cohort, out=tmp_path / "two", workers=2))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_bad_image_among_good_ones_is_skipped_and_named(cohort, tmp_path):
    (cohort / "images" / "e1.png").write_bytes(b"")
    with pytest.raises(ItemsFailedError, match=r"e1\.png is empty"):
        segment(SegmentConfig(images=cohort, out=tmp_path / "masks"))
    assert [c.id for c in read_cases(tmp_path / "masks")] == ["e0", "e2"]


def test_missing_scale_stops_before_any_work(tmp_path):
    Image.fromarray(drawn_eye()[0]).save(tmp_path / "a.png")
    with pytest.raises(UserError, match="no physical scale"):
        segment(SegmentConfig(images=tmp_path / "a.png", out=tmp_path / "masks"))
