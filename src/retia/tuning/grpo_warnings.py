"""What went wrong in a run that ended well, in one line each."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retia.tuning.grpo import GrpoConfig

log = logging.getLogger("retia")


def warn_of_zeros(config: "GrpoConfig", rows: Sequence[dict[str, Any]]) -> list[str]:
    """Names of the rewards that no rollout of the training earned, each with one line of warning.

    Args:
        config: Of the run.
        rows: Metrics, one a step.
    """
    zero = []
    for name, weight in vars(config.weights).items():
        values = [row[name] for row in rows if row.get(name) is not None]
        spread = [row.get(f"{name}_std") for row in rows]
        if weight and values and not any(values) and not any(spread):
            log.warning(
                "grpo: the %s reward was 0 in every step; nothing was learned from it", name
            )
            zero.append(name)
        if weight and not values:
            log.warning("grpo: the %s reward applied to no rollout", name)
    return zero


def warn_of_losses(numbers: dict[str, Any]) -> None:
    """Say in one line each what got worse held out: a reward that rises can hide one that falls.

    Args:
        numbers: With what `compare` gives.
    """
    for mode in ("sampled", "greedy"):
        for name, found in numbers[mode].items():
            change = found["difference"]
            if change["high"] is not None and change["high"] < 0:
                log.warning(
                    "grpo: held out, %s of %s answers fell by %.3f (%.3f to %.3f)",
                    name,
                    mode,
                    -change["estimate"],
                    -change["high"],
                    -change["low"],
                )
