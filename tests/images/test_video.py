"""Frames come at even steps, with their true times; a broken video is one clear line."""

import os
from pathlib import Path

import pytest

from retia.errors import UserError
from retia.images.video import read_frames

pytest.importorskip("av", reason="needs PyAV (the extra `video`)")

from small_videos import LEVEL, write_video


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("video") / "a.mp4", seconds=4, per_second=10)


@pytest.mark.parametrize("per_second", [0.5, 1, 2, 3, 5, 10, 25])
def test_every_step_gives_its_first_frame(video: Path, per_second: float):
    frames = list(read_frames(video, per_second))
    of_video = [n / 10 for n in range(40)]
    expected = []
    for step in range(int(4 * per_second) + 1):
        later = [t for t in of_video if t >= step / per_second - 1e-9]
        expected += later[:1]
    assert [f.time_s for f in frames] == sorted(set(expected))
    for frame in frames:
        # The grey level of the drawn frames tells their number.
        assert abs(frame.pixels.mean() - LEVEL * frame.time_s * 10) < LEVEL / 2


def test_wide_frames_are_shrunk_and_keep_their_shape(tmp_path: Path):
    path = write_video(tmp_path / "wide.mkv", seconds=1, per_second=5, size=(640, 360))
    assert next(read_frames(path)).pixels.shape == (360, 640, 3)
    assert next(read_frames(path, widest_px=320)).pixels.shape == (180, 320, 3)


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_a_video_that_was_cut_off_is_refused(tmp_path: Path, ending: str):
    whole = write_video(tmp_path / f"whole{ending}", seconds=8, per_second=5)
    cut = tmp_path / f"cut{ending}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(UserError, match=r"cut\.m.* ends after .* of the 8\.\d s it declares"):
        list(read_frames(cut))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is empty"),
        (b"this is no video" * 50, "cannot be opened as a video"),
        (os.urandom(4000), "cannot be opened as a video"),
    ],
)
def test_what_is_no_video_is_one_line(tmp_path: Path, content: bytes, text: str):
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        list(read_frames(path))
    assert str(path) in str(error.value) and text in str(error.value)
    assert "\n" not in str(error.value)


def test_sound_alone_is_no_video(tmp_path: Path):
    import av
    import numpy as np

    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(UserError, match="holds no video stream"):
        list(read_frames(path))


def test_missing_files_and_wrong_settings_are_refused(video: Path, tmp_path: Path):
    with pytest.raises(UserError, match="does not exist"):
        list(read_frames(tmp_path / "no.mp4"))
    with pytest.raises(UserError, match="per_second is 0"):
        list(read_frames(video, 0))
    with pytest.raises(UserError, match="widest_px is 1"):
        list(read_frames(video, widest_px=1))
