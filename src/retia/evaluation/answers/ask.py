"""Questions to texts: a predictor is asked under every condition.

In:  a `Plan`.
Out: one `Prediction` a question and condition. What was answered is kept as it comes, so that a run
that was killed asks only the rest.
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from retia.errors import UserError
from retia.evaluation.answers.predictions import CONDITIONS, Condition, Prediction
from retia.evaluation.plan.controls import blank, foreign_images
from retia.evaluation.plan.items import Item, Plan
from retia.evaluation.predictors.predictor import Predictor, Said
from retia.records import Case
from retia.records.jsonl import read_records, to_json
from retia.runs import item_seed, track

log = logging.getLogger("retia")

BATCH = 64
DIGITS = 6
"""Of a log-probability: further ones depend on which questions were asked together."""

Load = Callable[[Case], np.ndarray]
Key = tuple[Condition, str, str]
"""Condition, case, question."""
Answered = tuple[list[Prediction], list[Prediction]]
"""All answers of a batch, and those of them that were not known."""


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """Questions asked together."""

    name: str
    """Seeds what is sampled."""
    condition: Condition
    items: Sequence[Item]
    shown: Sequence[Case]
    """Per item the case whose image is shown."""


def ask_all(
    plan: Plan,
    predictor: Predictor,
    load: Load,
    seed: int,
    store: Path | None = None,
    copies: int = 0,
) -> list[Prediction]:
    """Ask every question about the real, a blank and somebody else's image.

    An image that cannot be read, and a question that got no answer, are answers with a `trouble`:
    empty, and wrong.

    Args:
        plan: What to ask.
        predictor: Answers.
        load: Reads the image of a case, uint8.
        seed: Of the shuffled control and of the copies.
        store: JSON Lines file in which every answer is kept as it comes, and from which those of
            an earlier run with the same plan, predictor, seed and copies are read. Troubles are not
            kept: they are asked again.
        copies: So many further answers about the real image are sampled, where the predictor can.

    Raises:
        UserError: If not one question got an answer.
    """
    batches = list(_batches(plan, seed))
    known = {} if store is None else _read_store(store)
    sampled = copies if predictor.sample is not None else 0

    def answer(batch: _Batch) -> Answered:
        return _answer(batch, known, predictor, load, item_seed(seed, batch.name), sampled)

    predictions: list[Prediction] = []
    answered = _in_order(batches, answer, predictor.batches_at_once)
    for own, new in track(answered, f"asking {predictor.name}", len(batches)):
        predictions += own
        if store is not None:
            _keep(store, [p for p in new if p.trouble is None])
    troubles = [p.trouble for p in predictions if p.trouble is not None]
    if troubles and len(troubles) == len(predictions):
        raise UserError(f"none of {len(troubles)} questions got an answer. First: {troubles[0]}")
    answered_ones = [p for p in predictions if p.condition == "real" and p.trouble is None]
    lost = sum(sampled - len(p.copies) for p in answered_ones)
    if lost:
        log.warning("evaluate: %d of the answers to be sampled could not be had", lost)
    return predictions


def _batches(plan: Plan, seed: int) -> Iterator[_Batch]:
    for name, items in {"stage": plan.stage, **plan.questions}.items():
        for condition in CONDITIONS if items else ():
            shown = _shown(items, plan.pool, condition, seed)
            if shown is None:
                log.warning("evaluate: %s: too few groups to shuffle images, left out", name)
                continue
            for start in range(0, len(items), BATCH):
                part = slice(start, start + BATCH)
                yield _Batch(
                    name=f"{name}/{condition}/{start}",
                    condition=condition,
                    items=items[part],
                    shown=shown[part],
                )


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


def _in_order(
    batches: Sequence[_Batch], answer: Callable[[_Batch], Answered], at_once: int
) -> Iterator[Answered]:
    """Yield the answers in order; so many batches at once, each in a thread of its own."""
    if at_once == 1:
        yield from map(answer, batches)
        return
    pool = ThreadPoolExecutor(at_once)
    try:
        yield from pool.map(answer, batches)
    finally:
        pool.shutdown(cancel_futures=True)


def _answer(
    batch: _Batch,
    known: dict[Key, Prediction],
    predictor: Predictor,
    load: Load,
    seed: int,
    copies: int,
) -> Answered:
    told = [known.get((batch.condition, i.case.id, i.question)) for i in batch.items]
    images, troubles = _images(batch, [own is None for own in told], load)
    asked = [at for at, own in enumerate(told) if own is None and images[at] is not None]
    shown = [image for at in asked if (image := images[at]) is not None]
    questions = [batch.items[at].question for at in asked]
    said = dict(zip(asked, predictor.answer(shown, questions) if asked else [], strict=True))
    drawn: dict[int, list[str]] = {}
    again = [at for at in asked if said[at].trouble is None]
    if copies and again and batch.condition == "real" and predictor.sample is not None:
        places = [asked.index(at) for at in again]
        pairs = [shown[n] for n in places], [questions[n] for n in places]
        drawn = dict(zip(again, predictor.sample(*pairs, copies, seed), strict=True))
    answers, new = [], []
    for at, own in enumerate(told):
        if own is None:
            trouble = Said(text="", trouble=troubles.get(batch.shown[at].id))
            own = _prediction(batch, at, said.get(at, trouble), drawn.get(at, []))
            new.append(own)
        answers.append(own)
    return answers, new


def _images(
    batch: _Batch, wanted: Sequence[bool], load: Load
) -> tuple[list[np.ndarray | None], dict[str, str]]:
    """Per item its image, None where it is not wanted or cannot be read; and why, by case.

    Questions about one case share one array.
    """
    images: dict[str, np.ndarray] = {}
    troubles: dict[str, str] = {}
    for case, needed in zip(batch.shown, wanted, strict=True):
        if not needed or case.id in images or case.id in troubles:
            continue
        try:
            image = load(case)
        except UserError as error:
            troubles[case.id] = f"image: {error}"
            continue
        images[case.id] = blank(image) if batch.condition == "blank" else image
    return [images.get(case.id) for case in batch.shown], troubles


def _prediction(batch: _Batch, at: int, said: Said, copies: Sequence[str]) -> Prediction:
    item = batch.items[at]
    return Prediction(
        case=item.case.id,
        question=item.question,
        text=said.text,
        condition=batch.condition,
        question_kind=item.question_kind,
        image_of=batch.shown[at].id if batch.condition == "shuffled" else None,
        logprob=None if said.logprob is None else round(said.logprob, DIGITS),
        trouble=said.trouble,
        copies=tuple(copies),
    )


def _read_store(path: Path) -> dict[Key, Prediction]:
    """What an earlier run kept; a last line that was cut off by a kill is removed."""
    if not path.is_file():
        return {}
    kept = path.read_bytes()
    whole = kept.rfind(b"\n") + 1
    if whole < len(kept):
        os.truncate(path, whole)
    predictions = [replace(p, copies=tuple(p.copies)) for p in read_records(path, Prediction)]
    if predictions:
        log.info("evaluate: %d answers of an earlier run are kept", len(predictions))
    return {(p.condition, p.case, p.question): p for p in predictions}


def _keep(path: Path, predictions: Sequence[Prediction]) -> None:
    if not predictions:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(to_json(p) + "\n" for p in predictions))
        file.flush()
        os.fsync(file.fileno())
