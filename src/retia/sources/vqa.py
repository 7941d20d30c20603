"""Question files of medical VQA data sets to cases: what VQA-RAD and SLAKE share.

In:  a folder with question files as JSON (a list of entries each) and images.
Out: one case an image with its questions, split by image, and what the splits share.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from retia.errors import UserError
from retia.records import Case, Question
from retia.sources.imported import ImportConfig, read_json
from retia.sources.overlap import find_overlap, fold, group_copies
from retia.sources.pictures import Picture, look_at
from retia.sources.splits import check_shares, draw, most_held_out, split_by_group

log = logging.getLogger("retia")

OFFICIAL = {"train": "train", "val": "validation", "test": "test"}
"""How the name of a question file begins, and which official split it holds."""


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


def read_vqa_files(
    source: Path, to_asked: Callable[[dict[str, Any], str], Asked | None]
) -> list[Asked]:
    """Read every question file of a folder.

    Args:
        source: Holds `*.json`, each a list of entries.
        to_asked: Reads one entry; None leaves it out.

    Raises:
        UserError: Naming file and entry of the first problem.
    """
    files = sorted(source.glob("*.json"))
    if not files:
        raise UserError(f"{source} holds no JSON file. Expected the questions there.")
    asked: list[Asked] = []
    for path in files:
        rows = read_json(path)
        official = next((s for begin, s in OFFICIAL.items() if path.stem.startswith(begin)), None)
        if not isinstance(rows, list):
            raise UserError(f"{path} holds {type(rows).__name__}, expected a list of questions.")
        for number, row in enumerate(rows, 1):
            where = f"{path}, entry {number}"
            if not isinstance(row, dict):
                raise UserError(f"{where}: {row!r:.60} is no question. Expected an object.")
            if (entry := to_asked(row, where)) is not None:
                asked.append(replace(entry, official=official or entry.official))
    if not asked:
        raise UserError(f"{source}: none of its question files holds a question to import.")
    return asked


def to_cases(
    asked: Sequence[Asked], config: VqaConfig
) -> tuple[list[Case], dict[str, Picture], dict[str, Any]]:
    """One case an image, with a split.

    Args:
        asked: The entries, in their order.
        config: Source, shares, limit, seed and which split.

    Returns:
        Cases with `file_name` relative to the source; per `file_name` its picture; and the
        overlap of the splits (`as_written`, and `as_given` for an official one).

    Raises:
        UserError: If an image is missing or damaged, or there is no official split to keep.
    """
    check_shares(config.train, config.validation)
    kept = {c.id for c in draw(_by_image(asked, None), config.limit, config.seed)}
    asked = [a for a in asked if a.id in kept]
    pictures = {}
    for entry in asked:
        if entry.image not in pictures:
            pictures[entry.image] = look_at(config.source / entry.image, entry.where)
    hashes = {name: picture.sha256 for name, picture in pictures.items()}
    if config.split == "official":
        cases, given = _keep_official(asked, config, hashes)
        overlap = {"as_given": given, "as_written": find_overlap(cases, hashes)}
    else:
        cases = group_copies(_by_image(asked, None), hashes)
        cases = split_by_group(cases, config.train, config.validation, config.seed)
        overlap = {"as_written": find_overlap(cases, hashes)}
    return cases, pictures, overlap


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
