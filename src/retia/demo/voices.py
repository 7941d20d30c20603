"""What the page tells about one picture, step by step; no web framework here.

In:  a picture with its scale and side, a question, a student.
Out: `View`s: the student's answer as it grows, then the graph's findings and the verdicts.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from retia.attribution.overlay import draw_attribution
from retia.attribution.scene import shares_of
from retia.claims import answer_sentences, judge_text, parse_answer, stage_in
from retia.errors import UserError
from retia.explain import graph_voice, look
from retia.images import ScanImage, read_picture
from retia.images.image import open_image, to_grey
from retia.instructions import stage_answer, stage_question
from retia.instructions.eyes.writer import eye_sentence
from retia.records import Attribution, Case, Sentence, VesselGraph
from retia.students.stream import stream
from retia.students.student import Student


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture to be asked about."""

    name: str
    pixels: np.ndarray
    """uint8, `(H, W)`, or `(H, W, 3)` where it is no OCTA."""
    mm_per_px: float | None = None
    laterality: Literal["OD", "OS"] | None = None
    notes: tuple[str, ...] = ()
    """What was converted on the way in."""


@dataclass(frozen=True, kw_only=True)
class View:
    """What can be told at one moment; what is not known yet is empty."""

    step: Literal["reading", "answering", "graph", "done"] = "reading"
    question: str = ""
    """As the student got it."""
    answer: str = ""
    """The student's words so far."""
    student_stage: str | None = None
    said: tuple[Sentence, ...] = ()
    """The student's sentences; with verdicts where there is a graph to judge by."""
    case: Case | None = None
    """With the graph's findings and measures."""
    attribution: Attribution | None = None
    told: tuple[Sentence, ...] = ()
    """The graph's sentences, with their evidence."""
    overlay: np.ndarray | None = None
    """RGB: structure, what spoke for the stage, findings."""
    pixels: np.ndarray | None = None
    """The picture itself."""


def read_upload(source: Path, name: str, octa: bool, max_megapixels: float) -> Picture:
    """Read an uploaded picture.

    Args:
        source: Where it lies now.
        name: What the user calls it.
        octa: Whether it must be grey.
        max_megapixels: Larger pictures are refused.

    Raises:
        UserError: If it cannot be used; in the user's name for it.
    """
    data = source.read_bytes()
    if not octa:
        return Picture(name=name, pixels=read_picture(data, name, max_megapixels))
    notes: list[str] = []
    with open_image(data, name, max_megapixels) as image:
        pixels = to_grey(name, image, notes)
    return Picture(name=name, pixels=pixels, notes=tuple(notes))


def answer_only(
    student: Student, picture: Picture, question: str, max_new_tokens: int
) -> Iterator[View]:
    """Tell what a student of any modality says; a structured answer also sentence by sentence.

    Raises:
        UserError: If there is no question, or it cannot be asked.
    """
    if not question.strip():
        raise UserError("there is no question. Type one about the picture.")
    view = View(question=question.strip(), pixels=picture.pixels)
    view = yield from _listen(student, picture, view, max_new_tokens)
    answer = parse_answer(view.answer, strict=True)
    texts = answer_sentences(answer) if answer else []
    yield replace(view, step="done", said=tuple(Sentence(text=t) for t in texts))


def both_voices(
    student: Student, staging: Path, picture: Picture, question: str, max_new_tokens: int
) -> Iterator[View]:
    """Tell what a student says about an OCTA image, then what its graph says, then the verdicts.

    Args:
        student: From `load_student`.
        staging: Folder of the graph model.
        picture: Grey, with its scale.
        question: Empty asks for the stage.
        max_new_tokens: Longest answer.

    Raises:
        UserError: If the picture has no scale or cannot be staged, or the question cannot be asked.
    """
    if picture.mm_per_px is None or not picture.mm_per_px > 0:
        raise UserError(
            f"{picture.name} has no scale. Type the side of one pixel in mm "
            "(a 3 mm scan of 304 px has 0.00987)."
        )
    case = Case(
        file_name=picture.name,
        id=Path(picture.name).stem,
        group=Path(picture.name).stem,
        modality="octa",
        mm_per_px=picture.mm_per_px,
        laterality=picture.laterality,
    )
    scan = ScanImage(pixels=picture.pixels, mm_per_px=case.mm_per_px, laterality=case.laterality)
    quality, graph = look(case, scan)
    if graph is None:
        raise UserError(f"{picture.name} cannot be staged: {'; '.join(quality.reasons)}.")
    lead = eye_sentence(picture.laterality)
    asked = lead + question.strip() if question.strip() else stage_question(case)
    view = View(question=asked, pixels=picture.pixels)
    view = yield from _listen(student, picture, view, max_new_tokens)
    yield replace(view, step="graph")
    yield _judged(view, scan, case, graph, staging)


def _listen(
    student: Student, picture: Picture, view: View, max_new_tokens: int
) -> Generator[View, None, View]:
    yield view
    with closing(stream(student, picture.pixels, view.question, max_new_tokens)) as pieces:
        for piece in pieces:
            if piece.text:
                view = replace(view, step="answering", answer=view.answer + piece.text)
                yield view
    return view


def _judged(view: View, scan: ScanImage, case: Case, graph: VesselGraph, staging: Path) -> View:
    seen, attribution = graph_voice(case, scan, graph, staging)
    _, told = stage_answer(seen, lambda phrasings: phrasings[0])
    answer = parse_answer(view.answer)
    said, _ = judge_text(view.answer, seen)
    return replace(
        view,
        step="done",
        student_stage=stage_in(answer.answer if answer else view.answer),
        said=tuple(said),
        case=seen,
        attribution=attribution,
        told=tuple(Sentence(text=t.text, evidence=t.evidence) for t in told),
        overlay=draw_attribution(scan.pixels, seen, graph, shares_of(attribution)),
    )
