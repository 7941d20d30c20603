"""Rows of frame labels, as the fine-tuning guide of the surgical agents framework lays them out.

In:  JSON Lines of `video_id, timestamp_s` and, where known, `phase, anatomy[], tools[], events[]`
     (events are texts such as `bleeding_minor=false`) and `image`.
Out: cases that still lack their image, frames that have found their labels, and the way back.
"""

import bisect
import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from retia.errors import UserError
from retia.records import Case, Finding
from retia.records.jsonl import from_plain, iterate_jsonl
from retia.records.record import record
from retia.taxonomy import Procedure, check_case

log = logging.getLogger("retia")


@record
class FrameRow:
    """One row. A list that is left out is unknown; an empty one says that there is none."""

    video_id: str
    timestamp_s: float
    image: str | None = None
    phase: str | None = None
    anatomy: tuple[str, ...] | None = None
    tools: tuple[str, ...] | None = None
    events: tuple[str, ...] | None = None


def read_rows(path: Path, procedure: Procedure) -> list[Case]:
    """Read and check label rows.

    Returns:
        One case a row, in the order of the file: `group` is the video, `time_s` the row's; its
        `file_name` is empty until a frame is found for it.

    Raises:
        UserError: Naming file and line, if a row is malformed or holds a word that the procedure
            does not know.
    """
    cases = []
    for number, value in iterate_jsonl(path):
        where = f"{path}, line {number}"
        row = from_plain(FrameRow, value, where)
        case = _case(row, procedure, where)
        try:
            check_case(procedure, case)
        except UserError as error:
            raise UserError(f"{where}: {error}") from None
        cases.append(case)
    if not cases:
        raise UserError(f"{path} is empty. Expected one labelled frame a line.")
    return cases


def _case(row: FrameRow, procedure: Procedure, where: str) -> Case:
    if row.timestamp_s < 0:
        raise UserError(f"{where}: timestamp_s is {row.timestamp_s}. Expected seconds, 0 or more.")
    labels = dict(_event(text, where) for text in row.events or ())
    if row.phase is not None:
        labels = {"phase": procedure.id_of("phase", row.phase, where)} | labels
    tools = [procedure.id_of("instrument", w, where) for w in row.tools or ()]
    anatomy = [procedure.id_of("target", w, where) for w in row.anatomy or ()]
    looked_for = (*(procedure.instruments if row.tools is not None else ()),)
    looked_for += (*(procedure.targets if row.anatomy is not None else ()),)
    return Case(
        file_name="",
        id=frame_id(row.video_id, row.timestamp_s),
        group=row.video_id,
        modality=procedure.id,
        time_s=row.timestamp_s,
        labels=labels,
        looked_for=looked_for,
        findings=tuple(
            Finding(id=f"f{number}", kind=kind, source="annotation")
            for number, kind in enumerate((*tools, *anatomy), 1)
        ),
    )


def _event(text: str, where: str) -> tuple[str, str]:
    """`bleeding_minor=false` to its parts; whether the name is known is checked with the case."""
    name, _, value = (part.strip() for part in text.partition("="))
    if value.lower() not in ("true", "false"):
        raise UserError(f"{where}: event {text!r}. Expected `name=true` or `name=false`.")
    return name, value.lower()


def frame_id(video: str, time_s: float) -> str:
    """Id of a frame: its video and its milliseconds."""
    return f"{video}-{round(time_s * 1000):08d}"


def join_labels(cases: Sequence[Case], rows: Sequence[Case], within_s: float) -> list[Case]:
    """Give frames the labels of rows: each row to its nearest frame, each frame its nearest row.

    Args:
        cases: Frames without labels.
        rows: Labels with `group` (video) and `time_s`.
        within_s: How far a row may be from its frame.

    Raises:
        UserError: If not one row is near enough to a frame.
    """
    frames: dict[str, list[Case]] = {}
    for case in sorted(cases, key=_time_s):
        frames.setdefault(case.group, []).append(case)
    best: dict[str, tuple[float, Case]] = {}
    far = []
    for row in rows:
        distance, frame = _nearest(frames.get(row.group, []), row)
        # Half an interval is a sum of fractions: 1 µs is no distance.
        if frame is None or distance > within_s + 1e-6:
            far.append(row)
        elif frame.id not in best or distance < best[frame.id][0]:
            best[frame.id] = (distance, row)
    if not best:
        raise UserError(
            f"not one of the {len(rows)} rows is within {within_s:g} s of a frame (the first: "
            f"video {rows[0].group}, {rows[0].time_s} s). Expected timestamp_s in seconds."
        )
    if far:
        log.warning("%d rows are near no frame; the first is %s", len(far), far[0].id)
    if hidden := len(rows) - len(far) - len(best):
        log.info("%d rows left out: another row is nearer to their frame", hidden)
    return [_labelled(c, best[c.id][1]) if c.id in best else c for c in cases]


def _nearest(frames: Sequence[Case], row: Case) -> tuple[float, Case | None]:
    """The frame nearest in time, the earlier of two; with its distance in seconds."""
    at = bisect.bisect_left(frames, _time_s(row), key=_time_s)
    near = [(abs(_time_s(f) - _time_s(row)), f) for f in frames[max(0, at - 1) : at + 1]]
    return min(near, key=lambda pair: pair[0], default=(math.inf, None))


def _time_s(case: Case) -> float:
    return case.time_s or 0.0


def _labelled(case: Case, row: Case) -> Case:
    return replace(case, labels=row.labels, findings=row.findings, looked_for=row.looked_for)


def to_row(case: Case, procedure: Procedure) -> dict[str, Any]:
    """A case as a row of the guide; what nobody looked for is left out."""
    row: dict[str, Any] = {
        "image": case.file_name,
        "video_id": case.group,
        "timestamp_s": case.time_s,
    }
    if "phase" in case.labels:
        row["phase"] = case.labels["phase"]
    for key, kinds in (("anatomy", procedure.targets), ("tools", procedure.instruments)):
        if set(kinds) <= set(case.looked_for):
            row[key] = _kinds(case.findings, kinds)
    events = [f"{name}={value}" for name, value in case.labels.items() if name != "phase"]
    return row | ({"events": events} if events else {})


def _kinds(findings: Sequence[Finding], among: Any) -> list[str]:
    return [f.kind for f in findings if f.kind in among]
