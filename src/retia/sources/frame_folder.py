"""The folder of `retia import frames`: frames under their numbers, what was left out, the card."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retia.records import Case
from retia.runs import Step
from retia.sources.frame_rows import to_row
from retia.sources.imported import Origin, write_imported
from retia.sources.overlap import find_overlap
from retia.sources.pictures import look_at
from retia.sources.video.burnt_in import PixelBox
from retia.sources.video.extract import JPEG_QUALITY, FoundVideo, text_report
from retia.taxonomy import Procedure, procedure_files

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What was done so that frames tell nothing of people, for the card."""

    hashed: bool
    """Whether ids of videos are hashes."""
    masked: bool
    """Whether burnt-in text was blacked out."""


def dropped_row(
    video: str, time_s: float | None, why: str, like: str | None = None
) -> dict[str, Any]:
    """What is told of a frame that was left out; `like` is the frame it looks like."""
    row = {"video_id": video, "timestamp_s": time_s, "why": why}
    return row | ({} if like is None else {"like": like})


def write_frames(
    out: Path,
    cases: Sequence[Case],
    files: Mapping[str, Path],
    boxes: Mapping[str, Sequence[PixelBox]],
) -> list[Case]:
    """Bring the frames to their numbers; the frames of an earlier run go.

    Args:
        out: Folder of the import.
        cases: In the order of their numbers.
        files: Where each frame lies now, by id.
        boxes: Per video what is blacked out.

    Returns:
        The cases with their files.
    """
    folder = out / "frames"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("[0-9]" * 8 + ".jpg"):
        old.unlink()
    written = []
    for number, case in enumerate(cases, 1):
        name = f"frames/{number:08d}.jpg"
        path = files[case.id]
        if boxes[case.group]:
            _write_masked(path, out / name, boxes[case.group])
        else:
            shutil.copyfile(path, out / name)
        written.append(replace(case, file_name=name))
    return written


def _write_masked(path: Path, target: Path, boxes: Sequence[PixelBox]) -> None:
    import numpy as np
    from PIL import Image

    from retia.sources.video.burnt_in import mask

    with Image.open(path) as image:
        pixels = mask(np.asarray(image.convert("RGB")), list(boxes))
    Image.fromarray(pixels).save(target, quality=JPEG_QUALITY)


def write_folder(
    step: Step,
    treatment: Treatment,
    cases: Sequence[Case],
    procedure: Procedure,
    found: Mapping[str, FoundVideo],
    copies: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """Write all but the frames: cases, rows of the guide, what was left out, what was found.

    Returns:
        The summary of the step.
    """
    from retia.runs.step import write_json, write_lines

    write_lines(step.out / "frames.jsonl", [to_row(c, procedure) for c in cases])
    outside = [
        dropped_row(video, time_s, "out of body")
        for video, one in found.items()
        for time_s in one.out_of_body_s
    ]
    write_lines(step.out / "dropped.jsonl", [*outside, *copies])
    text = text_report(found, treatment.masked)
    write_json(step.out / "burnt_in_text.json", text)
    lettered = _tell_text(text, treatment.masked)
    log.info("left out: %d frames out of the body, %d near duplicates", len(outside), len(copies))
    hashes = {c.file_name: look_at(step.out / c.file_name, c.id).sha256 for c in cases}
    overlap = {"as_written": find_overlap(cases, hashes)}
    if procedure.id not in procedure_files():
        log.warning(
            "later steps look for %s.yaml in the folder that RETIA_TAXONOMIES names", procedure.id
        )
    origin = Origin(
        title=f"Frames of {procedure.name}",
        licence="that of the videos.",
        reference="videos given to `retia import frames`; their sound and tags are not carried "
        "over.",
        notes=_notes(treatment, len(outside), len(copies), lettered),
    )
    write_imported(step, step.out, cases, origin, overlap)
    step.summary |= {"out_of_body": len(outside), "near_duplicates": len(copies)}
    step.summary |= {"videos_with_text": lettered}
    return step.summary


def _tell_text(text: Mapping[str, Any], masked: bool) -> int:
    """Say where burnt-in text was found, and where it could not be looked for; count the former."""
    found = [video for video, told in text.items() if told["boxes_px"]]
    if found and not masked:
        log.warning(
            "burnt-in text in %d videos (%s): see burnt_in_text.json, or pass --mask-text",
            len(found),
            ", ".join(found),
        )
    if few := [video for video, told in text.items() if not told["enough"]]:
        log.warning(
            "too few scenes to look for burnt-in text in %d videos (%s): look yourself",
            len(few),
            ", ".join(few),
        )
    return len(found)


def _notes(treatment: Treatment, outside: int, copies: int, text: int) -> str:
    names = "hashes of their content" if treatment.hashed else "the names of their files"
    burnt_in = "masked" if treatment.masked else "still there"
    return (
        f"Ids of videos are {names}. {outside} frames that look as if taken outside the body and "
        f"{copies} near duplicates were left out; `dropped.jsonl` tells their times. Burnt-in "
        f"text was found in {text} videos and is {burnt_in} (`burnt_in_text.json`). Both are "
        "found by rules that miss some: look at the frames before sharing them."
    )
