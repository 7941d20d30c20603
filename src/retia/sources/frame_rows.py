"""Rows of frame labels, as the fine-tuning guide of the surgical agents framework lays them out.

In:  JSON Lines of `video_id, timestamp_s` and, where known, `phase, anatomy[], tools[], events[]`
     (events are texts such as `bleeding_minor=false`) and `image`; beyond the guide `source`
     (manual, model or weak) and `confidence`, of the row or by label. With `start_s` and `end_s`
     in the place of `timestamp_s` a row labels a whole clip.
Out: checked rows, and cases as rows of the guide.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retia.errors import UserError
from retia.records import Case, Finding
from retia.records.case import LabelSource
from retia.records.jsonl import from_plain, iterate_jsonl
from retia.records.record import record
from retia.taxonomy import Procedure
from retia.taxonomy.surgery import unknown

REVIEWED = "reviewed.jsonl"
"""Rows that the page of `--review` has taken; a later import into the same folder reads them."""


@record
class FrameRow:
    """One row. A list that is left out is unknown; an empty one says that there is none."""

    video_id: str
    timestamp_s: float | None = None
    start_s: float | None = None
    end_s: float | None = None
    image: str | None = None
    phase: str | None = None
    anatomy: tuple[str, ...] | None = None
    tools: tuple[str, ...] | None = None
    events: tuple[str, ...] | None = None
    source: LabelSource | dict[str, LabelSource] | None = None
    confidence: float | dict[str, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What a row says of one thing, who says so, and how sure they are."""

    value: str | tuple[str, ...]
    source: LabelSource | None = None
    confidence: float | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A checked row; `stated` is by `phase`, `tools`, `anatomy` or the name of an event."""

    video: str
    start_s: float
    end_s: float | None
    """None for a row of one moment; a clip ends before this."""
    stated: dict[str, Stated]
    where: str


def read_rows(path: Path, procedure: Procedure) -> list[Row]:
    """Read and check label rows, in the order of the file.

    Raises:
        UserError: Naming file and line, if a row is malformed or holds a word that the procedure
            does not know.
    """
    rows = []
    for number, value in iterate_jsonl(path):
        where = f"{path}, line {number}"
        rows.append(check_row(from_plain(FrameRow, value, where), procedure, where))
    if not rows:
        raise UserError(f"{path} is empty. Expected one labelled frame a line.")
    return rows


def check_row(row: FrameRow, procedure: Procedure, where: str) -> Row:
    """Turn the words of a row into ids of the procedure.

    Raises:
        UserError: Beginning with `where`, if a word is unknown, an event is said to be so and not
            so, a time is none, or a clip is labelled as if somebody had looked at every frame.
    """
    start_s, end_s = _times(row, where)
    values: dict[str, str | tuple[str, ...]] = {}
    if row.phase is not None:
        values["phase"] = procedure.id_of("phase", row.phase, where)
    if row.anatomy is not None:
        values["anatomy"] = tuple(procedure.id_of("target", w, where) for w in row.anatomy)
    if row.tools is not None:
        values["tools"] = tuple(procedure.id_of("instrument", w, where) for w in row.tools)
    for text in row.events or ():
        name, value = _event(text, procedure, where)
        if values.setdefault(name, value) != value:
            raise UserError(f"{where}: {name} is both true and false. Expected one of them.")
    sources = _by_label(row.source, values, "source", where)
    confidences = _by_label(row.confidence, values, "confidence", where)
    for name, confidence in confidences.items():
        if not 0 <= confidence <= 1:
            raise UserError(f"{where}: confidence of {name} is {confidence}. Expected 0 to 1.")
    # What is said of a clip was seen somewhere in it, whoever saw it.
    weak: LabelSource | None = None if end_s is None else "weak"
    stated = {
        name: Stated(
            value=value, source=weak or sources.get(name), confidence=confidences.get(name)
        )
        for name, value in values.items()
    }
    return Row(video=row.video_id, start_s=start_s, end_s=end_s, stated=stated, where=where)


def _times(row: FrameRow, where: str) -> tuple[float, float | None]:
    clip = (row.start_s, row.end_s)
    if row.timestamp_s is not None and clip == (None, None):
        if row.timestamp_s < 0:
            raise UserError(
                f"{where}: timestamp_s is {row.timestamp_s}. Expected seconds, 0 or more."
            )
        return row.timestamp_s, None
    if row.timestamp_s is None and row.start_s is not None and row.end_s is not None:
        if not 0 <= row.start_s < row.end_s:
            raise UserError(
                f"{where}: the clip is from {row.start_s} to {row.end_s} s. Expected start_s of 0 "
                "or more, and end_s after it."
            )
        return row.start_s, row.end_s
    if row.timestamp_s is None and clip == (None, None):
        raise UserError(
            f"{where}: `timestamp_s` is missing. Expected it for a frame, or `start_s` and `end_s` "
            "for a clip."
        )
    raise UserError(
        f"{where}: timestamp_s is {row.timestamp_s}, start_s {row.start_s} and end_s {row.end_s}. "
        "Expected timestamp_s alone, or both others."
    )


def _by_label(told: Any, values: Mapping[str, Any], what: str, where: str) -> dict[str, Any]:
    """What is told of all labels of a row, or of some by name, as by name."""
    if told is None:
        return {}
    if not isinstance(told, dict):
        return dict.fromkeys(values, told)
    for name in told:
        if name not in values:
            raise UserError(
                f"{where}: {what} speaks of {name!r}, which the row does not label. "
                f"Labelled: {', '.join(values) or 'nothing'}."
            )
    return told


def _event(text: str, procedure: Procedure, where: str) -> tuple[str, str]:
    """`bleeding_minor=false` to its parts."""
    name, _, value = (part.strip() for part in text.partition("="))
    if value.lower() not in ("true", "false"):
        raise UserError(f"{where}: event {text!r}. Expected `name=true` or `name=false`.")
    if name not in procedure.events:
        raise UserError(f"{where}: {unknown('event', name, procedure.events, procedure.id)}")
    return name, value.lower()


def frame_id(video: str, time_s: float) -> str:
    """Id of a frame: its video and its milliseconds."""
    return f"{video}-{round(time_s * 1000):08d}"


def with_labels(case: Case, stated: Mapping[str, Stated], procedure: Procedure) -> Case:
    """The frame with these labels and with no others."""

    def listed(name: str) -> tuple[str, ...]:
        value = stated[name].value if name in stated else ()
        return value if isinstance(value, tuple) else (value,)

    kinds = [("tools", kind) for kind in listed("tools")]
    kinds += [("anatomy", kind) for kind in listed("anatomy")]
    looked_for = (*(procedure.instruments if "tools" in stated else ()),)
    looked_for += (*(procedure.targets if "anatomy" in stated else ()),)
    names = [name for name in ("phase", *procedure.events, "tools", "anatomy") if name in stated]
    findings = tuple(
        Finding(
            id=f"f{number}",
            kind=kind,
            source="model" if stated[name].source == "model" else "annotation",
        )
        for number, (name, kind) in enumerate(kinds, 1)
    )
    return replace(
        case,
        labels={n: str(stated[n].value) for n in names if n not in ("tools", "anatomy")},
        looked_for=looked_for,
        findings=findings,
        label_sources={n: s for n in names if (s := stated[n].source) is not None},
        label_confidences={n: c for n in names if (c := stated[n].confidence) is not None},
    )


def stated_of(case: Case, procedure: Procedure) -> dict[str, Stated]:
    """What a frame is labelled with; the way back from `with_labels`."""
    values: dict[str, str | tuple[str, ...]] = dict(case.labels)
    for name, kinds in (("tools", procedure.instruments), ("anatomy", procedure.targets)):
        if set(kinds) <= set(case.looked_for):
            values[name] = _kinds(case.findings, kinds)
    return {
        name: Stated(
            value=value,
            source=case.label_sources.get(name),
            confidence=case.label_confidences.get(name),
        )
        for name, value in values.items()
    }


def to_row(case: Case, procedure: Procedure) -> dict[str, Any]:
    """A case as a row of the guide; what nobody looked for is left out."""
    row: dict[str, Any] = {
        "image": case.file_name,
        "video_id": case.group,
        "timestamp_s": case.time_s,
    }
    stated = stated_of(case, procedure)
    for name in ("phase", "anatomy", "tools"):
        if name in stated:
            value = stated[name].value
            row[name] = list(value) if isinstance(value, tuple) else value
    if events := [f"{n}={s.value}" for n, s in stated.items() if n in procedure.events]:
        row["events"] = events
    for key, told in (("source", case.label_sources), ("confidence", case.label_confidences)):
        if told:
            row[key] = _shortest(dict(told), len(stated))
    return row


def _shortest(told: dict[str, Any], labels: int) -> Any:
    """One value for the row where all its labels share it, else by label."""
    values = set(told.values())
    return values.pop() if len(values) == 1 and len(told) == labels else told


def _kinds(findings: Sequence[Finding], among: Iterable[str]) -> tuple[str, ...]:
    return tuple(f.kind for f in findings if f.kind in set(among))
