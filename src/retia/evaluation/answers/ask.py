"""Questions to texts: a student is asked under every condition.

In:  a `Plan`.
Out: one `Prediction` a question and condition.
"""

import logging
from collections.abc import Callable, Sequence

import numpy as np

from retia.evaluation.answers.predictions import CONDITIONS, Condition, Prediction
from retia.evaluation.plan.controls import blank, foreign_images
from retia.evaluation.plan.items import Item, Plan
from retia.evaluation.predictors.predictor import Predictor
from retia.records import Case
from retia.runs import track

log = logging.getLogger("retia")

BATCH = 64


def ask_all(
    plan: Plan, predictor: Predictor, load: Callable[[Case], np.ndarray], seed: int
) -> list[Prediction]:
    """Ask every question about the real, a blank and somebody else's image.

    Args:
        plan: What to ask.
        predictor: Answers.
        load: Reads the image of a case, uint8.
        seed: Of the shuffled control.
    """
    predictions: list[Prediction] = []
    for name, items in {"stage": plan.stage, **plan.questions}.items():
        for condition in CONDITIONS if items else ():
            shown = _shown(items, plan.pool, condition, seed)
            if shown is None:
                log.warning("evaluate: %s: too few groups to shuffle images, left out", name)
                continue
            what = f"{name}, {condition} image"
            predictions += _ask(items, shown, condition, predictor, load, what)
    return predictions


def _shown(
    items: Sequence[Item], pool: Sequence[Case], condition: Condition, seed: int
) -> list[Case] | None:
    """Per item the case whose image is shown; questions about one case see the same image."""
    cases = list({item.case.id: item.case for item in items}.values())
    if condition != "shuffled":
        return [item.case for item in items]
    modalities = {case.modality for case in cases}
    foreign = foreign_images(cases, [c for c in pool if c.modality in modalities], seed)
    if foreign is None:
        return None
    image_of = {case.id: other for case, other in zip(cases, foreign, strict=True)}
    return [image_of[item.case.id] for item in items]


def _ask(
    items: Sequence[Item],
    shown: Sequence[Case],
    condition: Condition,
    predictor: Predictor,
    load: Callable[[Case], np.ndarray],
    what: str,
) -> list[Prediction]:
    predictions: list[Prediction] = []
    for start in track(range(0, len(items), BATCH), what):
        part = items[start : start + BATCH]
        images = [load(case) for case in shown[start : start + BATCH]]
        if condition == "blank":
            images = [blank(image) for image in images]
        answers = predictor.answer(images, [item.question for item in part])
        for item, case, said in zip(part, shown[start : start + BATCH], answers, strict=True):
            predictions.append(
                Prediction(
                    case=item.case.id,
                    question=item.question,
                    text=said.text,
                    condition=condition,
                    question_kind=item.question_kind,
                    image_of=case.id if condition == "shuffled" else None,
                    logprob=said.logprob,
                    trouble=said.trouble,
                )
            )
    return predictions
