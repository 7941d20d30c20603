"""Reward for the right answer."""

from retia.claims import answer_matches
from retia.records import Gold


def answer_reward(text: str, gold: Gold | None, modality: str = "octa") -> float | None:
    """1 where the completion gives the gold answer, by the gold's type.

    Args:
        text: The completion alone. Where it is no JSON answer its plain words count: that it
            should be JSON is the format reward's business.
        gold: The typed right answer.
        modality: Name of the vocabulary.

    Returns:
        1.0 or 0.0; None where there is no gold answer.
    """
    return None if gold is None else float(answer_matches(text, gold, modality))
