"""Reward for a structured answer."""

from retia.claims import parse_answer


def format_reward(text: str, modality: str = "octa") -> float:
    """1 where the completion is a JSON answer that says what is seen, why, and the answer.

    Args:
        text: The completion alone; parsed strictly, as the audit does.
        modality: Name of the vocabulary.

    Returns:
        1.0, or 0.0 where it cannot be parsed, caption, reasoning or answer is empty, or a reason
        stands twice. (The counterfactual reward alone is earned again by every repetition: a
        student learned to say one finding ten times.)
    """
    answer = parse_answer(text, strict=True, modality=modality)
    if answer is None:
        return 0.0
    said = [" ".join(reason.lower().split()) for reason in answer.reasoning]
    reasons = bool(said) and all(said) and len(set(said)) == len(said)
    return float(bool(answer.caption.strip()) and reasons and bool(answer.answer.strip()))
