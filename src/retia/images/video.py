"""Frames of a video, at even steps of time.

In:  a video file that FFmpeg can read.
Out: `VideoFrame`s: RGB pixels with their time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retia.errors import UserError

if TYPE_CHECKING:
    from av.container import InputContainer

VIDEO_SUFFIXES = (".mp4", ".mkv", ".mov", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".webm", ".wmv")
ENDS_EARLY_S = 1.0
"""A video may end this much before the length it declares, and 2 % of that length."""


@dataclass(frozen=True, kw_only=True)
class VideoFrame:
    """One frame: uint8, shape `(H, W, 3)`, RGB."""

    pixels: np.ndarray
    time_s: float
    """Since the first frame of the video."""


def read_frames(path: Path, per_second: float = 2.0, widest_px: int = 1024) -> Iterator[VideoFrame]:
    """Yield frames at even steps of time: of every step the first frame at or after its begin.

    Args:
        path: The video.
        per_second: Frames a second; a slower video gives all that it has.
        widest_px: Wider frames are shrunk to this width; their shape is kept.

    Raises:
        UserError: If the file is missing, empty, damaged, holds no video, or ends before the
            length that it declares.
    """
    path = Path(path)
    _check_settings(per_second, widest_px)
    container = _open(path)
    with container:
        if not container.streams.video:
            raise UserError(f"{path} holds no video stream. Expected a video file.")
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        start_s, last_s, step = None, 0.0, 0
        for frame, raw_s in _decode(container, stream, path):
            start_s = raw_s if start_s is None else start_s
            last_s = raw_s - start_s
            # Times are sums of fractions: a frame that is early by less than 1 µs is on time.
            if last_s < step / per_second - 1e-6:
                continue
            step = int((last_s + 1e-6) * per_second) + 1
            yield VideoFrame(pixels=_pixels(frame, widest_px), time_s=round(last_s, 6))
        if start_s is None:
            raise UserError(f"{path} holds no frame. Expected a video that can be played.")
        _check_length(_declared_s(container, stream), last_s, path)


def _check_settings(per_second: float, widest_px: int) -> None:
    if not 0 < per_second <= 1000:
        raise UserError(f"per_second is {per_second}. Expected above 0, and at most 1000.")
    if widest_px < 32:
        raise UserError(f"widest_px is {widest_px}. Expected 32 or more.")


def _open(path: Path) -> "InputContainer":
    try:
        import av
        from av.error import FFmpegError
    except ImportError:
        raise UserError(
            'reading videos needs PyAV, which is not installed. Run `pip install "retia[video]"`.'
        ) from None
    if not path.is_file():
        raise UserError(f"{path} does not exist. Expected a video file there.")
    if path.stat().st_size == 0:
        raise UserError(f"{path} is empty (0 bytes). Expected a video file; copy it again.")
    try:
        return av.open(str(path))
    except (FFmpegError, OSError) as error:
        raise UserError(
            f"{path} cannot be opened as a video ({_said(error)}). Expected a whole video file."
        ) from None


def _decode(container: "InputContainer", stream: Any, path: Path) -> Iterator[tuple[Any, float]]:
    """Every frame with its time in seconds."""
    from av.error import FFmpegError

    count, last_s = 0, 0.0
    try:
        for frame in container.decode(stream):
            # Streams without a container carry no times: frames are then evenly spaced.
            rate = float(stream.average_rate or 25)
            last_s = count / rate if frame.time is None else float(frame.time)
            count += 1
            yield frame, last_s
    except FFmpegError as error:
        raise UserError(
            f"{path} is damaged after {last_s:.1f} s ({_said(error)}). Copy it again, or cut it."
        ) from None


def _said(error: Exception) -> str:
    """What FFmpeg says, without the path it repeats."""
    return str(getattr(error, "strerror", None) or error)


def _declared_s(container: "InputContainer", stream: Any) -> float:
    """Length as the stream tells it, or else the file; 0 where neither does."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1e6  # in microseconds


def _check_length(declared_s: float, last_s: float, path: Path) -> None:
    """A file that was cut off while it was copied decodes without an error, up to its end."""
    if last_s < declared_s * 0.98 - ENDS_EARLY_S:
        raise UserError(
            f"{path} ends after {last_s:.1f} s of the {declared_s:.1f} s it declares. "
            "Copy it again, or cut it to what is there."
        )


def _pixels(frame: Any, widest_px: int) -> np.ndarray:
    width, height = frame.width, frame.height
    if width > widest_px:
        height = max(1, round(height * widest_px / width))
        width = widest_px
    return frame.to_ndarray(format="rgb24", width=width, height=height)
