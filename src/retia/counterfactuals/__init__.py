"""What an answer rests on: remove a region from an image and see what the answer loses.

In:  an image, a region of it, an answer about it.
Out: the effect of that region on how likely the answer is, beyond that of a random region.
"""

from retia.counterfactuals.effect import Edits, Effect, Scorer, effects, make_edits
from retia.counterfactuals.fills import FILLS, Fill, add_noise, keep_only, remove
from retia.counterfactuals.matched import doses, mask_at, matched_places
from retia.counterfactuals.regions import box_mask, foreground, random_regions
from retia.counterfactuals.scorer import student_scorer

__all__ = [
    "FILLS",
    "Edits",
    "Effect",
    "Fill",
    "Scorer",
    "add_noise",
    "box_mask",
    "doses",
    "effects",
    "foreground",
    "keep_only",
    "make_edits",
    "mask_at",
    "matched_places",
    "random_regions",
    "remove",
    "student_scorer",
]
