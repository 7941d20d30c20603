"""`retia import cholect50`: CholecT50 (Nwoye et al. 2022), frames with action triplets.

In:  a folder with `labels/VID68.json` and `videos/VID68/000016.jpg`. A frame has rows of 15
     numbers: triplet, instrument, score, tip box (x, y, width, height, fractions of the frame),
     verb, target, score, target box, phase; -1 says that there is none. Their names stand in the
     file's `categories`. Frame numbers are seconds.
Out: one case a frame; one finding an instrument, with its verb, target and box.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retia.errors import UserError
from retia.records import Case, Finding
from retia.runs import open_step
from retia.sources.imported import (
    ImportConfig,
    Origin,
    read_json,
    write_imported,
)
from retia.sources.overlap import find_overlap
from retia.sources.pictures import Picture, clip_box, look_at
from retia.sources.splits import draw, split_videos
from retia.taxonomy import Procedure, check_case, read_procedure

ORIGIN = Origin(
    title="CholecT50",
    licence="CC BY-NC-SA 4.0.",
    reference="C. I. Nwoye, T. Yu, C. Gonzalez, B. Seeliger, P. Mascagni, D. Mutter, "
    "J. Marescaux, N. Padoy: Rendezvous: attention mechanisms for the recognition of surgical "
    "action triplets in endoscopic videos. Medical Image Analysis 78, 102433 (2022). CAMMA, "
    "ICube, University of Strasbourg. The videos overlap with Cholec80 and its relatives.",
    notes="Boxes are of instrument tips, in pixels, cut off at the border of the frame. An "
    "instrument without verb and target was annotated as doing nothing (`null_verb`).",
)
INSTRUMENT, TIP_BOX, VERB, TARGET, PHASE, LENGTH = 1, slice(3, 7), 7, 8, 14, 15
"""Where in a row things stand."""
ABSENT = ("null_verb", "null_target")


@dataclass(frozen=True, kw_only=True)
class CholecT50Config(ImportConfig):
    """What `retia import cholect50` takes."""

    test: tuple[str, ...] = ()
    """Videos to test on, such as `VID74`; the last one when left out."""
    validation: tuple[str, ...] = ()
    """Videos to choose on; when left out, the last one that is not for testing."""


def import_cholect50(config: CholecT50Config) -> dict[str, Any]:
    """Import CholecT50: surgical frames with phases, instruments, verbs and targets.

    Writes `metadata.jsonl`, `overlap.json` (what the splits share) and a dataset card. Frames stay
    where they are. A video is never cut by a split.

    Returns:
        Counts of frames, videos, findings and frames per split.

    Raises:
        UserError: Naming file and frame, if a label is unknown or impossible, or a frame is
            missing.
    """
    with open_step("import cholect50", config, {"source": config.source}) as step:
        if step.done:
            return step.summary
        procedure = read_procedure("cholecystectomy")
        files = sorted((config.source / "labels").glob("*.json"))
        if not files:
            raise UserError(f"{config.source / 'labels'} holds no JSON file. Expected VID68.json.")
        split_of = split_videos([f.stem for f in files], config.test, config.validation)
        frames = {f.case.id: f for path in files for f in read_video(path, procedure)}
        split = [replace(f.case, split=split_of[f.case.group]) for f in frames.values()]
        cases, hashes = [], {}
        for case in draw(split, config.limit, config.seed):
            frame = frames[case.id]
            picture = look_at(config.source / case.file_name, frame.where)
            hashes[case.file_name] = picture.sha256
            cases.append(with_boxes(case, frame.boxes, picture))
        overlap = {"as_written": find_overlap(cases, hashes)}
        return write_imported(step, config.source, cases, ORIGIN, overlap)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A frame as labelled; its boxes wait for the size of the image."""

    case: Case
    boxes: tuple[tuple[float, ...] | None, ...]
    """Per finding x, y, width and height as fractions of the frame."""
    where: str


def read_video(path: Path, procedure: Procedure) -> Iterator[Frame]:
    """Yield the frames of one label file, in the order of time, checked against the procedure.

    Raises:
        UserError: Naming file and frame.
    """
    labels = read_json(path)
    annotations, categories = _parts(labels, path)
    for number in sorted(annotations, key=int):
        where = f"{path}, frame {number}"
        rows = annotations[number]
        _check_rows(rows, where)
        frame = _frame(rows, _Names(categories, procedure, where), path.stem, int(number))
        try:
            check_case(procedure, frame.case)
        except UserError as error:
            raise UserError(f"{where}: {error}") from None
        yield frame


def _parts(labels: Any, path: Path) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """The annotations and the names of a label file."""
    labels = labels if isinstance(labels, dict) else {}
    annotations, categories = labels.get("annotations"), labels.get("categories")
    if not (
        isinstance(annotations, dict)
        and all(number.isdecimal() for number in annotations)
        and isinstance(categories, dict)
        and all(isinstance(names, dict) for names in categories.values())
    ):
        raise UserError(
            f"{path}: expected `annotations` by frame number, and `categories` with a name by "
            "number for each of instrument, verb, target and phase."
        )
    return annotations, categories


def _check_rows(rows: Any, where: str) -> None:
    if not isinstance(rows, list) or not rows:
        raise UserError(f"{where}: {rows!r:.60}. Expected a list of rows that is not empty.")
    for row in rows:
        numbers = isinstance(row, list) and all(isinstance(v, (int, float)) for v in row)
        if not numbers or len(row) != LENGTH:
            raise UserError(f"{where}: {row!r:.80}. Expected {LENGTH} numbers.")
    if len({row[PHASE] for row in rows}) > 1:
        raise UserError(f"{where}: its rows are of phases {sorted({r[PHASE] for r in rows})}.")


@dataclass(frozen=True)
class _Names:
    """Numbers of one file to ids of the procedure."""

    categories: Mapping[str, Mapping[str, str]]
    procedure: Procedure
    where: str

    def id_of(self, part: Any, number: float) -> str | None:
        """The id, or None where there is none.

        Raises:
            UserError: If the number has no name, or the procedure does not know the name.
        """
        if number == -1:
            return None
        names = self.categories.get(part, {})
        name = names.get(str(int(number)))
        if name is None:
            raise UserError(
                f"{self.where}: {part} {number:g} has no name in `categories`. "
                f"Known: {', '.join(names)}."
            )
        return None if name in ABSENT else self.procedure.id_of(part, name, self.where)


def _frame(rows: Sequence[Sequence[float]], names: _Names, video: str, number: int) -> Frame:
    findings, boxes = [], []
    for row in rows:
        kind = names.id_of("instrument", row[INSTRUMENT])
        if kind is None:
            continue
        action = {
            part: names.id_of(part, row[at]) for part, at in (("verb", VERB), ("target", TARGET))
        }
        attributes = {part: id for part, id in action.items() if id is not None}
        id = f"f{len(findings) + 1}"
        findings.append(Finding(id=id, kind=kind, source="annotation", attributes=attributes))
        box = tuple(float(v) for v in row[TIP_BOX])
        boxes.append(None if -1 in box else box)
    phase = names.id_of("phase", rows[0][PHASE])
    case = Case(
        file_name=f"videos/{video}/{number:06d}.jpg",
        id=f"{video}-{number:06d}",
        group=video,
        modality=names.procedure.id,
        time_s=float(number),
        labels={} if phase is None else {"phase": phase},
        looked_for=tuple(names.procedure.instruments),
        findings=tuple(findings),
    )
    return Frame(case=case, boxes=tuple(boxes), where=names.where)


def with_boxes(case: Case, boxes: Sequence[tuple[float, ...] | None], picture: Picture) -> Case:
    """Give the findings their boxes, in whole pixels, cut off at the border of the frame."""
    width, height = picture.width_px, picture.height_px
    findings = [
        finding
        if box is None
        else replace(
            finding,
            box_px=clip_box(
                box[0] * width, box[1] * height, box[2] * width, box[3] * height, picture
            ),
        )
        for finding, box in zip(case.findings, boxes, strict=True)
    ]
    return replace(case, findings=tuple(findings))
