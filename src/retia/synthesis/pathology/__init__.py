"""Lesions: each is what it takes away from a healthy eye and what it adds."""

from retia.synthesis.pathology.dropout import draw_dropout
from retia.synthesis.pathology.faz_enlargement import draw_faz_enlargement
from retia.synthesis.pathology.lesion import Lesion, fed, with_lesions
from retia.synthesis.pathology.make import make_lesions
from retia.synthesis.pathology.microaneurysms import draw_microaneurysms
from retia.synthesis.pathology.neovascularization import draw_tuft

__all__ = [
    "Lesion",
    "draw_dropout",
    "draw_faz_enlargement",
    "draw_microaneurysms",
    "draw_tuft",
    "fed",
    "make_lesions",
    "with_lesions",
]
