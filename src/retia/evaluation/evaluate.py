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

    from retia.evaluation.ask import Predictor
    from retia.evaluation.audit import Audit

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
    max_new_tokens: int = 256
    """Longest answer, in tokens."""
    resamples: int = 1000
    """Bootstrap resamples of each interval."""
    level: float = 0.95
    """Coverage of the intervals."""
    examples: int = 8
    """Eyes shown in the report."""


def evaluate(config: EvaluateConfig) -> dict[str, Any]:
    """Audit a student on held-out samples.

    Asks for the stage of every held-out eye three times: about its image, about a blank one, and
    about the image of another eye; then every question of the held-out conversations. Writes
    `audit.json`, `claims.csv`, `predictions.jsonl` and `report.html`.

    Returns:
        The headline numbers.

    Raises:
        UserError: If samples, student or predictions cannot be read, or no case is in the split.
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
            return _read_summary(step.out)
        predictor = None
        if config.predictions is None:
            predictor = student_predictor(inputs["model"], config.max_new_tokens)
        audit = run_audit(config, predictor)
        from retia.evaluation.report import write_report
        from retia.evaluation.tables import write_tables

        write_tables(audit, step.out)
        write_report(audit, step.out / "report.html", image_loader(config.samples), config.examples)
        step.summary = audit.summary()
    for line in audit.lines():
        log.info("%s", line)
    log.info("evaluate: open %s", config.out / "report.html")
    return audit.summary()


def _read_summary(out: Path) -> dict[str, Any]:
    import json

    return json.loads((out / "audit.json").read_text(encoding="utf-8"))["summary"]


def student_predictor(folder: Path, max_new_tokens: int) -> "Predictor":
    """Load a student and return it as a plain function of images and questions."""
    from retia.students.ask import ask
    from retia.students.student import load_student

    student = load_student(folder)

    def predict(images: "list[np.ndarray]", questions: list[str]) -> list[str]:
        return ask(student, images, questions, max_new_tokens=max_new_tokens)

    return predict


def image_loader(folder: Path) -> "Callable[[Case], np.ndarray]":
    """Return a function that reads the image of a case of this folder, uint8."""
    from retia.images import read_image

    return lambda case: read_image(folder / case.file_name).pixels


def held_out(cases: Sequence[Case], config: EvaluateConfig) -> list[Case]:
    """Cases of the split that have a stage; at most `limit`, drawn by the seed, in file order.

    Raises:
        UserError: If there are none.
    """
    from retia.errors import UserError
    from retia.records.cohort import subset

    chosen = [case for case in subset(cases, config.split) if case.stage is not None]
    if not chosen:
        raise UserError(f"no case of split {config.split!r} in {config.samples} has a stage.")
    if config.limit is not None and config.limit < 1:
        raise UserError(f"limit is {config.limit}. Expected 1 or more, or none.")
    drawn = sorted(chosen, key=lambda c: item_seed(config.seed, f"{c.id}/limit"))[: config.limit]
    kept = {case.id for case in drawn}
    return [case for case in chosen if case.id in kept]


def run_audit(config: EvaluateConfig, predictor: "Predictor | None") -> "Audit":
    """Ask (or read answers) and measure; writes nothing.

    Args:
        config: As of `evaluate`.
        predictor: Answers the questions; None reads `config.predictions`.
    """
    from retia.evaluation.ask import ask_all, read_predictions, stage_items, turn_items
    from retia.evaluation.audit import make_audit
    from retia.evaluation.staging import read_staging
    from retia.records import read_cases, read_samples

    cases = held_out(read_cases(config.samples), config)
    stage, turns = stage_items(cases), turn_items(read_samples(config.samples), cases)
    if predictor is not None:
        load = image_loader(config.samples)
        predictions = ask_all(stage, turns, predictor, load, config.seed)
    elif config.predictions is not None:
        predictions = read_predictions(config.predictions, stage, turns)
    else:
        raise ValueError("neither a predictor nor predictions")
    staged = read_staging(config.staging) if config.staging is not None else {}
    settings = {"resamples": config.resamples, "level": config.level, "seed": config.seed}
    return make_audit(cases, turns, predictions, staged, settings)
