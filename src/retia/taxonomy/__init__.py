"""Closed vocabularies as data: kinds, their words, numbers and severities; the stage rule.

Surgical procedures are one YAML each: vocabulary, label check, answer schema and questions of a
procedure all come from that file.
"""

from retia.taxonomy.labels import check_case
from retia.taxonomy.procedure import procedure_files, procedure_path, read_procedure
from retia.taxonomy.schema import answer_schema
from retia.taxonomy.stages import GRADES, STAGES, stage_of
from retia.taxonomy.surgery import Contingency, Gate, Phase, Procedure, RedFlag, Term
from retia.taxonomy.vocabulary import Kind, Vocabulary, read_vocabulary

__all__ = [
    "GRADES",
    "STAGES",
    "Contingency",
    "Gate",
    "Kind",
    "Phase",
    "Procedure",
    "RedFlag",
    "Term",
    "Vocabulary",
    "answer_schema",
    "check_case",
    "procedure_files",
    "procedure_path",
    "read_procedure",
    "read_vocabulary",
    "stage_of",
]
