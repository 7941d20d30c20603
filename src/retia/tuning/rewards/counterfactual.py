"""Reward for an answer that rests on the region it should rest on.

Measured on the rollout itself: how much less likely its own text becomes when the region is
removed from the image, beyond what removing random regions of that shape does. The whole
completion is scored. The answer alone would say little: written after its reasons, it follows
from them whatever the image shows. Brackets, keys and the caption are as likely in every image,
so they add nothing to the difference, and there is nothing to parse.
"""

import math
from collections.abc import Sequence

from retia.counterfactuals import Edits, Scorer, effects
from retia.students.conversation import Question

SCALE = 0.1
"""Effect, in nats per token, at which the reward is .76 of its bound. An answer of the shipped
student lost .05 on average."""


def counterfactual_rewards(
    texts: Sequence[str],
    questions: Sequence[Question],
    edits: Sequence[Edits | None],
    scorer: Scorer,
    scale: float = SCALE,
) -> list[float | None]:
    """Squash the effect of the region on each completion.

    Args:
        texts: Completions, not those of the record: a number that is the same for all rollouts of
            a prompt cancels in the group's advantage.
        questions: What was asked.
        edits: The images with and without the region; None where no region is known, or where
            there is no room for a random one.
        scorer: Scores a completion; of the model that is being trained.
        scale: See `SCALE`.

    Returns:
        tanh(effect / scale), in (-1, 1); None where there are no edits.
    """
    measured = effects(scorer, edits, questions, texts)
    return [None if m is None else squashed(m.effect, scale) for m in measured]


def squashed(effect: float, scale: float = SCALE) -> float:
    """An effect in nats per token as a reward in (-1, 1)."""
    return math.tanh(effect / scale)
