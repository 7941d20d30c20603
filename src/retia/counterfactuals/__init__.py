"""What an answer rests on: remove a region from an image and see what the answer loses.

In:  an image, a region of it, an answer about it.
Out: the effect of that region on how likely the answer is, beyond that of a random region.
"""

from retia.counterfactuals.effect import Edits, Effect, Scorer, effects, make_edits
from retia.counterfactuals.fills import FILLS, Fill, remove
from retia.counterfactuals.regions import box_mask, foreground, random_regions
from retia.counterfactuals.scorer import student_scorer

__all__ = [
    "FILLS",
    "Edits",
    "Effect",
    "Fill",
    "Scorer",
    "box_mask",
    "effects",
    "foreground",
    "make_edits",
    "random_regions",
    "remove",
    "student_scorer",
]
