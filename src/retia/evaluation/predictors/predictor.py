"""What answers questions, whatever stands behind it: a model folder, an endpoint, a function.

In:  images (uint8) and as many questions.
Out: what was said, with how sure the model was where it tells.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from retia.counterfactuals import Scorer
from retia.errors import UserError

Texts = Callable[[list[np.ndarray], list[str]], list[str]]
"""Images and as many questions in, texts out."""

TEMPERATURE = 0.7
"""At which copies are sampled."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """One answer."""

    text: str
    logprob: float | None = None
    """Mean log-probability a token of this text, where the model tells."""
    trouble: str | None = None
    """Why there is no answer; the text is empty then."""


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """Who is audited."""

    name: str
    """As shown to people."""
    answer: Callable[[Sequence[np.ndarray], Sequence[str]], list[Said]]
    """Greedy answers: images and as many questions in, as many answers out."""
    score: Scorer | None = None
    """Mean log-probability a token of given answers, teacher-forced; None where it cannot tell."""
    sample: Callable[[Sequence[np.ndarray], Sequence[str], int, int], list[list[str]]] | None = None
    """Images, questions, copies and a seed in; of each question that many sampled answers out, at
    `TEMPERATURE`. A copy that could not be had is left out."""
    batches_at_once: int = 1
    """How many batches it is worth asking at the same time, each in a thread of its own."""


def from_texts(function: Texts, name: str = "student") -> Predictor:
    """Wrap a plain function of images and questions; it can neither score nor sample."""

    def answer(images: Sequence[np.ndarray], questions: Sequence[str]) -> list[Said]:
        texts = function(list(images), list(questions))
        if len(texts) != len(questions):
            raise UserError(
                f"{len(questions)} questions were asked, but {len(texts)} answers came back."
            )
        return [Said(text=text) for text in texts]

    return Predictor(name=name, answer=answer)
