"""Lesions: each is what it takes away from a healthy eye and what it adds."""

from retia.synthesis.pathology.healthy import Healthy
from retia.synthesis.pathology.lesion import Lesion, fed, removed_by, with_faz, with_lesions
from retia.synthesis.pathology.make import make_lesions

__all__ = [
    "Healthy",
    "Lesion",
    "fed",
    "make_lesions",
    "removed_by",
    "with_faz",
    "with_lesions",
]
