"""`retia evaluate`: a student and held-out samples in, an audit out."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.records import Case
from retia.runs import StepConfig, item_seed, open_step

if TYPE_CHECKING:
    import numpy as np

    from retia.evaluation.audit import Audit
    from retia.evaluation.predictors.predictor import Predictor
    from retia.records import Sample

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig(StepConfig):
    """What `retia evaluate` takes."""

    samples: Path
    """Folder of `retia write`: conversations and the cases they are about."""
    model: Path | None = None
    """Folder of the student; the shipped one when left out."""
    predictions: Path | None = None
    """Answers made elsewhere, in place of a student: JSON Lines of `case, question, text`."""
    staging: Path | None = None
    """Predictions of the graph model, to stand beside: `predictions.parquet` or its folder."""
    split: str | None = "test"
    """Which cases to ask about; none: all."""
    limit: int | None = None
    """At most so many cases, drawn by the seed."""
    questions: int = 400
    """At most so many questions a modality beside the stage, drawn by the seed."""
    max_new_tokens: int = 256
    """Longest answer, in tokens."""
    resamples: int = 1000
    """Bootstrap resamples of each interval."""
    level: float = 0.95
    """Coverage of the intervals."""
    examples: int = 8
    """Cases of each part shown in the report."""


def evaluate(config: EvaluateConfig) -> dict[str, Any]:
    """Audit a student on held-out samples.

    Asks for the stage of every held-out eye, and every question of the held-out samples that has a
    right answer, three times: about the image, about a blank one, and about the image of another
    group. Writes `audit.json`, `claims.csv`, `predictions.jsonl` and `report.html`.

    Returns:
        The headline numbers.

    Raises:
        UserError: If samples, student or predictions cannot be read, or nothing can be asked.
    """
    inputs = {"samples": config.samples}
    for name in ("model", "predictions", "staging"):
        path = getattr(config, name)
        if path is not None:
            inputs[name] = path
    if config.model is None and config.predictions is None:
        from retia.weights import student_folder

        inputs["model"] = student_folder()
    with open_step("evaluate", config, inputs) as step:
        if step.done:
            return step.summary
        predictor = None
        if config.predictions is None:
            from retia.evaluation.predictors.student import student_predictor

            predictor = student_predictor(inputs["model"], config.max_new_tokens)
        audit = run_audit(config, predictor)
        from retia.evaluation.report.report import write_report
        from retia.evaluation.report.tables import write_tables

        write_tables(audit, step.out)
        write_report(audit, step.out / "report.html", image_loader(config.samples), config.examples)
        step.summary = audit.summary()
    for line in audit.lines():
        log.info("%s", line)
    log.info("evaluate: open %s", config.out / "report.html")
    return step.summary


def image_loader(folder: Path) -> "Callable[[Case], np.ndarray]":
    """Return a function that reads the image of a case of this folder, uint8."""
    from retia.students.pictures import shown_picture

    return lambda case: shown_picture(folder / case.file_name, case.modality)


def held_out(
    cases: "Sequence[Case]", samples: "Sequence[Sample]", config: EvaluateConfig
) -> list[Case]:
    """Cases of the split that can be asked about; at most `limit`, drawn by the seed.

    In file order. A case can be asked about when it has a stage, or a sample.

    Raises:
        UserError: If there are none, or a limit is below 1.
    """
    from retia.errors import UserError
    from retia.records.cohort import subset

    for name in ("limit", "questions"):
        value = getattr(config, name)
        if value is not None and value < 1:
            raise UserError(f"{name} is {value}. Expected 1 or more.")
    asked = {sample.case for sample in samples}
    chosen = [c for c in subset(cases, config.split) if c.stage is not None or c.id in asked]
    if not chosen:
        raise UserError(
            f"no case of split {config.split!r} in {config.samples} has a stage or a sample."
        )
    drawn = sorted(chosen, key=lambda c: item_seed(config.seed, f"{c.id}/limit"))[: config.limit]
    kept = {case.id for case in drawn}
    return [case for case in chosen if case.id in kept]


def run_audit(config: EvaluateConfig, predictor: "Predictor | None") -> "Audit":
    """Ask (or read answers) and measure; writes nothing.

    Args:
        config: As of `evaluate`.
        predictor: Answers the questions; None reads `config.predictions`.

    Raises:
        UserError: If nothing can be asked, or the predictions answer nothing that was asked.
    """
    from retia.errors import UserError
    from retia.evaluation.answers.ask import ask_all
    from retia.evaluation.answers.predictions import read_predictions
    from retia.evaluation.audit import make_audit
    from retia.evaluation.plan.items import make_plan
    from retia.evaluation.predictors.staging import read_staging
    from retia.records import read_cases, read_samples

    samples, pool = read_samples(config.samples), read_cases(config.samples)
    plan = make_plan(samples, pool, held_out(pool, samples, config), config.questions, config.seed)
    if not plan.stage and not plan.questions:
        raise UserError(
            f"no turn of the held-out samples in {config.samples} has a `gold`, and no case has a "
            "stage: there is nothing that could be right or wrong."
        )
    if predictor is not None:
        predictions = ask_all(plan, predictor, image_loader(config.samples), config.seed)
    elif config.predictions is not None:
        predictions = read_predictions(config.predictions, plan)
    else:
        raise ValueError("neither a predictor nor predictions")
    staged = read_staging(config.staging) if config.staging is not None else {}
    settings = {"resamples": config.resamples, "level": config.level, "seed": config.seed}
    return make_audit(plan, predictions, staged, settings)
