"""`retia import frames`: surgical videos to frames, with the labels of their rows.

In:  a video or a folder of videos, the taxonomy of the procedure, and label rows where there are.
Out: `frames/00000001.jpg` and so on, one case a frame, and `frames.jsonl` in the layout of the
     surgical agents framework. With `--review`, a page that takes labels.
"""

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from retia.errors import UserError, did_you_mean
from retia.records import Case
from retia.runs import Step, StepConfig, open_step
from retia.sources.frame_folder import Treatment, dropped_row, write_folder, write_frames
from retia.sources.frame_labels import join_labels, moments_by_video
from retia.sources.frame_rows import REVIEWED, Row, frame_id, read_rows
from retia.sources.splits import check_shares, draw, split_by_group
from retia.sources.video.extract import (
    FoundFrame,
    FoundVideo,
    VideoTask,
    extract_video,
    read_found,
    video_ids,
)
from retia.sources.video.likeness import alike
from retia.sources.video.pick import Moments
from retia.taxonomy import Procedure, procedure_files, procedure_path, read_procedure

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class FramesConfig(StepConfig):
    """What `retia import frames` takes."""

    video: Path | None = None
    """A video, or a folder of videos. May be left out with `--review`."""
    taxonomy: str = "cholecystectomy"
    """The procedure: a shipped name, or the path of its YAML file."""
    metadata: Path | None = None
    """Label rows as JSON Lines: `video_id, timestamp_s, phase, anatomy, tools, events`; of a clip
    `start_s` and `end_s` in the place of `timestamp_s`. A video's id is its file's name, without
    the ending."""
    sampling: Literal["uniform", "events"] = "uniform"
    """`events` takes more frames where labels change, an event happens or the picture changes."""
    per_second: float = 2.0
    """Frames a second."""
    finer: int = 4
    """How many times as many frames `events` takes there."""
    around_s: float = 2.0
    """How far around a moment `events` takes more frames."""
    widest_px: int = 1024
    """Width of the frames at most."""
    duplicates: Literal["drop", "keep"] = "drop"
    """Frames that look like the last one and have the same labels."""
    out_of_body: Literal["drop", "keep"] = "drop"
    """Frames that do not have the colours of the inside of a body."""
    names: Literal["hashed", "kept"] = "hashed"
    """Whether a video's id is a hash of its content, or the name of its file."""
    mask_text: bool = False
    """Black out burnt-in text; it is reported either way."""
    train: float = 0.7
    """Share of videos for training."""
    validation: float = 0.1
    """Share of videos for choosing; the rest is for testing."""
    limit: int | None = None
    """Frames at most, drawn by the seed; all when left out."""
    review: bool = False
    """Afterwards, open a page on this machine that shows the frames most worth labelling."""
    port: int = 7861
    """Port of that page; 0 takes any free one."""


def import_frames(config: FramesConfig) -> dict[str, Any]:
    """Import surgical videos as frames, with or without labels.

    Writes `frames/`, `metadata.jsonl`, `frames.jsonl` (the framework's layout), `dropped.jsonl`
    (frames left out, and why), `burnt_in_text.json`, `overlap.json` and a dataset card. A row of a
    moment labels the nearest frame within half a sampling interval, a row of a clip all its frames.

    Returns:
        Counts of frames, videos, findings, dropped frames and frames per split.

    Raises:
        UserError: If a label is unknown, a row is of no video, or no video can be read.
        ItemsFailedError: At the end, if some of the videos could not be read.
    """
    if config.video is None and not config.review:
        raise UserError("--video is missing. Expected a video or a folder of videos.")
    # What looks at the frames afterwards changes none of them.
    plain = replace(config, review=False, port=7861)
    summary = {} if config.video is None else _import(plain, config.video)
    if config.review:
        from retia.sources.video.review import review

        summary = review(config.out, _read_procedure(config.taxonomy), config.port)
    return summary


def _import(config: FramesConfig, video: Path) -> dict[str, Any]:
    _check(config)
    procedure = _read_procedure(config.taxonomy)
    videos = find_videos(video)
    inputs = {"video": video, "taxonomy": procedure_path(config.taxonomy)}
    if config.metadata is not None:
        inputs["metadata"] = config.metadata
    hashed = config.names == "hashed"
    if hashed and video.is_file():
        # The record of the step would tell the name.
        config = replace(config, video=video.with_stem(video_ids(videos, hashed)[video.stem]))
    with open_step("import frames", config, inputs) as step:
        if step.done:
            return step.summary
        rows = read_rows(config.metadata, procedure) if config.metadata else []
        ids = video_ids(videos, hashed)
        rows = _of_videos(rows, ids)
        if (config.out / REVIEWED).is_file():
            rows += _of_videos(read_rows(config.out / REVIEWED, procedure), ids)
        cases, files, found = _extract(step, config, {ids[n]: p for n, p in videos.items()}, rows)
        cases = join_labels(cases, rows, 0.5 / config.per_second, procedure) if rows else cases
        cases, copies = (
            _without_copies(cases, files) if config.duplicates == "drop" else (cases, [])
        )
        cases = split_by_group(cases, config.train, config.validation, config.seed)
        boxes = {id: list(f.text) if config.mask_text else [] for id, f in found.items()}
        paths = {id: file.path for id, file in files.items()}
        cases = write_frames(step.out, draw(cases, config.limit, config.seed), paths, boxes)
        treatment = Treatment(hashed=hashed, masked=config.mask_text)
        return write_folder(step, treatment, cases, procedure, found, copies)


def _check(config: FramesConfig) -> None:
    check_shares(config.train, config.validation)
    if not 0 < config.per_second <= 1000:
        raise UserError(f"per_second is {config.per_second}. Expected above 0, and at most 1000.")
    if not 1 <= config.finer <= 1000 / config.per_second:
        raise UserError(
            f"finer is {config.finer}. Expected 1 or more, and with per_second "
            f"{config.per_second:g} at most {1000 / config.per_second:g}."
        )
    if not config.around_s >= 0:
        raise UserError(f"around_s is {config.around_s}. Expected seconds, 0 or more.")


@dataclass(frozen=True, kw_only=True)
class _File:
    """A frame as it lies among the unfinished."""

    path: Path
    found: FoundFrame


def _extract(
    step: Step, config: FramesConfig, videos: Mapping[str, Path], rows: Sequence[Row]
) -> tuple[list[Case], dict[str, _File], dict[str, FoundVideo]]:
    """Take the frames out of every video: unlabelled cases, their files, and what was found."""
    moments = moments_by_video(rows)
    items = {
        id: VideoTask(
            path=path,
            per_second=config.per_second,
            widest_px=config.widest_px,
            moments=Moments(times_s=moments.get(id, ()), within_s=config.around_s)
            if config.sampling == "events"
            else None,
            finer=config.finer,
            out_of_body=config.out_of_body,
        )
        for id, path in videos.items()
    }
    folders = step.map(extract_video, items, "reading videos")
    if not folders:
        shutil.rmtree(step.out / ".partial", ignore_errors=True)
        raise UserError(step.failures[0]["error"])
    found = {video: read_found(folder) for video, folder in folders.items()}
    files = {
        frame_id(video, frame.time_s): _File(path=folders[video] / f"{number:08d}.jpg", found=frame)
        for video, one in found.items()
        for number, frame in enumerate(one.frames)
    }
    modality = _read_procedure(config.taxonomy).id
    cases = [
        Case(
            file_name="",
            id=frame_id(video, frame.time_s),
            group=video,
            modality=modality,
            time_s=frame.time_s,
        )
        for video, one in found.items()
        for frame in one.frames
    ]
    if not cases:
        shutil.rmtree(step.out / ".partial", ignore_errors=True)
        raise UserError(
            f"no frame is left: all {sum(len(f.out_of_body_s) for f in found.values())} look as if "
            "they were taken outside the body. Look at the videos, or pass --out-of-body keep."
        )
    return cases, files, found


def _without_copies(
    cases: Sequence[Case], files: Mapping[str, _File]
) -> tuple[list[Case], list[dict[str, Any]]]:
    """Leave out frames that look like the last one kept and have the same labels.

    Returns:
        The frames kept, and a row for each that was dropped, with the frame it looks like.
    """
    kept: list[Case] = []
    dropped = []
    for case in cases:
        last = kept[-1] if kept and kept[-1].group == case.group else None
        if last is not None and _same(case, last, files):
            dropped.append(dropped_row(case.group, case.time_s, "near duplicate", last.id))
        else:
            kept.append(case)
    return kept, dropped


def _same(case: Case, last: Case, files: Mapping[str, _File]) -> bool:
    labels = replace(case, id=last.id, time_s=last.time_s) == last
    return labels and alike(files[case.id].found.likeness, files[last.id].found.likeness)


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
    """The videos of a folder by name without ending, in order; or the one video.

    Raises:
        UserError: If there is none, or two share a name.
    """
    from retia.images import files_in
    from retia.images.video import VIDEO_SUFFIXES

    if path.is_file():
        return {path.stem: path}
    if not path.is_dir():
        raise UserError(f"{path} does not exist. Expected a video or a folder of videos.")
    return {p.stem: p for p in files_in(path, VIDEO_SUFFIXES, "video")}


def _of_videos(rows: Sequence[Row], ids: Mapping[str, str]) -> list[Row]:
    """The rows with the ids of their videos; they may name a video by its file or by its id."""
    known = {**{id: id for id in ids.values()}, **ids}
    for row in rows:
        if row.video not in known:
            raise UserError(
                f"{row.where}: it speaks of video {row.video!r}, which is not there."
                f"{did_you_mean(row.video, ids)} Videos: {', '.join(ids)}."
            )
    return [replace(row, video=known[row.video]) for row in rows]
