"""A model folder as a predictor."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retia.counterfactuals import student_scorer
from retia.evaluation.predictors.predictor import TEMPERATURE, Predictor, Said
from retia.students.ask import ask_aloud
from retia.students.sample import draw
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
        said = ask_aloud(student, images, questions, max_new_tokens=max_new_tokens)
        return [Said(text=text, logprob=logprob) for text, logprob in said]

    def sample(
        images: Sequence[np.ndarray], questions: Sequence[str], copies: int, seed: int
    ) -> list[list[str]]:
        shown = [image for image in images for _ in range(copies)]
        asked = [question for question in questions for _ in range(copies)]
        texts = draw(student, shown, asked, TEMPERATURE, max_new_tokens, seed % 2**31)
        return [texts[i * copies : (i + 1) * copies] for i in range(len(questions))]

    return Predictor(name=folder.name, answer=answer, score=student_scorer(student), sample=sample)
