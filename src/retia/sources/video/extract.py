"""One video to JPEG frames, with what later steps need to know of each.

Frames are coded anew from their pixels: neither sound nor any tag of the video goes with them.
Frames from outside the body are never written.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from retia.errors import UserError
from retia.images.video import VideoFrame
from retia.sources.imported import read_json
from retia.sources.video.burnt_in import FEWEST_FRAMES, PixelBox
from retia.sources.video.likeness import Likeness, alike
from retia.sources.video.pick import Moments

JPEG_QUALITY = 92
FOUND = "found.json"
TEXT_EVERY_S = 2.0
"""After the first frames, burnt-in text is looked for in one of so many seconds."""
TEXT_FIRST = 16


@dataclass(frozen=True, kw_only=True)
class VideoTask:
    """What one worker does."""

    path: Path
    per_second: float
    widest_px: int
    moments: Moments | None
    """Where more frames are taken; None for even steps only."""
    finer: int
    """How many times as many frames near moments."""
    out_of_body: Literal["drop", "keep"]


@dataclass(frozen=True, kw_only=True)
class FoundFrame:
    """One frame that was taken."""

    time_s: float
    likeness: Likeness


@dataclass(frozen=True, kw_only=True)
class FoundVideo:
    """What was taken out of a video."""

    frames: tuple[FoundFrame, ...] = ()
    out_of_body_s: tuple[float, ...] = ()
    """Times of the frames that were dropped."""
    text: tuple[PixelBox, ...] = ()
    """Boxes of burnt-in text, in pixels of the frames."""
    text_frames: int = 0
    """In how many frames text was looked for; with too few, nothing can be told."""
    size_px: tuple[int, int] = (0, 0)


def extract_video(task: VideoTask, folder: Path) -> None:
    """Write the frames of one video as JPEG, and what was found."""
    from PIL import Image

    from retia.runs.step import write_json
    from retia.sources.video.body import in_body
    from retia.sources.video.burnt_in import TextSearch
    from retia.sources.video.likeness import likeness

    frames, outside, search = [], [], TextSearch()
    size, looked_at = (0, 0), None
    for frame in _frames(task):
        if task.out_of_body == "drop" and not in_body(frame.pixels):
            outside.append(frame.time_s)
            continue
        image = Image.fromarray(frame.pixels)
        image.save(folder / f"{len(frames):08d}.jpg", quality=JPEG_QUALITY)
        size = image.size
        found = FoundFrame(time_s=frame.time_s, likeness=likeness(frame.pixels))
        frames.append(found)
        if _worth_a_search(found, looked_at, search.frames):
            search.look(frame.pixels)
            looked_at = found
    video = FoundVideo(
        frames=tuple(frames),
        out_of_body_s=tuple(outside),
        text=tuple(search.boxes()),
        text_frames=search.frames,
        size_px=size,
    )
    write_json(folder / FOUND, asdict(video))


def _worth_a_search(frame: FoundFrame, last: FoundFrame | None, count: int) -> bool:
    """Whether to look for text: in a scene that stands still, everything stays where it is."""
    if last is None:
        return True
    soon = count >= TEXT_FIRST and frame.time_s < last.time_s + TEXT_EVERY_S
    return not soon and not alike(frame.likeness, last.likeness)


def _frames(task: VideoTask) -> Iterator[VideoFrame]:
    from retia.images.video import read_frames
    from retia.sources.video.pick import pick

    if task.moments is None:
        return read_frames(task.path, task.per_second, task.widest_px)
    finer = read_frames(task.path, task.per_second * task.finer, task.widest_px)
    return pick(finer, task.per_second, task.moments)


def read_found(folder: Path) -> FoundVideo:
    """Read what `extract_video` has written."""
    from retia.records.jsonl import from_plain

    return from_plain(FoundVideo, read_json(folder / FOUND), str(folder / FOUND))


def video_ids(videos: Mapping[str, Path], hashed: bool) -> dict[str, str]:
    """The id of each video by its name.

    Args:
        videos: Files by name (without ending).
        hashed: Whether ids are made of the content, so that they tell nothing of the name; else
            they are the name. A hash of the name could be found out by trying names.

    Raises:
        UserError: If two files hold the same video: it could come into two splits.
    """
    if not hashed:
        return {name: name for name in videos}
    first: dict[str, Path] = {}
    ids: dict[str, str] = {}
    for name, path in videos.items():
        with path.open("rb") as file:
            ids[name] = f"v{hashlib.file_digest(file, 'sha256').hexdigest()[:12]}"
        other = first.setdefault(ids[name], path)
        if other != path and path.stat().st_size:
            raise UserError(f"{other} and {path} are the same video. Take one of them away.")
    return ids


def text_report(found: Mapping[str, FoundVideo], masked: bool) -> dict[str, Any]:
    """Per video where burnt-in text is, and whether it was masked."""
    return {
        video: {
            "boxes_px": f.text,
            "masked": masked and bool(f.text),
            "size_px": f.size_px,
            "frames_looked_at": f.text_frames,
            "enough": f.text_frames >= FEWEST_FRAMES,
        }
        for video, f in found.items()
    }
