"""A packed cohort opens in `datasets` with pictures and all that is known of them."""

from pathlib import Path

import numpy as np
import pytest

from retia.images import read_image, read_mask
from retia.records import Case, read_cases
from retia.synthesis.cohort import GrowConfig, grow


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed") / "cohort"
    grow(GrowConfig(out=folder, count=6, image_px=96, pack=True, validation=0.15))
    return folder


@pytest.fixture(scope="module")
def splits(packed: Path, tmp_path_factory: pytest.TempPathFactory):
    datasets = pytest.importorskip("datasets")
    return datasets.load_dataset(str(packed), cache_dir=str(tmp_path_factory.mktemp("cache")))


def test_the_folder_opens_with_its_splits(packed: Path, splits):
    cases = read_cases(packed)
    assert {name: split["id"] for name, split in splits.items()} == {
        name: [c.id for c in cases if c.split == name] for name in {c.split for c in cases}
    }


def test_pictures_are_those_of_the_folder(packed: Path, splits):
    for split in splits.values():
        for row in split:
            image = read_image(packed / "images" / f"{row['id']}.png").pixels
            np.testing.assert_array_equal(np.asarray(row["image"]), image)
            for name in ("vessels", "faz"):
                mask = read_mask(packed / name / f"{row['id']}.png")
                np.testing.assert_array_equal(np.asarray(row[name]) > 127, mask)


def test_rows_say_what_the_cases_say(packed: Path, splits):
    cases: dict[str, Case] = {c.id: c for c in read_cases(packed)}
    rows = [row for split in splits.values() for row in split]
    assert any(row["findings"] for row in rows)
    for row in rows:
        case = cases[row["id"]]
        for name in ("group", "split", "stage", "grade", "laterality", "mm_per_px"):
            assert row[name] == getattr(case, name)
        assert len(row["findings"]) == len(case.findings)
        for said, finding in zip(row["findings"], case.findings, strict=True):
            assert (said["id"], said["kind"]) == (finding.id, finding.kind)
            assert tuple(said["box_px"]) == finding.box_px
            known = {k: v for k, v in said["values"].items() if v is not None}
            assert known == finding.values
