"""A folder of images and a table: labels by a known scale, groups, mapping files, bad rows."""

import json
from pathlib import Path

import pytest
from small_pictures import write_picture

from retia.errors import ItemsFailedError, UserError
from retia.records import Case, read_cases
from retia.sources.tabular import CsvConfig, import_csv


def source_of(tmp_path: Path, table: str, images: int = 6, name: str = "train.csv") -> Path:
    source = tmp_path / "source"
    for number in range(images):
        write_picture(source / "scans" / f"{number}.png", seed=number)
    (source / name).write_text(table)
    return source


def imported(tmp_path: Path, source: Path, **flags) -> list[Case]:
    import_csv(CsvConfig(source=source, out=tmp_path / "out", **flags))
    return read_cases(tmp_path / "out")


def table_of(labels: list[str], header: str = "path,label") -> str:
    return "\n".join([header, *(f"scans/{n}.png,{label}" for n, label in enumerate(labels))])


SCALES = {
    "icdr": (
        ["0", "1", "2", "3", "4"],
        ["healthy None", "npdr mild", "npdr moderate", "npdr severe", "pdr None"],
    ),
    "cohort": (
        ["Healthy", "DM", "Early NPDR", "Late NPDR", "PDR"],
        ["healthy None", "healthy None", "npdr None", "npdr None", "pdr None"],
    ),
    "stage": (
        ["normal", "mild NPDR", "Severe", "npdr", "PDR"],
        ["healthy None", "npdr mild", "npdr severe", "npdr None", "pdr None"],
    ),
}


@pytest.mark.parametrize("scale", SCALES)
def test_the_scale_of_the_labels_is_found(tmp_path: Path, scale: str):
    labels, stages = SCALES[scale]
    cases = imported(tmp_path, source_of(tmp_path, table_of(labels)))
    assert [f"{c.stage} {c.grade}" for c in cases] == stages
    # The word of the table is kept beside what it means.
    assert [c.labels["label"] for c in cases] == labels
    assert {c.modality for c in cases} == {"octa"}


def test_an_unknown_label_is_never_coerced(tmp_path: Path):
    source = source_of(tmp_path, table_of(["0", "2", "7", ""]))
    with pytest.raises(UserError, match=r"no scale knows all its labels.*'7'.*--scale icdr"):
        imported(tmp_path, source)
    with pytest.raises(ItemsFailedError, match=r"1 of the items.*line 4: label '7' is not on"):
        imported(tmp_path, source, scale="icdr")
    cases = read_cases(tmp_path / "out")
    assert [c.stage for c in cases] == ["healthy", "npdr", None]
    kept = imported(tmp_path, source, scale="none")
    assert [c.labels.get("label") for c in kept] == ["0", "2", "7", None]
    assert {c.stage for c in kept} == {None}


def test_a_subject_is_never_cut_by_a_split(tmp_path: Path):
    rows = "\n".join(f"scans/{n}.png,0,s{n // 2},{'OD' if n % 2 else 'OS'}" for n in range(6))
    cases = imported(tmp_path, source_of(tmp_path, "path,label,subject,eye\n" + rows))
    assert [c.laterality for c in cases] == ["OS", "OD"] * 3
    assert [c.group for c in cases] == ["s0", "s0", "s1", "s1", "s2", "s2"]
    assert {c.split for c in cases} == {"train", "validation", "test"}
    assert len({(c.group, c.split) for c in cases}) == 3


def test_copies_of_an_image_join_the_groups_of_their_subjects(tmp_path: Path):
    rows = "\n".join(f"scans/{n}.png,0,s{n // 2}" for n in range(6))
    source = source_of(tmp_path, "path,label,subject\n" + rows)
    (source / "scans/3.png").write_bytes((source / "scans/0.png").read_bytes())
    cases = imported(tmp_path, source)
    assert [c.group for c in cases] == ["s0"] * 4 + ["s2"] * 2


def test_official_splits_are_kept_and_what_they_share_is_found(tmp_path: Path):
    source = source_of(tmp_path, table_of(["0", "1", "2"]))
    (source / "test.csv").write_text("path,label\nscans/4.png,0\nscans/5.png,4\n")
    (source / "scans/5.png").write_bytes((source / "scans/1.png").read_bytes())
    cases = imported(tmp_path, source, split="official")
    assert {c.id: c.split for c in cases} == {
        "scans_0": "train", "scans_2": "train", "scans_4": "test", "scans_5": "test",
    }  # fmt: skip
    overlap = json.loads((tmp_path / "out" / "overlap.json").read_text())
    assert overlap["as_given"]["train/test"]["images"] == 1
    assert overlap["as_given"]["train/test"]["same_images"] == [["scans/1.png", "scans/5.png"]]
    assert overlap["as_written"]["train/test"]["images"] == 0
    with pytest.raises(UserError, match="no official split"):
        imported(tmp_path, source, split="official", table=source / "train.csv")


MAPPING = """
columns: {file_name: image, group: meta.patient, stage: dx, labels.site: site,
          measures.faz_area_mm2: faz, question: ask, answer: reply}
values: {stage: {n: healthy, d: npdr}}
constants: {modality: octa, mm_per_px: 0.01, laterality: OD}
"""


def test_any_table_goes_by_a_mapping_file(tmp_path: Path):
    row = {"image": "scans/0.png", "meta": {"patient": 17}, "dx": "d", "site": "A", "faz": "0.4"}
    rows = [
        row | {"ask": "Is there dropout?", "reply": "Yes"},
        row | {"ask": "How many tufts?", "reply": "2"},
        row | {"image": "scans/1.png", "dx": "n", "ask": "Why?", "reply": "It is so."},
        row | {"image": "scans/2.png", "dx": "x", "ask": "Why?", "reply": "No."},
        row | {"image": "scans/3.png", "faz": "wide", "ask": "Why?", "reply": "No."},
        row | {"image": "scans/4.png", "ask": "Why?", "reply": ""},
    ]
    lines = [json.dumps(r) for r in rows] + ["{broken", "[1]"]
    source = source_of(tmp_path, "\n".join(lines), name="rows.jsonl")
    (tmp_path / "map.yaml").write_text(MAPPING)
    with pytest.raises(ItemsFailedError, match="5 of the items"):
        imported(tmp_path, source, table=source / "rows.jsonl", mapping=tmp_path / "map.yaml")
    told = (tmp_path / "out" / "failures.jsonl").read_text()
    for text in ("stage is 'x'", "is 'wide'", "`answer` is empty", "line 7", "line 8"):
        assert text in told
    first, second = read_cases(tmp_path / "out")
    assert (first.group, first.stage, first.labels, first.laterality) == (
        "17", "npdr", {"site": "A"}, "OD",
    )  # fmt: skip
    assert first.measure("faz_area_mm2") == 0.4 and first.mm_per_px == 0.01
    assert [(q.answer, q.kind) for q in first.questions] == [("Yes", "yes_no"), ("2", "number")]
    assert second.stage == "healthy" and second.split == first.split


@pytest.mark.parametrize(
    ("mapping", "text"),
    [
        ("columns: {group: x}", "no `file_name`"),
        ("columns: {file_name: image, stag: x}", "no field `stag`. Did you mean `stage`"),
        ("columns: {file_name: picture}", "has no column `picture`"),
        ("column: {}", "unknown key `column`"),
        ("columns: {file_name: image}\nconstants: {stage: ill}", "stage is 'ill'"),
    ],
)
def test_a_wrong_mapping_is_refused(tmp_path: Path, mapping: str, text: str):
    source = source_of(tmp_path, '{"image": "scans/0.png"}', name="rows.jsonl")
    (tmp_path / "map.yaml").write_text(mapping)
    with pytest.raises(UserError) as error:
        imported(tmp_path, source, table=source / "rows.jsonl", mapping=tmp_path / "map.yaml")
    assert text in str(error.value)


def test_rows_without_image_or_twice_are_named(tmp_path: Path):
    rows = "path,label\nscans/0.png,0\nscans/9.png,1\n,1\nscans/0.png,2\nscans/1.png,0,9\n"
    with pytest.raises(ItemsFailedError, match="4 of the items"):
        imported(tmp_path, source_of(tmp_path, rows))
    assert [c.id for c in read_cases(tmp_path / "out")] == ["scans_0"]


def test_no_table_and_a_missing_column_are_refused(tmp_path: Path):
    source = source_of(tmp_path, "image,label\nscans/0.png,0\n")
    with pytest.raises(UserError, match="has no column `path`"):
        imported(tmp_path, source)
    (source / "train.csv").unlink()
    with pytest.raises(UserError, match=r"holds no train\.csv"):
        imported(tmp_path, source)
