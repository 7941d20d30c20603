"""CholecT50: what the label files say is what the cases say."""

import json
from collections import Counter
from pathlib import Path

import pytest
from small_pictures import write_picture

from retia.errors import UserError
from retia.records import Case, read_cases
from retia.sources.cholect50 import CholecT50Config, import_cholect50
from retia.taxonomy import check_case, read_procedure

CATEGORIES = {
    "instrument": {"0": "grasper", "2": "hook"},
    "verb": {"1": "retract", "2": "dissect", "9": "null_verb"},
    "target": {"0": "gallbladder", "6": "fluid", "14": "null_target"},
    "phase": {"0": "preparation", "1": "carlot-triangle-dissection"},
}


def action(instrument=0, box=(0.25, 0.5, 0.5, 0.25), verb=1, target=0, phase=1) -> list:
    return [17, instrument, 1.0, *box, verb, target, 1.0, -1.0, -1.0, -1.0, -1.0, phase]


def source_of(folder: Path, videos: dict[str, dict], categories: dict | None = None) -> Path:
    (folder / "labels").mkdir(parents=True, exist_ok=True)
    for seed, (video, frames) in enumerate(videos.items()):
        labels = {"categories": categories or CATEGORIES, "annotations": frames}
        (folder / "labels" / f"{video}.json").write_text(json.dumps(labels))
        for number in frames:
            path = folder / "videos" / video / f"{int(number):06d}.jpg"
            write_picture(path, seed=1000 * seed + int(number), size=(100, 80))
    return folder


def imported(tmp_path: Path, frames: dict, **changes) -> dict[str, Case]:
    source = source_of(tmp_path / "source", {"VID1": {"1": [action()]}, "VID2": frames}, **changes)
    import_cholect50(CholecT50Config(source=source, out=tmp_path / "out"))
    return {c.id: c for c in read_cases(tmp_path / "out")}


def test_rows_become_findings_with_boxes_in_pixels(tmp_path: Path):
    rows = [
        action(),
        action(instrument=2, box=(0.9, 0.9, 0.2, 0.2), verb=9, target=14),
        action(instrument=0, box=(-1, -1, -1, -1)),
        action(instrument=-1, verb=-1, target=-1),
    ]
    case = imported(tmp_path, {"7": rows})["VID2-000007"]
    first, second, third = case.findings
    assert first.kind == "grasper" and first.attributes == {
        "verb": "retract",
        "target": "gallbladder",
    }
    assert first.box_px == (25, 40, 75, 60)
    # The box reaches over the border; nothing is done: no verb, no target.
    assert second.box_px == (90, 72, 100, 80) and second.attributes == {}
    assert third.box_px is None and third.kind == "grasper"
    assert case.labels == {"phase": "calot-triangle-dissection"}
    assert (case.time_s, case.group, case.split) == (7.0, "VID2", "test")


def test_the_real_set(shared_data: Path, tmp_path: Path):
    source = shared_data / "cholect50"
    config = CholecT50Config(source=source, out=tmp_path / "out", test=("VID68",), limit=120)
    import_cholect50(config)
    cases = read_cases(tmp_path / "out")
    assert len(cases) == 120
    splits = {c.group: c.split for c in cases}
    assert splits == {"VID68": "test", "VID70": "train", "VID73": "train", "VID74": "validation"}
    procedure = read_procedure("cholecystectomy")
    for case in cases:
        check_case(procedure, case)
        raw = json.loads((source / "labels" / f"{case.group}.json").read_text())
        rows = raw["annotations"][str(int(case.id.split("-")[1]))]
        names = [raw["categories"]["triplet"][str(r[0])] for r in rows]
        said = [
            f"{f.kind},{f.attributes.get('verb', 'null_verb')},"
            f"{f.attributes.get('target', 'null_target')}"
            for f in case.findings
        ]
        assert said == names
        phase = raw["categories"]["phase"][str(rows[0][14])]
        assert case.labels["phase"] == phase.replace("carlot", "calot")
        assert all(f.box_px for f in case.findings)
    assert (tmp_path / "out" / cases[0].file_name).is_file()
    assert max(Counter(f.kind for f in cases[0].findings).values()) >= 1


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([action(instrument=5)], "instrument 5 has no name"),
        ([action(target=6)], "grasper and retract go with"),
        ([action(), action(phase=0)], "its rows are of phases"),
        ([action()[:10]], "Expected 15 numbers"),
        ([["x"] * 15], "Expected 15 numbers"),
        ([], "Expected a list of rows"),
    ],
)
def test_a_bad_row_names_file_and_frame(tmp_path: Path, rows: list, text: str):
    with pytest.raises(UserError) as error:
        imported(tmp_path, {"7": rows})
    assert text in str(error.value)
    assert "VID2.json, frame 7" in str(error.value)
    assert not (tmp_path / "out").exists()


def test_an_unknown_phase_is_no_other_phase(tmp_path: Path):
    categories = CATEGORIES | {"phase": {"0": "preparation", "1": "carlot-dissection"}}
    with pytest.raises(UserError, match="'carlot-dissection' is no phase of cholecystectomy"):
        imported(tmp_path, {"7": [action()]}, categories=categories)


def test_a_missing_frame_is_named(tmp_path: Path):
    source = source_of(tmp_path / "source", {"VID1": {"1": [action()]}, "VID2": {"7": [action()]}})
    (source / "videos" / "VID2" / "000007.jpg").unlink()
    with pytest.raises(
        UserError, match=r"VID2.json, frame 7: its image .*000007.jpg does not exist"
    ):
        import_cholect50(CholecT50Config(source=source, out=tmp_path / "out"))


@pytest.mark.parametrize(
    "labels", [[], {}, {"annotations": {"x": []}, "categories": {}}, {"categories": []}]
)
def test_a_file_of_another_layout_is_refused(tmp_path: Path, labels: object):
    source = source_of(tmp_path / "source", {"VID1": {"1": [action()]}, "VID2": {"7": [action()]}})
    (source / "labels" / "VID2.json").write_text(json.dumps(labels))
    with pytest.raises(UserError, match=r"VID2.json: expected `annotations` by frame number"):
        import_cholect50(CholecT50Config(source=source, out=tmp_path / "out"))
