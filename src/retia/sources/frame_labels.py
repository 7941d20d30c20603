"""Labels find their frames: rows of a moment the nearest one, rows of a clip all that lie in it.

In:  frames with their times, and rows of labels.
Out: labelled frames. What somebody saw on the frame goes before what a model said, and that before
     what is said of the whole clip.
"""

import bisect
import logging
import math
from collections.abc import Iterable, Mapping, Sequence

from retia.errors import UserError
from retia.records import Case
from retia.sources.frame_rows import Row, Stated, with_labels
from retia.sources.video.pick import moments_of
from retia.taxonomy import Procedure

log = logging.getLogger("retia")

TRUST = ("manual", None, "model", "weak")
"""From the most to the least trusted source; rows that name none count as annotated."""


def join_labels(
    cases: Sequence[Case], rows: Sequence[Row], within_s: float, procedure: Procedure
) -> list[Case]:
    """Give frames the labels of rows.

    Of the rows of moments, each goes to its nearest frame, and each frame takes the nearest of its
    rows of one source. Of several sources, each label is the most trusted one's.

    Args:
        cases: Frames; labels they have already are replaced where they are in a row's reach.
        rows: With `video` as the frames' `group`.
        within_s: How far a row of a moment may be from its frame.
        procedure: Whose words the labels are.

    Raises:
        UserError: If not one row is near enough to a frame, or clips contradict each other.
    """
    frames: dict[str, list[Case]] = {}
    for case in sorted(cases, key=_time_s):
        frames.setdefault(case.group, []).append(case)
    clips = [row for row in rows if row.end_s is not None]
    told, far = _from_moments(frames, [row for row in rows if row.end_s is None], within_s)
    far += _from_clips(frames, clips, told)
    if not told:
        raise UserError(
            f"not one of the {len(rows)} rows is within {within_s:g} s of a frame (the first: "
            f"video {rows[0].video}, {rows[0].start_s} s). Expected timestamp_s in seconds."
        )
    if far:
        log.warning("%d rows are near no frame; the first is %s", len(far), far[0].where)
    return [
        with_labels(case, _most_trusted(told[case.id]), procedure) if case.id in told else case
        for case in cases
    ]


def _from_moments(
    frames: Mapping[str, Sequence[Case]], rows: Sequence[Row], within_s: float
) -> tuple[dict[str, list[Mapping[str, Stated]]], list[Row]]:
    """Per frame the labels of its nearest row of each source, and the rows without a frame."""
    best: dict[tuple[str, tuple[str | None, ...]], tuple[float, Row]] = {}
    far = []
    for row in rows:
        distance, frame = _nearest(frames.get(row.video, []), row)
        # Half an interval is a sum of fractions: 1 µs is no distance.
        if frame is None or distance > within_s + 1e-6:
            far.append(row)
            continue
        place = (frame.id, tuple(sorted({str(s.source) for s in row.stated.values()})))
        if place not in best or distance < best[place][0]:
            best[place] = (distance, row)
    if hidden := len(rows) - len(far) - len(best):
        log.info("%d rows left out: another row is nearer to their frame", hidden)
    told: dict[str, list[Mapping[str, Stated]]] = {}
    for (id, _), (_, row) in best.items():
        told.setdefault(id, []).append(row.stated)
    return told, far


def _nearest(frames: Sequence[Case], row: Row) -> tuple[float, Case | None]:
    """The frame nearest in time, the earlier of two; with its distance in seconds."""
    at = bisect.bisect_left(frames, row.start_s, key=_time_s)
    near = [(abs(_time_s(f) - row.start_s), f) for f in frames[max(0, at - 1) : at + 1]]
    return min(near, key=lambda pair: pair[0], default=(math.inf, None))


def _from_clips(
    frames: Mapping[str, Sequence[Case]],
    clips: Sequence[Row],
    told: dict[str, list[Mapping[str, Stated]]],
) -> list[Row]:
    """Add the labels of clips to `told`; return the clips without a frame."""
    _check_clips(clips)
    empty = []
    for row in clips:
        own = frames.get(row.video, [])
        first = bisect.bisect_left(own, row.start_s, key=_time_s)
        last = bisect.bisect_left(own, row.end_s or 0.0, key=_time_s)
        for frame in own[first:last]:
            told.setdefault(frame.id, []).append(row.stated)
        empty += [row] if first == last else []
    return empty


def _check_clips(clips: Sequence[Row]) -> None:
    """Refuse clips that overlap and say different things of the same."""
    open_clips: list[Row] = []
    for row in sorted(clips, key=lambda r: (r.video, r.start_s)):
        open_clips = [
            o for o in open_clips if o.video == row.video and (o.end_s or 0.0) > row.start_s
        ]
        for other in open_clips:
            for name in row.stated.keys() & other.stated.keys():
                if row.stated[name].value != other.stated[name].value:
                    raise UserError(
                        f"{row.where}: {name} is {_shown(row.stated[name])}, but "
                        f"{_shown(other.stated[name])} in {other.where}, whose clip overlaps "
                        f"from {row.start_s} s. Expected clips that agree, or do not overlap."
                    )
        open_clips.append(row)


def _shown(stated: Stated) -> str:
    return stated.value if isinstance(stated.value, str) else ", ".join(stated.value) or "none"


def _most_trusted(told: Iterable[Mapping[str, Stated]]) -> dict[str, Stated]:
    merged: dict[str, Stated] = {}
    for stated in told:
        for name, one in stated.items():
            known = merged.get(name)
            if known is None or TRUST.index(one.source) < TRUST.index(known.source):
                merged[name] = one
    return merged


def moments_by_video(rows: Sequence[Row]) -> dict[str, tuple[float, ...]]:
    """Per video the times at which its labels change or an event happens, in seconds."""
    labels: dict[str, list[tuple[float, dict[str, str]]]] = {}
    for row in rows:
        told = {n: s.value for n, s in row.stated.items() if isinstance(s.value, str)}
        times_s = [row.start_s] if row.end_s is None else [row.start_s, row.end_s]
        labels.setdefault(row.video, []).extend((time_s, told) for time_s in times_s)
    return {video: moments_of(told) for video, told in labels.items()}


def _time_s(case: Case) -> float:
    return case.time_s or 0.0
