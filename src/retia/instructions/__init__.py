"""Cases to instruction samples: facts, wording, questions, the built-in teacher."""

from retia.instructions.write import WriteConfig, write
from retia.instructions.writer import stage_answer, stage_question

__all__ = ["WriteConfig", "stage_answer", "stage_question", "write"]
