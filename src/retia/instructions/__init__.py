"""Cases to instruction samples: facts, wording, questions, the built-in teacher; exports."""

from retia.instructions.export import ExportConfig, export
from retia.instructions.write import WriteConfig, write
from retia.instructions.writer import stage_answer, stage_question

__all__ = ["ExportConfig", "WriteConfig", "export", "stage_answer", "stage_question", "write"]
