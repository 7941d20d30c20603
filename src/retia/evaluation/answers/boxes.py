"""Boxes over a set of images: mean average precision at an overlap of one half, after COCO.

In:  boxes that are there and boxes that were said, image by image.
Out: average precision, and numbers of the questions that asked for a box.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retia.claims import box_in, iou
from retia.evaluation.answers.scores import QuestionRow
from retia.records.case import Box
from retia.statistics import bootstrap_interval, mean_interval

Settings = dict[str, Any]
"""`resamples`, `level`, `seed` of the intervals."""

THRESHOLD = 0.5
"""Least intersection over union of a hit."""
_RECALLS = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, kw_only=True)
class Boxes:
    """All boxes of one class in one image."""

    true: tuple[Box, ...]
    said: tuple[tuple[float, Box], ...]
    """How sure, and where; larger is surer. All the same where the student does not tell."""


def hits(boxes: Boxes, threshold: float = THRESHOLD) -> list[tuple[float, bool]]:
    """Whether each box that was said hits one that is there, surest first.

    Each goes to the free true box that it overlaps most, if it does by at least the threshold; a
    second box on the same thing is a miss.
    """
    free = list(boxes.true)
    found = []
    for sure, box in sorted(boxes.said, key=lambda pair: -pair[0]):
        overlaps = [iou(box, true) for true in free]
        hit = max(overlaps, default=0.0) >= threshold
        if hit:
            del free[int(np.argmax(overlaps))]
        found.append((sure, hit))
    return found


def average_precision(images: Sequence[Boxes], threshold: float = THRESHOLD) -> float:
    """Area under precision over recall, in [0, 1]; NaN where there is no true box.

    At each of 101 recalls from 0 to 1 the best precision that is reached at this recall or a
    higher one (Lin et al. 2014, COCO). Boxes of the same confidence come in together, since their
    order is nobody's merit: with one confidence for all it is precision times recall, to a
    hundredth.
    """
    return area_under([Judged.of(boxes, threshold) for boxes in images])


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One image, judged once, so that resampling need not."""

    hits: tuple[tuple[float, bool], ...]
    true: int
    """How many boxes are there."""

    @classmethod
    def of(cls, boxes: Boxes, threshold: float = THRESHOLD) -> "Judged":
        """Match the boxes of an image."""
        return cls(hits=tuple(hits(boxes, threshold)), true=len(boxes.true))


def area_under(images: Sequence[Judged]) -> float:
    """`average_precision` of images that are judged already."""
    total = sum(image.true for image in images)
    if not total:
        return float("nan")
    found = np.array([pair for image in images for pair in image.hits], dtype=float).reshape(-1, 2)
    sure, hit = found[np.argsort(-found[:, 0], kind="stable")].T
    # The last of each run of equal confidences.
    ends = np.flatnonzero(np.append(np.diff(sure) != 0, True)) if len(sure) else np.array([], int)
    right = np.cumsum(hit)[ends]
    recall, precision = right / total, right / (ends + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    place = np.searchsorted(recall, _RECALLS - 1e-9)
    return float(np.append(best, 0.0)[place].mean())


def box_numbers(
    rows: Sequence[QuestionRow], clusters: Sequence[str], settings: Settings
) -> dict[str, Any] | None:
    """Numbers of the questions that asked for a box; None where none did.

    One box a question: the first that is given. Each question kind is a class of its own in the
    mean average precision.

    Args:
        rows: Answers of one voice.
        clusters: What the intervals resample, one a row.
        settings: Of the intervals.

    Returns:
        `questions`, `ordered` (whether the student said how sure it is of every box) and, with
        intervals, `given` (box rate), `iou` (without a box 0), `hit` (share at the threshold) and
        `mean_average_precision`.
    """
    asked = [(r, c) for r, c in zip(rows, clusters, strict=True) if r.item.gold.type == "box"]
    if not asked:
        return None
    own, within = [row for row, _ in asked], [cluster for _, cluster in asked]
    told = all(row.confidence is not None for row in own if row.box is not None)
    ordered = told and any(row.box is not None for row in own)
    judged = np.empty(len(own), dtype=object)
    for place, row in enumerate(own):
        judged[place] = Judged.of(_boxes(row, ordered))
    kinds = np.array([row.item.question_kind for row in own])

    def mean_average_precision(kinds: np.ndarray, judged: np.ndarray) -> float:
        areas = [area_under(judged[kinds == kind].tolist()) for kind in np.unique(kinds)]
        known = [area for area in areas if not np.isnan(area)]
        return float(np.mean(known)) if known else float("nan")

    overlap = np.array([row.scores["box_iou"] for row in own])
    return {
        "questions": len(own),
        "ordered": ordered,
        "given": mean_interval([row.box is not None for row in own], within, **settings),
        "iou": mean_interval(overlap, within, **settings),
        "hit": mean_interval(overlap >= THRESHOLD, within, **settings),
        "mean_average_precision": bootstrap_interval(
            mean_average_precision, [kinds, judged], within, **settings
        ),
    }


def _boxes(row: QuestionRow, ordered: bool) -> Boxes:
    true = box_in(f"[{row.item.gold.value}]")
    sure = row.confidence if ordered and row.confidence is not None else 0.0
    return Boxes(
        true=() if true is None else (true,), said=() if row.box is None else ((sure, row.box),)
    )
