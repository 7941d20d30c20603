"""Boxes in text and how much two of them overlap."""

import re

from retia.records.case import Box

_NUMBER = r"-?\d+(?:\.\d+)?"
_BOX = re.compile(
    rf"[\[(]\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*[\])]"
)


def iou(first: Box, second: Box) -> float:
    """Intersection over union of two half-open boxes, in [0, 1]; 0 for an empty or inverted box."""
    shared = intersection(first, second)
    union = _area(first) + _area(second) - shared
    return shared / union if union > 0 else 0.0


def intersection(first: Box, second: Box) -> float:
    """Area that two boxes share, in square pixels."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return max(0.0, width) * max(0.0, height) if _area(first) and _area(second) else 0.0


def overlap_of_smaller(first: Box, second: Box) -> float:
    """Share of the smaller box that lies in the other one, in [0, 1]."""
    smaller = min(_area(first), _area(second))
    return intersection(first, second) / smaller if smaller > 0 else 0.0


def box_in(text: str) -> Box | None:
    """Read the first `[x0, y0, x1, y1]` of a text; None when there is none."""
    found = _BOX.search(text)
    if found is None:
        return None
    x0, y0, x1, y1 = (float(v) for v in found.groups())
    return x0, y0, x1, y1


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
