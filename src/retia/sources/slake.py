"""`retia import slake`: SLAKE (Liu et al. 2021), questions with boxes of organs and lesions.

In:  a folder with `train.json` (and `validation.json`, `test.json`) and `imgs/xmlab1/source.jpg`,
     beside it `detection.json`: a list of `{"Liver": [x, y, width, height]}` in pixels, and
     `mask.png` with the numbers of `mask.txt` (see `slake_masks`). Also Parquet, a `save_to_disk`
     folder, or a hub id.
Out: one case an image, with its typed questions; boxes and masks are findings and regions of
     questions, and what questions tell of sides is told of findings (see `sides`).
"""

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from retia.errors import UserError
from retia.records import Case, Finding, Question
from retia.runs import Step, open_step
from retia.sources.imported import Origin, read_json, write_imported
from retia.sources.pictures import Picture, clip_box
from retia.sources.questions import gold_type, text_of
from retia.sources.sides import kind_and_side, slug, with_told
from retia.sources.slake_masks import MASK, NAMES, read_labels, read_names, with_masks
from retia.sources.stored import inputs_of
from retia.sources.tables import or_skip
from retia.sources.vqa import Asked, VqaConfig, read_vqa_files, to_cases

log = logging.getLogger("retia")

ORIGIN = Origin(
    title="SLAKE",
    licence="CC BY 4.0, as its hosting page says.",
    reference="B. Liu, L.-M. Zhan, L. Xu, L. Ma, Y. Yang, X.-M. Wu: SLAKE: a "
    "semantically-labeled knowledge-enhanced dataset for medical visual question answering. "
    "ISBI 2021.",
    notes="Boxes of `detection.json` are findings, and so is every label of a mask that lies in no "
    "such box; a question that names the thing of exactly one finding, in its own words or in its "
    "answer, has that finding's box and mask as its region. Masks with numbers that `mask.txt` "
    "does not name are left out. Where a question with its answer plainly says that something is "
    "there, or on which side of the body, this is a finding or its side; where one denies it, it "
    "was looked for. The published split shares most test images with its training part.",
)
TOPICS = {"kg": "knowledge"}


@dataclass(frozen=True, kw_only=True)
class SlakeConfig(VqaConfig):
    """What `retia import slake` takes."""

    language: str = "en"
    """Language of the questions: `en`, `zh`, or `all`."""


def import_slake(config: SlakeConfig) -> dict[str, Any]:
    """Import SLAKE: radiological images with questions and boxes.

    Writes `metadata.jsonl`, `overlap.json` (what the splits share) and a dataset card. Images stay
    where they are.

    Returns:
        Counts of images, questions, findings and images per split.

    Raises:
        UserError: If there is no question to import.
        ItemsFailedError: At the end, if questions, boxes or images were skipped, naming each.
    """
    with open_step("import slake", config, inputs_of(config.source)) as step:
        if step.done:
            return step.summary
        read = read_vqa_files(step, config.source, lambda row, where: to_asked(row, where, config))
        cases, pictures, overlap = to_cases(step, read, config)
        masks = Masks(names=read_names(read.root / NAMES))
        for place, case in enumerate(cases):
            if case.file_name in pictures:
                with or_skip(step, case.id):
                    picture = pictures[case.file_name]
                    cases[place] = with_regions(step, case, read.root, picture, masks)
        cases = [with_told(case, bare_sides=False) for case in cases]
        write_imported(step, read.root, cases, ORIGIN, overlap)
        step.summary |= {"missing_images": len(cases) - len(pictures)} | masks.told()
    return step.summary


def to_asked(row: dict[str, Any], where: str, config: SlakeConfig) -> Asked | None:
    """One entry of the file as a question about an image.

    Returns:
        None in another language, and without an answer (the published file holds such entries).

    Raises:
        UserError: If a field is missing.
    """
    language = text_of(row, "q_lang", where)
    if config.language not in ("all", language):
        return None
    if row.get("answer") == "":
        log.warning("%s left out: it has no answer", where)
        return None
    text, answer = text_of(row, "question", where), text_of(row, "answer", where)
    name = PurePosixPath(text_of(row, "img_name", where))
    topic = slug(text_of(row, "content_type", where))
    closed = text_of(row, "answer_type", where).upper() == "CLOSED"
    return Asked(
        image=str("imgs" / name),
        id=name.parent.name or name.stem,
        question=Question(
            text=text,
            answer=answer,
            kind=gold_type(text, answer, closed),
            topic=TOPICS.get(topic, topic),
            id=text_of(row, "qid", where),
        ),
        where=where,
        labels={
            "organ": slug(text_of(row, "location", where)),
            "modality": text_of(row, "modality", where).lower(),
        },
    )


@dataclass(kw_only=True)
class Masks:
    """The names of `mask.txt`, and what became of the masks."""

    names: dict[int, str]
    read: int = 0
    left_out: list[str] = field(default_factory=list)
    """Paths of masks with numbers that have no name."""

    def told(self) -> dict[str, int]:
        """Counts for the summary; masks that were left out are told once."""
        if self.left_out:
            log.warning(
                "%d masks left out, such as %s: %s. Their boxes are read.",
                len(self.left_out),
                self.left_out[0],
                f"they hold numbers that {NAMES} does not name"
                if self.names
                else f"there is no {NAMES} that names their numbers",
            )
        return {"masks": self.read, "masks_left_out": len(self.left_out)}


def with_regions(step: Step, case: Case, source: Path, picture: Picture, masks: Masks) -> Case:
    """Add the boxes of `detection.json` and the labels of `mask.png`, where they are there.

    Raises:
        UserError: If one is malformed.
    """
    folder = (source / case.file_name).parent
    boxes, mask = folder / "detection.json", folder / MASK
    findings = read_detections(step, boxes, picture) if boxes.is_file() else ()
    if mask.is_file():
        with or_skip(step, f"{case.id}: {MASK}"):
            labels = read_labels(mask, masks.names, picture)
            if labels is None:
                masks.left_out.append(str(mask))
            else:
                masks.read += 1
                findings = with_masks(findings, labels, step.out / "masks" / case.id)
    questions = tuple(_with_region(q, findings) for q in case.questions)
    named = tuple(map(in_our_words, findings))
    return replace(case, findings=named, questions=questions)


def read_detections(step: Step, path: Path, picture: Picture) -> tuple[Finding, ...]:
    """The boxes of one image; malformed ones, and those without a pixel in it, are named.

    Raises:
        UserError: If the file is no JSON.
    """
    entries = read_json(path)
    findings: list[Finding] = []
    for number, entry in enumerate(entries if isinstance(entries, list) else [entries], 1):
        where = f"{path}, entry {number}"
        with or_skip(step, where):
            name, box = _named_box(entry, where)
            clipped = clip_box(*box, picture)
            if clipped is None:
                log.warning("%s left out: the box of %s lies outside of the image", where, name)
                continue
            id = f"f{len(findings) + 1}"
            findings.append(Finding(id=id, kind=slug(name), source="annotation", box_px=clipped))
    return tuple(findings)


def _named_box(entry: Any, where: str) -> tuple[str, tuple[float, float, float, float]]:
    try:
        ((name, box),) = entry.items()
        left, top, width, height = (float(value) for value in box)
    except (AttributeError, TypeError, ValueError):
        raise UserError(
            f'{where}: {entry!r:.80}. Expected `{{"Liver": [x, y, width, height]}}`.'
        ) from None
    return name, (left, top, width, height)


def in_our_words(finding: Finding) -> Finding:
    """The finding with the vocabulary's id for its kind, and the side that its name says."""
    kind, side = kind_and_side(finding.kind)
    attributes = {"side": side} if side else {}
    return replace(finding, kind=kind, attributes=finding.attributes | attributes)


def _with_region(question: Question, findings: Sequence[Finding]) -> Question:
    """The box of what the question is about, where it is exactly one; its words go first."""
    for text in (question.text, question.answer):
        kinds = _named(text, {f.kind for f in findings})
        boxed = [f for f in findings if f.kind in kinds]
        if boxed:
            return replace(question, region=boxed[0].region) if len(boxed) == 1 else question
    return question


def _named(text: str, kinds: Iterable[str]) -> set[str]:
    """The kinds that a text names; of `lung` and `lung_cancer` the longer one, where it fits."""
    longest_first = sorted(kinds, key=lambda kind: (-len(kind), kind))
    words = "|".join(r"[\s_-]+".join(map(re.escape, k.split("_"))) for k in longest_first)
    found = re.finditer(rf"(?<!\w)({words or '(?!)'})s?(?!\w)", text, re.IGNORECASE)
    return {slug(match[1]) for match in found}
