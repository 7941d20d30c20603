"""The medical-VQA source's protocol: samples and a predictor in, its figures out, really measured.

The source (github namrahrehman/CV801_Project) trains on `delta_cf_roi` and `delta_cf_rand` that
nothing in it computes. Here they are computed, for replies given now, and every figure of its
notebooks stands beside the same figure with its control.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from retia.evaluation.cfproxy.numbers import Cfproxy, proxy_numbers
from retia.evaluation.cfproxy.replies import Reply, ask_protocol, loader_of
from retia.evaluation.cfproxy.rows import measure_rows
from retia.evaluation.cfproxy.settings import CfproxySettings
from retia.evaluation.plan.held_out import plan_of
from retia.evaluation.plan.items import Item, Plan
from retia.evaluation.plan.protocols import PROTOCOLS, Protocol
from retia.evaluation.predictors.predictor import Predictor
from retia.evaluation.question_audit import Settings

if TYPE_CHECKING:
    from retia.evaluation.evaluate import EvaluateConfig


def run_cfproxy(
    config: "EvaluateConfig", predictor: Predictor, settings: CfproxySettings | None = None
) -> Cfproxy:
    """Ask the held-out questions under all wordings, and measure; writes nothing.

    Args:
        config: As of `retia evaluate`: samples, split, limits, seed, intervals.
        predictor: Answers; where it can also score, deltas are log-probabilities.
        settings: Of the protocol.

    Raises:
        UserError: If nothing can be asked.
    """
    plan = questions_of(config)
    intervals = {"resamples": config.resamples, "level": config.level, "seed": config.seed}
    return measure_cfproxy(plan, predictor, config.folder, settings or CfproxySettings(), intervals)


def questions_of(config: "EvaluateConfig") -> Plan:
    """What is asked: each question once, though samples may ask it in several rounds.

    Raises:
        UserError: If there is no question with a right answer.
    """
    from retia.records import read_cases, read_samples

    samples, pool = read_samples(config.folder), read_cases(config.folder)
    # Later rounds of tuning ask the same questions again, in conversations and without JSON.
    single = [sample for sample in samples if sample.stage != "stage2"] or samples
    return plan_of(config, single, pool)


def items_of(plan: Plan) -> list[Item]:
    """All questions, the stage first."""
    return [*plan.stage, *(item for items in plan.questions.values() for item in items)]


def measure_cfproxy(
    plan: Plan,
    predictor: Predictor,
    folder: Path,
    settings: CfproxySettings,
    intervals: Settings,
) -> Cfproxy:
    """Run the protocol on a plan.

    Args:
        plan: What to ask; its training questions feed the blind baselines.
        predictor: Answers.
        folder: That the images of the cases lie in.
        settings: Of the protocol.
        intervals: `resamples`, `level`, `seed`; the seed also places random regions.
    """
    load = loader_of(folder)
    items = items_of(plan)
    training = [item for own in plan.training.values() for item in own]
    replies: dict[Protocol, list[Reply]] = {
        name: ask_protocol(items, name, predictor, load) for name in PROTOCOLS
    }
    seed = int(intervals["seed"])
    rows = measure_rows(replies[settings.prompt], predictor, load, settings, seed)
    return proxy_numbers(folder, replies, rows, training, settings, intervals)
