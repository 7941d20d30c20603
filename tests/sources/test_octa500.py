"""OCTA-500: what its table says of an eye stands in the case; nothing else is made up."""

from pathlib import Path

import pytest
from small_pictures import write_picture

from retia.errors import UserError
from retia.records import read_cases
from retia.sources.octa500 import Octa500Config, field_of, import_octa500

HEADER = "id,sex,laterality,age,disease"
ROWS = ("1,F,OD,12,NORMAL", "2,M,OS,66,DR", "3,M,OD,70,AMD")


def source_of(folder: Path, header: str = HEADER, rows: tuple[str, ...] = ROWS) -> Path:
    for number in range(1, 5):
        write_picture(folder / "images" / f"{number}.png", number, (60, 60))
    (folder / "labels.csv").write_text("\n".join([header, *rows]) + "\n")
    return folder


def test_an_eye_is_what_its_line_says(tmp_path: Path):
    source = source_of(tmp_path / "octa500_3mm")
    summary = import_octa500(Octa500Config(source=source, out=tmp_path / "out"))
    one, two, three, four = read_cases(tmp_path / "out")
    assert (one.laterality, one.age, one.sex) == ("OD", 12, "F")
    assert one.mm_per_px == pytest.approx(3 / 60)
    assert one.labels == {"disease": "NORMAL", "dr": "NORMAL"}
    assert two.labels == {"disease": "DR", "dr": "DR"}
    assert three.labels == {"disease": "AMD"}
    assert (four.labels, four.age, four.laterality) == ({}, None, None)
    assert summary["dr"] == {"NORMAL": 1, "DR": 1, "unlabelled": 2}
    assert (tmp_path / "out" / one.file_name).is_file()


def test_the_field_comes_from_the_folder_or_the_flag(tmp_path: Path):
    assert field_of(Path("OCTA_6M")) == 6
    assert field_of(Path("octa500_3mm")) == 3
    source = source_of(tmp_path / "eyes500")
    with pytest.raises(UserError, match="--field-mm"):
        import_octa500(Octa500Config(source=source, out=tmp_path / "out"))
    import_octa500(Octa500Config(source=source, out=tmp_path / "out", field_mm=6))
    assert read_cases(tmp_path / "out")[0].mm_per_px == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("header", "row", "told"),
    [
        ("id,sex,laterality,age", "1,F,OD,12", "no column `disease`"),
        (HEADER, "1,F,left,12,NORMAL", "laterality is 'left'"),
        (HEADER, "1,F,OD,old,NORMAL", "age is 'old'"),
    ],
)
def test_a_malformed_table_is_named(tmp_path: Path, header: str, row: str, told: str):
    source = source_of(tmp_path / "octa500_3mm", header, (row,))
    with pytest.raises(UserError, match=told):
        import_octa500(Octa500Config(source=source, out=tmp_path / "out"))


def test_the_copy_at_hand(shared_data: Path, tmp_path: Path):
    config = Octa500Config(source=shared_data / "octa500_3mm", out=tmp_path / "out")
    summary = import_octa500(config)
    assert summary["images"] == summary["groups"] == 138
    assert summary["dr"] == {"NORMAL": 51, "DR": 13, "unlabelled": 74}
    assert not any(pair["images"] for pair in _overlap(tmp_path / "out").values())
    by_split = {s: [c for c in read_cases(tmp_path / "out") if c.split == s] for s in ("test",)}
    assert sum(c.labels.get("dr") == "DR" for c in by_split["test"]) == 3


def _overlap(folder: Path) -> dict:
    import json

    return json.loads((folder / "overlap.json").read_text())["as_written"]
