"""Nothing of people goes with the frames; labels know who gave them."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av", reason="needs PyAV (the extra `video`)")

from drawn_scenes import lettered, room, tissue, write_scenes

from retia.errors import UserError
from retia.images import read_picture
from retia.records import Case, read_cases
from retia.sources.frames import FramesConfig, import_frames

PER_SECOND = 4
SECONDS = 12


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 s: tissue, from 4 to 6 s a room, a name burnt in all the time, a tag and a sound track."""
    frames = []
    for number in range(SECONDS * PER_SECOND):
        outside = 4 <= number / PER_SECOND < 6
        scene = room("face") if outside else tissue(number // 2)
        frames.append(lettered(scene, "SMITH J", (30, 150)))
    path = tmp_path_factory.mktemp("secret") / "smith_john.mp4"
    return write_scenes(path, frames, PER_SECOND, title="Smith John 1961")


def taken(video: Path, out: Path, *rows: dict, **flags) -> list[Case]:
    metadata = None
    if rows:
        metadata = out.with_suffix(".rows.jsonl")
        metadata.write_text("".join(json.dumps({"video_id": video.stem, **r}) + "\n" for r in rows))
    import_frames(FramesConfig(video=video, out=out, metadata=metadata, **flags))
    return read_cases(out)


def test_no_name_no_tag_no_room_and_no_letter_goes_with_the_frames(video: Path, tmp_path: Path):
    assert b"Smith John 1961" in video.read_bytes()
    cases = taken(video, tmp_path / "out", {"timestamp_s": 1.0, "tools": []}, mask_text=True)
    for file in (tmp_path / "out").rglob("*"):
        assert "smith" not in file.name.lower()
        if file.is_file():
            assert b"smith" not in file.read_bytes().lower(), file
    times_s = {c.time_s for c in cases}
    assert not {t for t in times_s if t is not None and 4 <= t < 6} and len(times_s) > 15
    dropped = [json.loads(r) for r in (tmp_path / "out" / "dropped.jsonl").read_text().splitlines()]
    assert [r["timestamp_s"] for r in dropped if r["why"] == "out of body"] == [4, 4.5, 5, 5.5]
    (report,) = json.loads((tmp_path / "out" / "burnt_in_text.json").read_text()).values()
    (box,) = report["boxes_px"]
    for case in cases:
        x0, y0, x1, y1 = box
        inside = read_picture(tmp_path / "out" / case.file_name)[y0 + 2 : y1 - 2, x0 + 2 : x1 - 2]
        assert inside.max() < 40  # black, but for what coding leaves


def test_text_is_reported_and_stays_unless_masking_is_asked_for(
    video: Path, tmp_path: Path, caplog
):
    with caplog.at_level("WARNING", logger="retia"):
        cases = taken(video, tmp_path / "out")
    assert "burnt-in text in 1 videos" in caplog.text
    assert read_picture(tmp_path / "out" / cases[0].file_name).max() > 200


def test_the_same_video_twice_is_refused(video: Path, tmp_path: Path):
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("a.mp4", "b.mp4"):
        (folder / name).write_bytes(video.read_bytes())
    with pytest.raises(UserError, match=r"a.mp4 and .*b.mp4 are the same video"):
        taken(folder, tmp_path / "out")


def test_a_video_of_rooms_alone_leaves_no_frame(tmp_path: Path):
    path = write_scenes(tmp_path / "x.mp4", [room("drapes")] * 4, 2)
    with pytest.raises(UserError, match="no frame is left: all 4 look"):
        taken(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_copies_go_unless_their_labels_differ(tmp_path: Path):
    path = write_scenes(tmp_path / "still.mp4", [tissue(1)] * 16 + [tissue(2)] * 4, 4)
    cases = taken(path, tmp_path / "out")
    assert [c.time_s for c in cases] == [0.0, 4.0]
    rows = [{"timestamp_s": 2.0, "phase": "preparation"}]
    cases = taken(path, tmp_path / "labelled", *rows)
    assert [c.time_s for c in cases] == [0.0, 2.0, 2.5, 4.0]
    assert len(taken(path, tmp_path / "kept", duplicates="keep")) == 10


def test_events_bring_more_frames_than_even_steps(video: Path, tmp_path: Path):
    rows = [
        {"start_s": 0, "end_s": 8, "phase": "preparation"},
        {"start_s": 8, "end_s": 12, "phase": "calot-triangle-dissection"},
    ]
    flags = {"duplicates": "keep", "per_second": 1.0, "around_s": 1.0}
    even = {c.time_s for c in taken(video, tmp_path / "even", *rows, **flags)}
    more = {c.time_s for c in taken(video, tmp_path / "more", *rows, sampling="events", **flags)}
    assert even < more
    assert {7.0, 7.25, 7.5, 7.75, 8.0, 8.25, 8.5, 8.75, 9.0} <= more


def test_labels_of_a_clip_are_weak_and_yield_to_those_of_a_frame(video: Path, tmp_path: Path):
    clip = {"start_s": 0, "end_s": 3, "phase": "preparation", "tools": ["hook"], "confidence": 0.6}
    model = {
        "timestamp_s": 1.0,
        "phase": "clipping-and-cutting",
        "source": "model",
        "confidence": 0.8,
    }
    manual = {"timestamp_s": 1.0, "tools": [], "source": "manual"}
    cases = {c.time_s: c for c in taken(video, tmp_path / "out", clip, model, manual)}
    assert cases[0.5].label_sources == {"phase": "weak", "tools": "weak"}
    assert cases[0.5].label_confidences == {"phase": 0.6, "tools": 0.6}
    assert cases[1.0].labels["phase"] == "clipping-and-cutting" and not cases[1.0].findings
    assert cases[1.0].label_sources == {"phase": "model", "tools": "manual"}
    assert not cases[3.0].labels  # a clip ends before its end
    # Written as rows of the guide and read again, nothing is lost.
    rows = [json.loads(r) for r in (tmp_path / "out" / "frames.jsonl").read_text().splitlines()]
    again = taken(video, tmp_path / "again", *[{**r, "video_id": video.stem} for r in rows])
    assert again == list(cases.values())


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            [
                {"start_s": 0, "end_s": 5, "phase": "preparation"},
                {"start_s": 4, "end_s": 8, "phase": "gallbladder-packaging"},
            ],
            "line 2: phase is gallbladder-packaging, but preparation in",
        ),
        ([{"start_s": 5, "end_s": 5, "phase": "preparation"}], "Expected start_s of 0"),
        ([{"start_s": 5, "timestamp_s": 5}], "Expected timestamp_s alone, or both others"),
        ([{"timestamp_s": 1, "tools": [], "confidence": 1.5}], "confidence of tools is 1.5"),
        ([{"timestamp_s": 1, "tools": [], "source": {"phase": "weak"}}], "speaks of 'phase'"),
        ([{"timestamp_s": 1, "tools": [], "source": "guess"}], "`source"),
        (
            [{"timestamp_s": 1, "events": ["bile_spill=true", "bile_spill=false"]}],
            "both true and false",
        ),
    ],
)
def test_rows_that_contradict_themselves_are_named(video: Path, tmp_path: Path, rows, text):
    with pytest.raises(UserError) as error:
        taken(video, tmp_path / "out", *rows)
    assert "rows.jsonl, line" in str(error.value) and text in str(error.value)
    assert "\n" not in str(error.value)


def test_frames_are_what_the_video_shows(video: Path, tmp_path: Path):
    cases = taken(video, tmp_path / "out", duplicates="keep", names="kept")
    assert {c.group for c in cases} == {"smith_john"}
    shown = read_picture(tmp_path / "out" / cases[0].file_name).astype(int)
    assert np.abs(shown - lettered(tissue(0), "SMITH J", (30, 150))).mean() < 8
