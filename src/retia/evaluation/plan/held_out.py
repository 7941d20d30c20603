"""Which cases are asked about, and what."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retia.errors import UserError
from retia.evaluation.plan.items import Plan, make_plan
from retia.records import Case, Sample
from retia.records.cohort import subset
from retia.runs import item_seed

if TYPE_CHECKING:
    from retia.evaluation.evaluate import EvaluateConfig


def held_out(
    cases: Sequence[Case], samples: Sequence[Sample], config: "EvaluateConfig"
) -> list[Case]:
    """Cases of the split that can be asked about; at most `limit`, drawn by the seed.

    In file order. A case can be asked about when it has a stage, or a sample.

    Raises:
        UserError: If there are none, or a limit is below 1.
    """
    for name in ("limit", "questions"):
        value = getattr(config, name)
        if value is not None and value < 1:
            raise UserError(f"{name} is {value}. Expected 1 or more.")
    asked = {sample.case for sample in samples}
    chosen = [c for c in subset(cases, config.split) if c.stage is not None or c.id in asked]
    if not chosen:
        raise UserError(
            f"no case of split {config.split!r} in {config.folder} has a stage or a sample."
        )
    drawn = sorted(chosen, key=lambda c: item_seed(config.seed, f"{c.id}/limit"))[: config.limit]
    kept = {case.id for case in drawn}
    return [case for case in chosen if case.id in kept]


def plan_of(config: "EvaluateConfig", samples: Sequence[Sample], pool: Sequence[Case]) -> Plan:
    """Everything that is asked.

    Args:
        config: As of `evaluate`.
        samples: Whose questions count.
        pool: All cases of the folder.

    Raises:
        UserError: If nothing can be asked.
    """
    plan = make_plan(samples, pool, held_out(pool, samples, config), config.questions, config.seed)
    if not plan.stage and not plan.questions:
        raise UserError(
            f"no turn of the held-out samples in {config.folder} has a `gold`, and no case has a "
            "stage: there is nothing that could be right or wrong."
        )
    return plan
