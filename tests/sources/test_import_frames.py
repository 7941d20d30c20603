"""Videos become frames; labels find the nearest frame, or none; wrong words are refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from retia.errors import ItemsFailedError, UserError
from retia.images import read_picture
from retia.records import Case, read_cases
from retia.sources.frames import FramesConfig, import_frames
from retia.taxonomy import procedure_path

pytest.importorskip("av", reason="needs PyAV (the extra `video`)")

from small_videos import LEVEL, write_video

START = {"v1": 0, "v2": 7, "v3": 13}
"""Grey level of the first frame of each video."""


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three videos of 3 s, 10 frames a second."""
    folder = tmp_path_factory.mktemp("videos")
    for name, shift in START.items():
        write_video(folder / f"{name}.mp4", seconds=3, per_second=10, shift=shift)
    return folder


def row(video: str, time_s: float, **labels) -> dict:
    return {"video_id": video, "timestamp_s": time_s, **labels}


def imported(tmp_path: Path, videos: Path, *rows: dict, out: str = "out", **flags) -> list[Case]:
    metadata = tmp_path / "rows.jsonl"
    metadata.write_text("".join(json.dumps(r) + "\n" for r in rows))
    # The drawn videos are grey all over.
    plain = {"names": "kept", "out_of_body": "keep"}
    config = FramesConfig(
        video=videos, out=tmp_path / out, metadata=metadata if rows else None, **(plain | flags)
    )
    import_frames(config)
    return read_cases(tmp_path / out)


def test_every_frame_is_the_picture_of_its_time(tmp_path: Path, videos: Path):
    cases = imported(tmp_path, videos)
    assert len(cases) == 18 and {c.modality for c in cases} == {"cholecystectomy"}
    assert [c.file_name for c in cases[:2]] == ["frames/00000001.jpg", "frames/00000002.jpg"]
    for case in cases:
        shown = read_picture(tmp_path / "out" / case.file_name).mean()
        assert abs(shown - START[case.group] - LEVEL * 10 * (case.time_s or 0.0)) < LEVEL / 2
        assert not case.labels and not case.findings and not case.looked_for
    splits = {(c.group, c.split) for c in cases}
    assert len(splits) == 3 and {s for _, s in splits} == {"train", "validation", "test"}


def test_workers_and_repetition_change_no_byte(tmp_path: Path, videos: Path):
    rows = [row("v2", 1.0, phase="preparation", tools=["hook"])]
    imported(tmp_path, videos, *rows, out="a")
    imported(tmp_path, videos, *rows, out="b", workers=2)
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*"))
    assert files == sorted(p.relative_to(tmp_path / "b") for p in (tmp_path / "b").rglob("*"))
    for file in files:
        if file.suffix and file.name != "timing.json":
            assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_labels_go_to_the_nearest_frame_within_half_an_interval(tmp_path: Path, videos: Path):
    rows = [
        row("v1", 0.24, phase="preparation"),  # nearest to 0.0
        row("v1", 0.20, phase="clipping-and-cutting"),  # nearer to 0.0: this one counts
        row("v1", 0.22, phase="cleaning-and-coagulation"),
        row("v1", 0.75, phase="gallbladder-packaging"),  # between 0.5 and 1.0: the earlier
        row("v1", 2.75, phase="gallbladder-extraction"),  # half an interval after the last frame
        row("v2", 2.80, phase="preparation"),  # further: no frame
    ]
    cases = imported(tmp_path, videos, *rows)
    labelled = {c.id: c.labels["phase"] for c in cases if c.labels}
    assert labelled == {
        "v1-00000000": "clipping-and-cutting",
        "v1-00000500": "gallbladder-packaging",
        "v1-00002500": "gallbladder-extraction",
    }


def test_labels_are_read_in_the_guides_layout_and_written_back(tmp_path: Path, videos: Path):
    told = row(
        "v3",
        1.0,
        phase="Calot's triangle dissection",
        tools=["grasper", "Grasper", "hook cautery"],
        anatomy=["gallbladder"],
        events=["bleeding_minor=false", "cv_safety_met=True"],
    )
    cases = {c.id: c for c in imported(tmp_path, videos, told, row("v1", 0.0, tools=[]))}
    case, empty = cases["v3-00001000"], cases["v1-00000000"]
    assert [f.kind for f in case.findings] == ["grasper", "grasper", "hook", "gallbladder"]
    assert case.labels == {
        "phase": "calot-triangle-dissection",
        "bleeding_minor": "false",
        "cv_safety_met": "true",
    }
    assert {"grasper", "liver"} <= set(case.looked_for)
    # No tool was seen; nobody says what anatomy there was.
    assert "grasper" in empty.looked_for and "liver" not in empty.looked_for
    again = read_rows(tmp_path / "out" / "frames.jsonl")
    assert imported(tmp_path, videos, *again, out="again") == list(cases.values())


def read_rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (row("v1", 0.0, phase="dissection"), "'dissection' is no phase of cholecystectomy"),
        (row("v1", 0.0, tools=["graper"]), "Did you mean `grasper`"),
        (row("v1", 0.0, anatomy=["spleen"]), "'spleen' is no target"),
        (row("v1", 0.0, events=["bleeding_minor"]), "Expected `name=true` or `name=false`"),
        (row("v1", 0.0, events=["bleding_minor=true"]), "Did you mean `bleeding_minor`"),
        (row("v1", -1.0), "timestamp_s is -1.0"),
        (row("v1", 0.0, tool=["hook"]), "unknown key `tool`. Did you mean `tools`"),
        ({"video_id": "v1"}, "`timestamp_s` is missing"),
    ],
)
def test_a_wrong_row_names_file_and_line(tmp_path: Path, videos: Path, bad: dict, text: str):
    with pytest.raises(UserError) as error:
        imported(tmp_path, videos, row("v1", 0.0, phase="preparation"), bad)
    assert "rows.jsonl, line 2" in str(error.value) and text in str(error.value)
    assert not (tmp_path / "out").exists()


def test_rows_of_no_video_and_of_no_time_are_refused(tmp_path: Path, videos: Path):
    with pytest.raises(UserError, match=r"'v11', which is not there. Did you mean `v1`"):
        imported(tmp_path, videos, row("v11", 0.0))
    # Milliseconds in the place of seconds.
    with pytest.raises(UserError, match="Expected timestamp_s in seconds"):
        imported(tmp_path, videos, row("v1", 1500, phase="preparation"))


def test_a_damaged_video_is_skipped_and_the_others_are_written(tmp_path: Path, videos: Path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "good.mp4").write_bytes((videos / "v1.mp4").read_bytes())
    (folder / "torn.mp4").write_bytes(b"torn" * 100)
    with pytest.raises(ItemsFailedError, match=r"torn.mp4 cannot be opened as a video"):
        imported(tmp_path, folder)
    assert {c.group for c in read_cases(tmp_path / "out")} == {"good"}
    # Mended, the same command finishes the rest.
    (folder / "torn.mp4").write_bytes((videos / "v2.mp4").read_bytes())
    assert {c.group for c in imported(tmp_path, folder)} == {"good", "torn"}


def test_where_no_video_can_be_read_nothing_is_written(tmp_path: Path):
    (tmp_path / "x.mp4").write_bytes(b"")
    with pytest.raises(UserError, match=r"x.mp4 is empty"):
        imported(tmp_path, tmp_path / "x.mp4")
    assert not (tmp_path / "out").exists()
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="holds no video"):
        imported(tmp_path, tmp_path / "empty")


def test_another_procedure_needs_only_its_file(tmp_path: Path, videos: Path):
    plain = yaml.safe_load(procedure_path("cholecystectomy").read_text())
    plain["instruments"]["stapler"] = {"name": "stapler"}
    path = tmp_path / "sleeve.yaml"
    path.write_text(yaml.safe_dump(plain | {"id": "sleeve"}))
    cases = imported(tmp_path, videos, row("v1", 0.0, tools=["staplers"]), taxonomy=str(path))
    assert cases[0].modality == "sleeve" and cases[0].findings[0].kind == "stapler"
    # A file that takes the id of another one would be read in its place by later steps.
    taken = tmp_path / "cholecystectomy.yaml"
    taken.write_text(yaml.safe_dump(plain))
    with pytest.raises(UserError, match="already means"):
        imported(tmp_path, videos, out="other", taxonomy=str(taken))


def test_a_limit_draws_frames_and_leaves_none_of_an_earlier_run(tmp_path: Path, videos: Path):
    everything = imported(tmp_path, videos)
    some = imported(tmp_path, videos, limit=5)
    assert len(some) == 5 and {c.id for c in some} < {c.id for c in everything}
    names = sorted(p.name for p in (tmp_path / "out" / "frames").iterdir())
    assert names == [f"{n:08d}.jpg" for n in range(1, 6)]
    assert np.all([(tmp_path / "out" / c.file_name).is_file() for c in some])
