"""`retia import frames`: surgical videos to frames, with the labels of their nearest rows.

In:  a video or a folder of videos, the taxonomy of the procedure, and label rows where there are.
Out: `frames/00000001.jpg` and so on, one case a frame, and `frames.jsonl` in the layout of the
     surgical agents framework.
"""

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retia.errors import UserError, did_you_mean
from retia.records import Case
from retia.runs import Step, StepConfig, open_step
from retia.sources.frame_rows import frame_id, join_labels, read_rows, to_row
from retia.sources.imported import Origin, read_json, write_imported
from retia.sources.overlap import find_overlap
from retia.sources.pictures import look_at
from retia.sources.splits import check_shares, draw, split_by_group
from retia.taxonomy import Procedure, procedure_files, procedure_path, read_procedure

log = logging.getLogger("retia")

JPEG_QUALITY = 92
TIMES = "times.json"


@dataclass(frozen=True, kw_only=True)
class FramesConfig(StepConfig):
    """What `retia import frames` takes."""

    video: Path
    """A video, or a folder of videos; the name of a file, without its ending, is its id."""
    taxonomy: str = "cholecystectomy"
    """The procedure: a shipped name, or the path of its YAML file."""
    metadata: Path | None = None
    """Label rows as JSON Lines: `video_id, timestamp_s, phase, anatomy, tools, events`."""
    per_second: float = 2.0
    """Frames a second."""
    widest_px: int = 1024
    """Width of the frames at most."""
    train: float = 0.7
    """Share of videos for training."""
    validation: float = 0.1
    """Share of videos for choosing; the rest is for testing."""
    limit: int | None = None
    """Frames at most, drawn by the seed; all when left out."""


@dataclass(frozen=True, kw_only=True)
class _Video:
    """What one worker does."""

    path: Path
    per_second: float
    widest_px: int


def import_frames(config: FramesConfig) -> dict[str, Any]:
    """Import surgical videos as frames, with or without labels.

    Writes `frames/`, `metadata.jsonl`, `frames.jsonl` (the framework's layout), `overlap.json` and
    a dataset card. A row labels the nearest frame within half a sampling interval.

    Returns:
        Counts of frames, videos, findings and frames per split.

    Raises:
        UserError: If a label is unknown, a row is of no video, or no video can be read.
        ItemsFailedError: At the end, if some of the videos could not be read.
    """
    check_shares(config.train, config.validation)
    if not 0 < config.per_second <= 1000:
        raise UserError(f"per_second is {config.per_second}. Expected above 0, and at most 1000.")
    procedure = _read_procedure(config.taxonomy)
    videos = find_videos(config.video)
    inputs = {"video": config.video, "taxonomy": procedure_path(config.taxonomy)}
    if config.metadata is not None:
        inputs["metadata"] = config.metadata
    with open_step("import frames", config, inputs) as step:
        if step.done:
            return step.summary
        rows = read_rows(config.metadata, procedure) if config.metadata else []
        _check_videos(rows, videos)
        cases, files = _extract(step, config, videos, procedure)
        cases = join_labels(cases, rows, 0.5 / config.per_second) if rows else cases
        cases = split_by_group(cases, config.train, config.validation, config.seed)
        cases = _write_frames(step.out, draw(cases, config.limit, config.seed), files)
        return _write(step, cases, procedure)


def _write(step: Step, cases: Sequence[Case], procedure: Procedure) -> dict[str, Any]:
    from retia.runs.step import write_lines

    write_lines(step.out / "frames.jsonl", [to_row(c, procedure) for c in cases])
    hashes = {c.file_name: look_at(step.out / c.file_name, c.id).sha256 for c in cases}
    overlap = {"as_written": find_overlap(cases, hashes)}
    if procedure.id not in procedure_files():
        log.warning(
            "later steps look for %s.yaml in the folder that RETIA_TAXONOMIES names", procedure.id
        )
    origin = Origin(
        title=f"Frames of {procedure.name}",
        licence="that of the videos.",
        reference="videos given to `retia import frames`; their own tags are not carried over.",
        notes="Burnt-in names and texts are not removed: look at the frames before sharing them.",
    )
    return write_imported(step, step.out, cases, origin, overlap)


def _read_procedure(taxonomy: str) -> Procedure:
    """Read the taxonomy; later steps find it by its id, so its id must not mean another file."""
    procedure = read_procedure(taxonomy)
    named = procedure_files().get(procedure.id)
    if named is not None and named != procedure_path(taxonomy):
        raise UserError(
            f"{taxonomy} has the id {procedure.id!r}, which already means {named}. "
            "Give the file and its id another name."
        )
    return procedure


def find_videos(path: Path) -> dict[str, Path]:
    """The videos of a folder by id, in order; or the one video.

    Raises:
        UserError: If there is none, or two share an id.
    """
    from retia.images import files_in
    from retia.images.video import VIDEO_SUFFIXES

    if path.is_file():
        return {path.stem: path}
    if not path.is_dir():
        raise UserError(f"{path} does not exist. Expected a video or a folder of videos.")
    return {p.stem: p for p in files_in(path, VIDEO_SUFFIXES, "video")}


def _check_videos(rows: Sequence[Case], videos: Mapping[str, Path]) -> None:
    for row in rows:
        if row.group not in videos:
            raise UserError(
                f"the metadata speak of video {row.group!r}, which is not there."
                f"{did_you_mean(row.group, videos)} Videos: {', '.join(videos)}."
            )


def _extract(
    step: Step, config: FramesConfig, videos: Mapping[str, Path], procedure: Procedure
) -> tuple[list[Case], dict[str, Path]]:
    """Take the frames out of every video; return unlabelled cases, and their files by id."""
    items = {
        id: _Video(path=path, per_second=config.per_second, widest_px=config.widest_px)
        for id, path in videos.items()
    }
    folders = step.map(extract_video, items, "reading videos")
    if not folders:
        shutil.rmtree(step.out / ".partial", ignore_errors=True)
        raise UserError(step.failures[0]["error"])
    cases, files = [], {}
    for video, folder in folders.items():
        for number, time_s in enumerate(read_json(folder / TIMES)):
            id = frame_id(video, time_s)
            files[id] = folder / f"{number:08d}.jpg"
            cases.append(
                Case(file_name="", id=id, group=video, modality=procedure.id, time_s=time_s)
            )
    return cases, files


def extract_video(video: _Video, folder: Path) -> None:
    """Write the frames of one video as JPEG, and their times."""
    from PIL import Image

    from retia.images.video import read_frames
    from retia.runs.step import write_json

    times_s = []
    for frame in read_frames(video.path, video.per_second, video.widest_px):
        image = Image.fromarray(frame.pixels)
        image.save(folder / f"{len(times_s):08d}.jpg", quality=JPEG_QUALITY)
        times_s.append(frame.time_s)
    write_json(folder / TIMES, times_s)


def _write_frames(out: Path, cases: Sequence[Case], files: Mapping[str, Path]) -> list[Case]:
    """Copy the frames to their numbers; the frames of an earlier run go."""
    folder = out / "frames"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("[0-9]" * 8 + ".jpg"):
        old.unlink()
    written = []
    for number, case in enumerate(cases, 1):
        name = f"frames/{number:08d}.jpg"
        shutil.copyfile(files[case.id], out / name)
        written.append(replace(case, file_name=name))
    return written
