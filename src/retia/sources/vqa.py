"""Question files of medical VQA data sets to cases: what VQA-RAD and SLAKE share.

In:  questions as `retia.sources.stored` reads them, and images beside or inside of them.
Out: one case an image with its questions, split by image, and what the splits share.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from retia.errors import UserError
from retia.records import Case, Question
from retia.runs import Step
from retia.sources.imported import ImportConfig
from retia.sources.overlap import find_overlap, fold, group_copies
from retia.sources.pictures import Picture, look_at
from retia.sources.questions import gold_type, text_of
from retia.sources.splits import check_shares, draw, most_held_out, split_by_group
from retia.sources.stored import picture_inside, read_parts
from retia.sources.tables import or_skip

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class VqaConfig(ImportConfig):
    """The flags of both."""

    train: float = 0.7
    """Share of images for training."""
    validation: float = 0.1
    """Share of images for choosing; the rest is for testing."""
    split: Literal["image", "official"] = "image"
    """`image` draws a new split by image. `official` keeps the published test questions, and
    drops training questions about the same images."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One entry of a question file."""

    image: str
    """Path of the image, relative to the source."""
    id: str
    """Id of its case."""
    question: Question
    where: str
    """File and entry, for errors."""
    labels: dict[str, str] = field(default_factory=dict)
    official: str | None = None
    """The published split, where the entry tells it; the name of its file goes first."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """What the question files of a data set hold."""

    asked: tuple[Asked, ...]
    root: Path
    """Folder that the images' paths are relative to: the source, or that of the step, where the
    images lay inside of the rows."""


def read_vqa_files(
    step: Step, source: Path, to_asked: Callable[[dict[str, Any], str], Asked | None]
) -> Read:
    """Read every question of a data set; malformed ones are skipped and named.

    Args:
        step: The running step.
        source: See `retia.sources.stored`.
        to_asked: Reads one entry; None leaves it out.

    Raises:
        UserError: If there is no question file, or no question in any.
    """
    asked: list[Asked] = []
    roots = set()
    for part in read_parts(source):
        for number, row in enumerate(part.rows, 1):
            where = f"{part.name}, entry {number}"
            with or_skip(step, where):
                if not isinstance(row, dict):
                    raise UserError(f"{where}: {row!r:.60} is no question. Expected an object.")
                inside = picture_inside(row, step.out)
                entry = to_asked(row, where) if inside is None else bare_asked(row, inside, where)
                if entry is not None:
                    roots.add(source if inside is None else step.out)
                    asked.append(replace(entry, official=part.split or entry.official))
    if not asked:
        first = f" First: {step.failures[0]['error']}" if step.failures else ""
        raise UserError(f"{source}: none of its files holds a question to import.{first}")
    if len(roots) > 1:
        raise UserError(f"{source}: some of its rows hold their image and some do not.")
    return Read(asked=tuple(asked), root=roots.pop())


def bare_asked(row: dict[str, Any], image: str, where: str) -> Asked:
    """One row of the Hub's layout: a picture, a question and an answer, and often nothing else.

    Raises:
        UserError: If question or answer is missing.
    """
    text, answer = text_of(row, "question", where), text_of(row, "answer", where)
    id = text_of(row, "qid", where) if row.get("qid") not in (None, "") else None
    closed = str(row.get("answer_type", "")).strip().upper() == "CLOSED"
    question = Question(text=text, answer=answer, kind=gold_type(text, answer, closed), id=id)
    return Asked(image=image, id=PurePosixPath(image).stem, question=question, where=where)


def to_cases(
    step: Step, read: Read, config: VqaConfig
) -> tuple[list[Case], dict[str, Picture], dict[str, Any]]:
    """One case an image, with a split.

    Args:
        step: The running step; damaged images are skipped and named.
        read: The entries, in their order, and where their images lie.
        config: Source, shares, limit, seed and which split.

    Returns:
        Cases with `file_name` relative to `read.root`; per `file_name` its picture, where the
        image is there; and the overlap of the splits (`as_written`, and `as_given` for an official
        one). Missing images are told once: their cases are written all the same, and nothing can
        be trained on them before the images are put there.

    Raises:
        UserError: If there is no official split to keep.
    """
    check_shares(config.train, config.validation)
    kept = {c.id for c in draw(_by_image(read.asked, None), config.limit, config.seed)}
    first = {a.image: a for a in reversed(read.asked) if a.id in kept}
    pictures, missing = _pictures(step, {n: a.where for n, a in first.items()}, read.root)
    asked = [a for a in read.asked if a.image in pictures or a.image in missing]
    # A missing image is a copy of no other.
    hashes = {n: n for n in missing} | {n: picture.sha256 for n, picture in pictures.items()}
    if config.split == "official":
        cases, given = _keep_official(asked, config, hashes)
        overlap = {"as_given": given, "as_written": find_overlap(cases, hashes)}
    else:
        cases = group_copies(_by_image(asked, None), hashes)
        cases = split_by_group(cases, config.train, config.validation, config.seed)
        overlap = {"as_written": find_overlap(cases, hashes)}
    return cases, pictures, overlap


def _pictures(
    step: Step, names: dict[str, str], root: Path
) -> tuple[dict[str, Picture], list[str]]:
    """Look at every image once: those that are whole, and those that are not there."""
    pictures, missing = {}, []
    for name, where in names.items():
        if ".." not in PurePosixPath(name).parts and not (root / name).is_file():
            missing.append(name)
            continue
        with or_skip(step, name):
            if ".." in PurePosixPath(name).parts:
                raise UserError(f"{where}: the image {name} lies outside of the data set.")
            pictures[name] = look_at(root / name, where)
    if missing:
        log.warning(
            "%d of %d images are missing, such as %s. Their cases are written; put the images "
            "there before anything is trained on them.",
            len(missing),
            len(names),
            root / missing[0],
        )
    return pictures, missing


def _by_image(asked: Sequence[Asked], official: str | None) -> list[Case]:
    """One case an image; the same question with the same answer stands once."""
    by_id: dict[str, dict[tuple[str, str], Asked]] = {}
    for entry in asked:
        key = (fold(entry.question.text), fold(entry.question.answer))
        by_id.setdefault(entry.id, {}).setdefault(key, entry)
    cases = []
    for id, entries in by_id.items():
        first = next(iter(entries.values()))
        labels: dict[str, str] = {}
        for entry in entries.values():
            labels = entry.labels | labels
        cases.append(
            Case(
                file_name=first.image,
                id=id,
                group=id,
                modality="radiology",
                split=official,
                labels=labels,
                questions=tuple(e.question for e in entries.values()),
            )
        )
    return cases


def _keep_official(
    asked: Sequence[Asked], config: VqaConfig, hashes: dict[str, str]
) -> tuple[list[Case], dict[str, Any]]:
    """Keep the official split where it can be kept: what is tested on is not trained on."""
    names = sorted({str(a.official) for a in asked})
    if len(names) < 2 or "None" in names:
        raise UserError(
            f"{config.source} has no official split to keep (its questions are of: "
            f"{', '.join(names)}). Expected files that begin with train, val or test; or leave "
            "--split official out."
        )
    given = [c for n in names for c in _by_image([a for a in asked if a.official == n], n)]
    grouped = group_copies(given, hashes)
    split_of = most_held_out((c.group, str(c.split)) for c in grouped)
    cases = [c for c in grouped if c.split == split_of[c.group]]
    dropped = sum(len(c.questions) for c in grouped) - sum(len(c.questions) for c in cases)
    if dropped:
        log.warning("%d questions dropped: their images are in a more held-out split", dropped)
    if "validation" not in names and config.validation > 0:
        cases = _with_validation(cases, config)
    return cases, find_overlap(given, hashes)


def _with_validation(cases: Sequence[Case], config: VqaConfig) -> list[Case]:
    """Draw a validation part from the training images of an official split that has none."""
    train = [c for c in cases if c.split == "train"]
    drawn = split_by_group(train, 1 - config.validation, config.validation, config.seed)
    return drawn + [c for c in cases if c.split != "train"]
