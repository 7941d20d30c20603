"""Answers: one `Prediction` a question and condition, however it came to be."""

from collections.abc import Mapping, Sequence
from typing import Literal

from retia.evaluation.plan.items import Item
from retia.evaluation.predictors.predictor import Said
from retia.records.record import record

Condition = Literal["real", "blank", "shuffled"]
CONDITIONS: tuple[Condition, ...] = ("real", "blank", "shuffled")


@record
class Prediction:
    """What was answered to one question about one case."""

    case: str
    question: str
    text: str
    condition: Condition = "real"
    question_kind: str = "stage"
    image_of: str | None = None
    """Under `shuffled`: the case whose image was shown."""
    logprob: float | None = None
    """Mean log-probability a token of the text, where the model tells; e to its power is the
    confidence in it."""
    trouble: str | None = None
    """Why there is no answer; the text is empty then, and wrong."""
    copies: tuple[str, ...] = ()
    """Answers to the same question sampled at temperature, for self-consistency."""


def by_case(items: Sequence[Item], said: Mapping[str, Said]) -> list[Prediction]:
    """Answers to one question a case by a model that knows cases, not images: the graph model.

    Args:
        items: The stage questions.
        said: Per case what it said; a case it does not know gets no answer, which is wrong.
    """
    silence = Said(text="", trouble="not_staged: the graph model's table has no such case")
    answers = [said.get(item.case.id, silence) for item in items]
    return [
        Prediction(
            case=item.case.id,
            question=item.question,
            text=answer.text,
            question_kind=item.question_kind,
            logprob=answer.logprob,
            trouble=answer.trouble,
        )
        for item, answer in zip(items, answers, strict=True)
    ]
