"""Rewards of a rollout: one small pure function a file, on the code that audits too.

    R = .2 format + .4 answer + .2 consistency + .2 counterfactual

None means "not applicable": such a reward takes no part, and is left out of its mean.
"""

from retia.tuning.rewards.answer import answer_reward
from retia.tuning.rewards.consistency import consistency_reward
from retia.tuning.rewards.counterfactual import counterfactual_rewards, squashed
from retia.tuning.rewards.format import format_reward

REWARDS = ("format", "answer", "consistency", "counterfactual")

__all__ = [
    "REWARDS",
    "answer_reward",
    "consistency_reward",
    "counterfactual_rewards",
    "format_reward",
    "squashed",
]
