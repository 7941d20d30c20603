"""Reward for a text that agrees with itself, or else with what is annotated of the image."""

from retia.claims import consistent, parse_answer, token_f1
from retia.records import Answer, Gold
from retia.taxonomy import read_vocabulary


def consistency_reward(
    text: str, gold: Gold | None, modality: str = "octa", caption: str = ""
) -> float | None:
    """1 where the answer follows from its own reasons (see `retia.claims.consistent`).

    Where no rule tells what follows from what (neither a stage nor a phase was asked for), the
    caption is held against the annotated one by token F1. Without this, a student that is rewarded
    for right answers alone learned to call every image one of the head.

    Args:
        text: The completion alone.
        gold: Tells what was asked for; whether the answer is right plays no part.
        modality: Name of the vocabulary.
        caption: What is annotated of the image as a whole; empty where nothing is.

    Returns:
        In [0, 1]; 0.0 where there is no JSON answer; None where nothing can be compared.
    """
    if gold is None:
        return None
    answer = parse_answer(text, strict=True, modality=modality)
    if _follows(gold, modality):
        return float(answer is not None and bool(consistent(answer, modality)))
    if not caption:
        return None
    return 0.0 if answer is None else token_f1(answer.caption, caption)


def _follows(gold: Gold, modality: str) -> bool:
    """Whether a rule tells which answer follows from which reasons."""
    vocabulary = read_vocabulary(modality)
    if gold.type != "stage" and not vocabulary.phases:
        return False
    # An answer that cannot be judged for consistency where it is right cannot where it is wrong.
    return consistent(Answer(answer=str(gold.value)), modality) is not None
