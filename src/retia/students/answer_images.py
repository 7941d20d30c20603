"""`retia ask`: a student and images in, answers out."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retia.errors import UserError
from retia.runs import StepConfig, open_step, track

if TYPE_CHECKING:
    import numpy as np

    from retia.records import Case
    from retia.runs.step import Step

log = logging.getLogger("retia")

ANSWERS = "predictions.jsonl"
BATCH = 64
"""Questions at once, so that few images are held at a time."""


@dataclass(frozen=True, kw_only=True)
class AskConfig(StepConfig):
    """What `retia ask` takes."""

    model: Path
    """Student folder; may stand without its flag: `retia ask MODEL IMAGE`."""
    image: Path
    """A picture, a folder of pictures, or a folder of cases (`metadata.jsonl`)."""
    question: str | None = None
    """What to ask about every image; a folder of cases may bring its own questions."""
    out: Path = Path("answers")
    """Folder to write; created if missing."""
    split: str | None = None
    """Which cases of a folder of cases to ask about; all when left out."""
    max_new_tokens: int = 256
    """Longest answer, in tokens."""


@dataclass(frozen=True)
class Asked:
    """One question about one image."""

    case: str
    path: Path
    modality: str | None
    question: str


def answer_images(config: AskConfig) -> list[dict[str, str]]:
    """Ask a student about images.

    Writes `predictions.jsonl`: per image and question `case`, `question`, `text`.

    Returns:
        Those rows.

    Raises:
        UserError: If the student or the images cannot be found, or there is no question.
        ItemsFailedError: At the end, if images could not be read; all others are answered.
    """
    from retia.records.jsonl import iterate_jsonl
    from retia.runs.step import write_lines

    if not config.model.is_dir():
        raise UserError(
            f"{config.model} is no folder. Expected a model folder, as `retia sft` writes it."
        )
    asked = read_questions(config)
    with open_step("ask", config, {"model": config.model, "image": config.image}) as step:
        path = step.out / ANSWERS
        if step.done:
            return [row for _, row in iterate_jsonl(path)]
        rows = list(_answers(asked, config, step))
        if not rows:
            raise UserError(f"no image could be read. First: {step.failures[0]['error']}")
        write_lines(path, rows)
        step.summary = {"answers": len(rows)}
        log.info("ask: %d answers in %s", len(rows), path)
    return rows


def describe(rows: Sequence[dict[str, str]]) -> str:
    """The answer as text for a terminal; of several, each with its image."""
    if len(rows) == 1:
        return rows[0]["text"]
    return "\n".join(f"{row['case']}: {row['text']}" for row in rows)


def read_questions(config: AskConfig) -> list[Asked]:
    """What to ask: every image with every question.

    Raises:
        UserError: If there is no image, or a question is needed and none is there.
    """
    from retia.records.cohort import METADATA

    if (config.image / METADATA).is_file():
        return _about_cases(config)
    if config.split is not None:
        raise UserError(f"split is {config.split!r}, but {config.image} holds no {METADATA}.")
    if not config.question:
        raise UserError("there is no question. Pass --question 'What is seen?'.")
    paths = _pictures(config.image)
    return [Asked(path.stem, path, None, config.question) for path in paths]


def _pictures(source: Path) -> list[Path]:
    from retia.images import files_in
    from retia.images.image import SUFFIXES

    if source.is_file():
        return [source]
    if not source.is_dir():
        raise UserError(f"{source} does not exist. Expected a picture or a folder of pictures.")
    return files_in(source, SUFFIXES, "picture")


def _about_cases(config: AskConfig) -> list[Asked]:
    from retia.records import read_cases
    from retia.records.cohort import subset

    asked = [
        Asked(case.id, config.image / case.file_name, case.modality, question)
        for case in subset(read_cases(config.image), config.split)
        for question in ([config.question] if config.question else _own_questions(case))
    ]
    if not asked:
        raise UserError(
            f"the cases of {config.image} bring no questions. Pass --question 'What is seen?'."
        )
    return asked


def _own_questions(case: "Case") -> list[str]:
    """The questions that came with a case; of an OCTA eye the stage."""
    from retia.instructions import stage_question

    if case.questions or case.modality != "octa":
        return list(dict.fromkeys(question.text for question in case.questions))
    return [stage_question(case)]


def _answers(asked: Sequence[Asked], config: AskConfig, step: "Step") -> Iterator[dict[str, str]]:
    """Answer in the order of the questions; images that cannot be read become failures."""
    from retia.students.ask import ask
    from retia.students.student import load_student

    student = load_student(config.model)
    for start in track(range(0, len(asked), BATCH), "asking"):
        readable, images = _readable(asked[start : start + BATCH], step)
        questions = [one.question for one in readable]
        texts = ask(student, images, questions, max_new_tokens=config.max_new_tokens)
        for one, text in zip(readable, texts, strict=True):
            yield {"case": one.case, "question": one.question, "text": text}


def _readable(part: Sequence[Asked], step: "Step") -> tuple[list[Asked], "list[np.ndarray]"]:
    from retia.students.pictures import shown_picture

    readable, images = [], []
    failed = {failure["id"] for failure in step.failures}
    for one in part:
        if one.case in failed:
            continue
        try:
            images.append(shown_picture(one.path, one.modality))
        except UserError as error:
            log.warning("%s skipped: %s", one.case, error)
            failed.add(one.case)
            step.failures.append({"id": one.case, "error": str(error)})
            continue
        readable.append(one)
    return readable, images
