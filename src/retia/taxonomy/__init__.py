"""Closed vocabularies as data: kinds, their words, numbers and severities; the stage rule."""

from retia.taxonomy.stages import GRADES, STAGES, stage_of
from retia.taxonomy.vocabulary import Kind, Vocabulary, read_vocabulary

__all__ = ["GRADES", "STAGES", "Kind", "Vocabulary", "read_vocabulary", "stage_of"]
