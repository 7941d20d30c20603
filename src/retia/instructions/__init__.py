"""Cases to instruction samples: facts, wording, questions, the built-in teacher; exports."""

from retia.instructions.export import ExportConfig, export
from retia.instructions.eyes.writer import stage_answer, stage_question
from retia.instructions.write import WriteConfig, write

__all__ = ["ExportConfig", "WriteConfig", "export", "stage_answer", "stage_question", "write"]
