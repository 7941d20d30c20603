"""All rewards of a batch of rollouts: the same for training, for the probe and held out.

In:  samples and the completions a student gave them.
Out: per reward one value a rollout; None where it does not apply.
"""

from collections.abc import Sequence

from retia.counterfactuals import Effect, Scorer, effects
from retia.records import Sample
from retia.tuning.grpo_tasks import Tasks, caption_of, gold_of, question_of
from retia.tuning.rewards import (
    answer_reward,
    consistency_reward,
    counterfactual_rewards,
    format_reward,
)
from retia.tuning.settings import RewardWeights

Values = list[float | None]


def rewards_of(
    name: str, samples: Sequence[Sample], texts: Sequence[str], tasks: Tasks, scorer: Scorer
) -> Values:
    """One reward by its name in `REWARDS`.

    Args:
        name: Which.
        samples: One a completion.
        texts: The completions, boxes in pixels.
        tasks: Of the samples.
        scorer: Of the student that is judged.
    """
    pairs = list(zip(samples, texts, strict=True))
    match name:
        case "format":
            return [format_reward(t, s.modality) for s, t in pairs]
        case "answer":
            return [answer_reward(t, gold_of(s), s.modality) for s, t in pairs]
        case "consistency":
            return [consistency_reward(t, gold_of(s), s.modality, caption_of(s)) for s, t in pairs]
        case "counterfactual":
            questions = [question_of(s) for s in samples]
            edits = [tasks.edits(s) for s in samples]
            return counterfactual_rewards(texts, questions, edits, scorer)
        case _:
            raise ValueError(f"there is no reward {name!r}")


def effects_of(
    samples: Sequence[Sample], texts: Sequence[str], tasks: Tasks, scorer: Scorer
) -> list[Effect | None]:
    """The effect of each sample's region on its completion."""
    edits = [tasks.edits(s) for s in samples]
    return effects(scorer, edits, [question_of(s) for s in samples], texts)


def total(weights: RewardWeights, values: dict[str, float | None]) -> float:
    """Weighted sum of one rollout's rewards; what does not apply adds nothing."""
    return sum(getattr(weights, name) * (value or 0.0) for name, value in values.items())
