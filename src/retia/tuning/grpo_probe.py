"""Before training: can this student earn its rewards at all?

GRPO makes likelier what a student already does now and then. A reward that no rollout earns
teaches nothing, and a student that was never tuned earns none.
"""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retia.counterfactuals import student_scorer
from retia.errors import UserError
from retia.records import Sample
from retia.runs import item_seed
from retia.tuning.grpo_measure import judge, rollouts
from retia.tuning.grpo_tasks import Tasks
from retia.tuning.rewards import REWARDS

if TYPE_CHECKING:
    from retia.students.student import Student
    from retia.tuning.grpo import GrpoConfig

log = logging.getLogger("retia")

TUNED = ("sft", "merge", "grpo")
"""Steps that leave a student that can be rewarded."""


def check_tuned(folder: Path) -> None:
    """Refuse a model folder that no tuning step has written.

    Raises:
        UserError: If neither `run.json` nor `origin.json` names such a step.
    """
    for name in ("run.json", "origin.json"):
        path = folder / name
        if path.is_file() and json.loads(path.read_text(encoding="utf-8")).get("step") in TUNED:
            return
    raise UserError(
        f"{folder} was never tuned: no run.json of `retia sft`, `merge` or `grpo`. Tune it with "
        "`retia sft` first, or pass --allow-untuned."
    )


def probe(
    student: "Student", training: Sequence[Sample], config: "GrpoConfig"
) -> dict[str, float | None]:
    """Sample a few answers and look what each reward gives.

    Returns:
        Per reward its mean; None where it applies to none of the rollouts.

    Raises:
        UserError: If the format reward, or every reward, is 0 for all of them and
            `config.allow_untuned` is not set.
    """
    seed = item_seed(config.seed, "probe") % 2**31
    chosen = np.random.default_rng(seed).integers(len(training), size=config.probe)
    samples = [training[i] for i in chosen]
    tasks = Tasks(config.samples, config.fill, config.random_regions, config.seed)
    texts = rollouts(student, samples, tasks, config.temperature, config.max_new_tokens, seed)
    rows = judge(samples, texts, tasks, student_scorer(student), config)
    found: dict[str, float | None] = {}
    for name in REWARDS:
        values = [row[name] for row in rows if row[name] is not None]
        found[name] = float(np.mean(values)) if values else None  # type: ignore[arg-type]
        if getattr(config.weights, name) and values and not any(values):
            log.warning(
                "grpo: the %s reward is 0 for all %d rollouts of the probe, and may stay so. "
                "First rollout: %.80r",
                name,
                len(values),
                texts[0],
            )
    if not config.allow_untuned and found["format"] == 0:
        raise UserError(
            f"{config.model}: none of {config.probe} rollouts is a JSON answer, so nothing can be "
            f"learned from rewards. First rollout: {texts[0][:80]!r}. Tune it with `retia sft` on "
            "these samples first, or pass --allow-untuned."
        )
    log.info("grpo: probe %s", {k: None if v is None else round(v, 3) for k, v in found.items()})
    return found
