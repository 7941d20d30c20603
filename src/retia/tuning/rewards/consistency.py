"""Reward for reasons that entail the answer."""

from retia.claims import consistent, parse_answer
from retia.records import Answer, Gold
from retia.taxonomy import read_vocabulary


def consistency_reward(text: str, gold: Gold | None, modality: str = "octa") -> float | None:
    """1 where the answer follows from its own reasons (see `retia.claims.consistent`).

    Args:
        text: The completion alone.
        gold: Tells what was asked for; whether the answer is right plays no part.
        modality: Name of the vocabulary.

    Returns:
        1.0; 0.0 where it does not follow, or there is no JSON answer; None where neither a stage
        nor a surgical phase was asked for.
    """
    if gold is None or not _applies(gold, modality):
        return None
    answer = parse_answer(text, strict=True, modality=modality)
    return float(answer is not None and bool(consistent(answer, modality)))


def _applies(gold: Gold, modality: str) -> bool:
    vocabulary = read_vocabulary(modality)
    if gold.type != "stage" and not vocabulary.phases:
        return False
    # An answer that cannot be judged for consistency where it is right cannot where it is wrong.
    return consistent(Answer(answer=str(gold.value)), modality) is not None
