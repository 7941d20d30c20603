"""Scored answers to items of a gallery, the worst explanations first.

In:  rows of stage answers or of questions.
Out: the same rows in order; what a gallery shows of one.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from retia.claims import Agreement, judge_text
from retia.counterfactuals import box_mask
from retia.evaluation.answers.measure import UNREADABLE, StageRow
from retia.evaluation.answers.scores import QuestionRow
from retia.evaluation.plan.blind import gold_text
from retia.evaluation.report.gallery import Shown, outlined
from retia.instructions.eyes.writer import stage_question
from retia.records import Case
from retia.taxonomy import read_vocabulary

Row = TypeVar("Row", StageRow, QuestionRow)
Load = Callable[[Case], np.ndarray]
"""Reads the image of a case, uint8."""


def worst_first(rows: Sequence[Row]) -> list[Row]:
    """Rows whose explanation could be judged: most contradicted claims, smallest F1, least to tell.

    Rows without a vocabulary, or with neither a claim nor anything to find, are left out. Ties
    stay in the order of the rows; the best ones are the same list read backwards.
    """
    judged = [row for row in rows if row.agreement is not None and row.agreement.f1 is not None]
    return sorted(judged, key=_goodness)


def _goodness(row: StageRow | QuestionRow) -> tuple[int, float, int]:
    agreement = row.agreement or Agreement()
    # Of two that are all true, the one about an eye with more to tell is the better one.
    return -agreement.contradicted, agreement.f1 or 0.0, agreement.items


def shown_stage(row: StageRow, load: Load) -> Shown:
    """What a gallery shows of a stage answer; counterfactual image and answer are not known yet."""
    stages = read_vocabulary(row.case.modality).stages
    said = stages[row.predicted][0] if row.predicted in stages else row.predicted
    notes = [] if row.consistent else ["the answer does not follow from its reasons"]
    if row.predicted == UNREADABLE:
        notes = ["no stage could be read"]
    return _shown(
        row.case,
        load,
        title=_title(row.agreement),
        question=stage_question(row.case),
        gold=read_vocabulary(row.case.modality).stage_name(str(row.case.stage)),
        before=said if row.predicted != UNREADABLE else row.text,
        sentences=row.sentences,
        note="; ".join(notes),
    )


def shown_answer(row: QuestionRow, load: Load) -> Shown:
    """The same of the answer to any other question."""
    case, judged = row.item.case, row.agreement is not None
    return _shown(
        case,
        load,
        title=_title(row.agreement) if row.agreement else "right" if row.right else "wrong",
        question=row.item.question,
        gold=gold_text(row.item.gold),
        before=row.said or row.text,
        sentences=tuple(judge_text(row.text, case)[0]) if judged else (),
        note="" if row.right else "the answer is wrong",
    )


def _shown(
    case: Case,
    load: Load,
    *,
    title: str,
    question: str,
    gold: str,
    before: str,
    sentences: Sequence,
    note: str,
) -> Shown:
    picture = load(case)
    region = _boxes(case, picture.shape[:2])
    return Shown(
        title=title,
        case=case.id,
        picture=picture,
        region_picture=outlined(picture, region) if region.any() else None,
        edited=None,
        question=question,
        gold=gold,
        before=before,
        after=None,
        sentences=tuple(sentences),
        note=note,
    )


def _boxes(case: Case, shape: tuple[int, int]) -> np.ndarray:
    """The boxes of all findings together, bool, shape `(H, W)`."""
    region = np.zeros(shape, bool)
    for finding in case.findings:
        if finding.box_px is not None:
            region |= box_mask(finding.box_px, shape)
    return region


def _title(agreement: Agreement) -> str:
    missed = agreement.items - agreement.found
    return (
        f"{agreement.contradicted} of {agreement.claims} claims contradicted; "
        f"{missed} of {agreement.items} findings not named"
    )
