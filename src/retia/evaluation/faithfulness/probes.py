"""Items and answers to probes: one answer, one region that it should rest on.

In:  items with what was answered about the real image.
Out: probes; how many could not be made, by reason.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from retia.claims import answer_matches, normalised, parse_answer, stage_in
from retia.errors import UserError
from retia.evaluation.answers.predictions import Prediction
from retia.evaluation.answers.scores import read_answer
from retia.evaluation.faithfulness.regions import ProbedRegion, regions_of
from retia.evaluation.plan.items import Item
from retia.records import Case

Load = Callable[[Case], np.ndarray]
"""Reads the image of a case, uint8."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One answer and one region."""

    key: str
    """Names it among all; depends on the question, the answer and the region alone."""
    item: Item
    region: ProbedRegion
    said: str
    """The greedy answer about the real image."""
    right: bool
    load: Load = field(repr=False, compare=False)

    @property
    def image(self) -> np.ndarray:
        """Its image, uint8."""
        return self.load(self.item.case)


def make_probes(
    answered: Sequence[tuple[Item, Prediction]], folder: Path, load: Load
) -> tuple[list[Probe], Counter[str]]:
    """Pair every answer with the regions it should rest on.

    Args:
        answered: Items with their answers about the real image.
        folder: What paths of the cases are relative to.
        load: Reads the image of a case, uint8.

    Returns:
        The probes in the order of the items, and how often there is none, by reason.
    """
    reasons: Counter[str] = Counter()
    probes: dict[str, Probe] = {}
    kept = lru_cache(4)(lambda id: load(cases[id]))
    cases = {item.case.id: item.case for item, _ in answered}
    for item, prediction in answered:
        if not prediction.text.strip():
            reasons["no answer"] += 1
            continue
        try:
            size = kept(item.case.id).shape[:2]
        except UserError:
            reasons["the image cannot be read"] += 1
            continue
        regions, missing = regions_of(item, prediction.text, folder, (size[0], size[1]))
        reasons.update(missing)
        right = is_right(item, prediction.text)
        for region in regions:
            key = _key(item, prediction.text, region)
            probes[key] = Probe(
                key=key, item=item, region=region, said=prediction.text, right=right, load=load
            )
    return list(probes.values()), reasons


def is_right(item: Item, text: str) -> bool:
    """Whether an answer is right; an unreadable one is wrong."""
    if item.gold.type != "stage":
        return read_answer(item, text).right
    return answer_matches(text, item.gold, item.case.modality)


def read_short(item: Item, text: str) -> str:
    """What an answer comes to, so that two can be compared: wording aside, the same is the same."""
    modality = item.case.modality
    answer = parse_answer(text, modality=modality)
    said = answer.answer if answer is not None else text
    if item.gold.type == "stage":
        return stage_in(said, modality) or "unreadable"
    return normalised(said)


def _key(item: Item, said: str, region: ProbedRegion) -> str:
    digest = hashlib.sha256(np.packbits(region.mask).tobytes())
    twin = region.twin.image.name if region.twin else ""
    for part in (item.case.id, item.question, said, region.source, region.scope, twin):
        digest.update(part.encode() + b"\0")
    return f"{item.case.id}/{region.source}/{region.scope}/{digest.hexdigest()[:16]}"
