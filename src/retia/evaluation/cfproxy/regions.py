"""Which region of an image a reply is held to, and who says so.

In:  a question, the reply, the size of the image.
Out: a `Region` with its source and mask, or the reason why there is none.
"""

from dataclasses import dataclass

import numpy as np

from retia.claims import parse_answer
from retia.counterfactuals import box_mask
from retia.evaluation.cfproxy.settings import CfproxySettings, RegionSource
from retia.evaluation.plan.items import Item
from retia.records import Answer
from retia.records.case import Box

MOST_SHARE = 0.7
"""A model's own box above this share of the image says nothing; the source leaves it out too."""


@dataclass(frozen=True, kw_only=True)
class ChosenRegion:
    """A region to remove."""

    source: RegionSource
    box_px: Box
    mask: np.ndarray
    """bool, shape `(H, W)`."""


def own_box(answer: Answer | None) -> Box | None:
    """The first box of a reply, in pixels of the image."""
    if answer is None:
        return None
    boxes = [*answer.boxes, *(f.box for f in answer.findings if f.box is not None)]
    return boxes[0] if boxes else None


def choose_region(
    item: Item, text: str, size: tuple[int, int], settings: CfproxySettings
) -> ChosenRegion | str:
    """Choose the region of a question.

    Args:
        item: Its `roi_px` is the annotated region.
        text: The reply.
        size: (height, width) of the image.
        settings: Whose region counts, and how much a reply's own box shrinks.

    Returns:
        The region; or in words why there is none.
    """
    source = settings.region or ("model" if item.roi_px is None else "annotated")
    if source == "annotated":
        if item.roi_px is None:
            return "no annotated region"
        return _region("annotated", item.roi_px, size)
    answer = parse_answer(text, strict=True, modality=item.case.modality)
    box = own_box(answer)
    if box is None:
        return "no box in the reply" if answer else "the reply cannot be read"
    height, width = size
    clipped = _clipped(box, size)
    share = (clipped[2] - clipped[0]) * (clipped[3] - clipped[1]) / (height * width)
    if share > MOST_SHARE:
        return f"the reply's box covers more than {MOST_SHARE:.0%} of the image"
    return _region("model", _shrunk(clipped, settings.shrink), size)


def _clipped(box: Box, size: tuple[int, int]) -> Box:
    height, width = size
    x0, x1 = np.clip((box[0], box[2]), 0, width)
    y0, y1 = np.clip((box[1], box[3]), 0, height)
    return float(x0), float(y0), float(max(x0, x1)), float(max(y0, y1))


def _shrunk(box: Box, share: float) -> Box:
    dx, dy = share / 2 * (box[2] - box[0]), share / 2 * (box[3] - box[1])
    return box[0] + dx, box[1] + dy, box[2] - dx, box[3] - dy


def _region(source: RegionSource, box: Box, size: tuple[int, int]) -> ChosenRegion | str:
    mask = box_mask(box, size)
    if not mask.any():
        return "the box holds no pixel of the image"
    return ChosenRegion(source=source, box_px=box, mask=mask)
