"""A model folder as a predictor."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retia.counterfactuals import student_scorer
from retia.evaluation.predictors.predictor import Predictor, Said
from retia.students.ask import ask
from retia.students.student import load_student


def student_predictor(folder: Path, max_new_tokens: int) -> Predictor:
    """Load a student.

    Args:
        folder: As `retia sft` writes it.
        max_new_tokens: Longest answer, in tokens.

    Raises:
        UserError: If the folder holds no student.
    """
    student = load_student(folder)

    def answer(images: Sequence[np.ndarray], questions: Sequence[str]) -> list[Said]:
        texts = ask(student, images, questions, max_new_tokens=max_new_tokens)
        return [Said(text=text) for text in texts]

    return Predictor(name=folder.name, answer=answer, score=student_scorer(student))
