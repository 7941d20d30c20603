"""`retia import vqa-rad`: VQA-RAD (Lau et al. 2018), questions of clinicians about radiographs.

In:  a folder with `images/` and the questions as JSON, as published or split into `trainset.json`
     and `testset.json`; or the Hub's layout: Parquet files with the images inside, a
     `save_to_disk` folder, or the id of the data set on the hub.
Out: one case an image, with its typed questions; what they plainly say to be there, and on which
     side of the body, is a finding (see `sides`).
"""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from retia.errors import UserError
from retia.records import Question
from retia.runs import open_step
from retia.sources.imported import Origin, write_imported
from retia.sources.questions import gold_type, text_of
from retia.sources.sides import with_told
from retia.sources.stored import inputs_of
from retia.sources.vqa import Asked, VqaConfig, read_vqa_files, to_cases

ORIGIN = Origin(
    title="VQA-RAD",
    licence="CC0 1.0.",
    reference="J. Lau, S. Gayen, A. Ben Abacha, D. Demner-Fushman: A dataset of clinically "
    "generated visual questions and answers about radiology images. Scientific Data 5, 180251 "
    "(2018).",
    notes="Question types are one topic each, their misspellings mended; integer answers are "
    "texts; the same question with the same answer about the same image stands once. Paraphrases "
    "are kept. Where a question with its answer plainly says that something is there, or on which "
    "side of the body, this is a finding; where one denies it of the whole image, it was looked "
    "for. Most of what an image shows was never asked about. The published split shares images "
    "between its parts.",
)

TOPICS = {
    "abn": "abnormality",
    "atrib": "attribute",
    "attrib": "attribute",
    "color": "color",
    "count": "count",
    "modality": "modality",
    "organ": "organ",
    "other": "other",
    "plane": "plane",
    "pos": "position",
    "pres": "presence",
    "prse": "presence",
    "size": "size",
}
ORGANS = {"head": "head", "chest": "chest", "abd": "abdomen"}


@dataclass(frozen=True, kw_only=True)
class VqaRadConfig(VqaConfig):
    """What `retia import vqa-rad` takes."""


def import_vqa_rad(config: VqaRadConfig) -> dict[str, Any]:
    """Import VQA-RAD: radiological images with questions.

    Writes `metadata.jsonl`, `overlap.json` (what the splits share) and a dataset card. Images stay
    where they are; those inside of Parquet or Arrow files are written to `images/`.

    Returns:
        Counts of images, questions and images per split.

    Raises:
        UserError: If there is no question to import.
        ItemsFailedError: At the end, if questions or images were skipped, naming each.
    """
    with open_step("import vqa-rad", config, inputs_of(config.source)) as step:
        if step.done:
            return step.summary
        read = read_vqa_files(step, config.source, to_asked)
        cases, pictures, overlap = to_cases(step, read, config)
        cases = [with_told(case, bare_sides=True) for case in cases]
        write_imported(step, read.root, cases, ORIGIN, overlap)
        step.summary |= {"missing_images": len(cases) - len(pictures)}
    return step.summary


def to_asked(row: dict[str, Any], where: str) -> Asked:
    """One entry of the file as a question about an image.

    Raises:
        UserError: If a field is missing or its word is unknown.
    """
    text, answer = text_of(row, "question", where), text_of(row, "answer", where)
    name = text_of(row, "image_name", where)
    closed = text_of(row, "answer_type", where).upper() == "CLOSED"
    organ = text_of(row, "image_organ", where).lower()
    if organ not in ORGANS:
        raise UserError(f"{where}: image_organ is {organ!r}. Expected {', '.join(ORGANS)}.")
    question = Question(
        text=text,
        answer=answer,
        kind=gold_type(text, answer, closed),
        topic=_topic(text_of(row, "question_type", where), where),
        id=text_of(row, "qid", where),
    )
    phrase = str(row.get("phrase_type", ""))
    return Asked(
        image=f"images/{name}",
        id=PurePosixPath(name).stem,
        question=question,
        where=where,
        labels={"organ": ORGANS[organ]},
        official="test" if phrase.startswith("test_") else "train",
    )


def _topic(words: str, where: str) -> str:
    """The first of a list of question types such as `PRES, ATTRIB`, spelled out."""
    topics = [word.strip().lower() for word in words.split(",")]
    for topic in topics:
        if topic not in TOPICS:
            raise UserError(
                f"{where}: question_type is {words!r}. Known: {', '.join(sorted(TOPICS))}."
            )
    return TOPICS[topics[0]]
