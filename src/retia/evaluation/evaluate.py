"""`retia evaluate`: a model and held-out samples in, an audit out."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retia.counterfactuals.fills import Fill
from retia.counterfactuals.regions import LEAST_REGIONS
from retia.errors import UserError
from retia.evaluation.cfproxy.settings import CfproxySettings
from retia.evaluation.predictors.endpoint import EndpointConfig
from retia.records import Case
from retia.runs import StepConfig, open_step

if TYPE_CHECKING:
    import numpy as np

    from retia.evaluation.audit import Audit
    from retia.evaluation.predictors.predictor import Predictor
    from retia.runs import Step

log = logging.getLogger("retia")

WHO = ("model", "endpoint", "predictions")
"""Who is audited: at most one of these."""
INPUTS = ("samples", "model", "predictions", "staging", "word_vectors")
"""What is read."""


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig(EndpointConfig, StepConfig):
    """What `retia evaluate` takes."""

    samples: Path | None = None
    """Folder of `retia write`: conversations and the cases they are about."""
    model: Path | None = None
    """Folder of the student; the shipped one when left out."""
    predictions: Path | None = None
    """Answers made elsewhere, in place of a student: JSON Lines of `case, question, text`."""
    staging: Path | None = None
    """Predictions of the graph model, to stand beside: `predictions.parquet` or its folder."""
    graph_only: bool = False
    """Audit the graph model of --staging itself, without any student."""
    self_test: bool = False
    """Audit the audit: planted models, a faithful one and three that cheat, must be told apart."""
    protocol: Literal["retia", "cfproxy"] = "retia"
    """`cfproxy`: the figures of the medical-VQA source, really measured, in place of the audit."""
    cfproxy: CfproxySettings = field(default_factory=CfproxySettings)
    """How that protocol is run."""
    split: str | None = "test"
    """Which cases to ask about; none: all."""
    limit: int | None = None
    """At most so many cases, drawn by the seed."""
    questions: int = 400
    """At most so many questions a modality beside the stage, drawn by the seed."""
    max_new_tokens: int = 256
    """Longest answer, in tokens."""
    copies: int = 0
    """Further answers sampled to each question, for self-consistency."""
    counterfactuals: int = 200
    """At most so many answers of each part from under which regions are removed; 0: none."""
    fills: tuple[Fill, ...] = ("mean", "noise", "inpaint")
    """Ways to remove a region; the last one is also used to ask again."""
    random_regions: int = 5
    """Random regions that each region is compared with; at least 5."""
    against: tuple[Path, ...] = ()
    """Further folders that may have been trained on: cases, samples or pictures."""
    word_vectors: Path | None = None
    """Folder of a model2vec model: how alike open answers mean; without it, how alike they are
    spelt."""
    resamples: int = 1000
    """Bootstrap resamples of each interval."""
    level: float = 0.95
    """Coverage of the intervals."""
    examples: int = 8
    """Cases of each part shown in the report."""

    def __post_init__(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            UserError: Naming the flags.
        """
        named = [name for name in WHO if getattr(self, name) is not None]
        if len(named) > 1:
            raise UserError(
                f"--{named[0]} and --{named[1]} are both given. Expected one: who is audited?"
            )
        if self.graph_only and (named or self.staging is None):
            raise UserError(
                "--graph-only audits the graph model alone. Expected --staging with it, and none "
                f"of {', '.join(f'--{name}' for name in WHO)}."
            )
        if not self.self_test:
            _ = self.folder
        if self.counterfactuals < 0 or self.copies < 0:
            raise UserError("--counterfactuals and --copies are counts. Expected 0 or more.")
        if not self.fills:
            raise UserError("--fills is empty. Expected at least one way to remove a region.")
        if self.random_regions < LEAST_REGIONS:
            raise UserError(
                f"--random-regions is {self.random_regions}. Expected {LEAST_REGIONS} or more: "
                "fewer are no control."
            )

    @property
    def folder(self) -> Path:
        """The folder of the samples.

        Raises:
            UserError: If none was given.
        """
        if self.samples is None:
            raise UserError("--samples is missing. Expected a folder of `retia write`.")
        return self.samples


def evaluate(config: EvaluateConfig) -> dict[str, Any]:
    """Audit a model on held-out samples.

    Asks for the stage of every held-out eye, and every question of the held-out samples that has a
    right answer, three times: about the image, about a blank one, and about the image of another
    group; then removes regions from the images and asks what the answers rest on. `docs/audit.md`
    names every question the audit asks, with its control. Writes `report.html`, `MODEL_CARD.md`,
    `audit.json`, `answers.csv`, `claims.csv`, `predictions.jsonl` and
    `counterfactuals-<part>.jsonl`.

    Returns:
        The headline numbers.

    Raises:
        UserError: If samples, model or predictions cannot be read, or nothing can be asked.
    """
    if config.self_test:
        from retia.evaluation.selftest import SelfTestConfig, self_test

        shared = ("out", "seed", "workers", "engine", "resume", "resamples", "level")
        return self_test(SelfTestConfig(**{name: getattr(config, name) for name in shared}))
    inputs = _inputs(config)
    with open_step("evaluate", config, inputs) as step:
        if step.done:
            return step.summary
        if config.protocol == "cfproxy":
            step.summary, lines = _proxy(config, inputs.get("model"), step)
        else:
            step.summary, lines = _audit(config, inputs.get("model"), step)
    for line in lines:
        log.info("%s", line)
    log.info("evaluate: open %s", config.out / "report.html")
    return step.summary


def _inputs(config: EvaluateConfig) -> dict[str, Path]:
    """What is read, by name; the shipped student among it where nobody else is audited."""
    named = {name: getattr(config, name) for name in INPUTS}
    inputs = {name: path for name, path in named.items() if path is not None}
    inputs |= {f"against_{n}": path for n, path in enumerate(config.against, 1)}
    if not config.graph_only and not any(getattr(config, name) for name in WHO):
        from retia.weights import student_folder

        inputs["model"] = student_folder()
    return inputs


def _audit(
    config: EvaluateConfig, model: Path | None, step: "Step"
) -> tuple[dict[str, Any], list[str]]:
    from retia.evaluation.answers.notes import tell
    from retia.evaluation.report.card import write_card
    from retia.evaluation.report.report import write_report
    from retia.evaluation.report.tables import write_tables

    with _predictor(config, model, step.partial) as predictor:
        audit = run_audit(config, predictor, step.partial)
    tell(audit.notes)
    # What a server did not answer is asked again by the same command.
    step.failures += [
        {"id": f"{p.case}/{p.condition}/{p.question_kind}", "error": p.trouble}
        for p in audit.predictions
        if p.trouble is not None and predictor is not None
    ]
    numbers = audit.as_json()
    write_tables(audit, numbers, step.out)
    write_report(audit, step.out / "report.html", image_loader(config.folder), config.examples)
    write_card(step.out / "MODEL_CARD.md", numbers, step.record)
    return numbers["summary"], audit.lines()


def _proxy(
    config: EvaluateConfig, model: Path | None, step: "Step"
) -> tuple[dict[str, Any], list[str]]:
    from retia.evaluation.cfproxy import run_cfproxy, write_cfproxy

    with _predictor(config, model, step.partial) as predictor:
        if predictor is None:
            raise UserError(
                "--protocol cfproxy asks about changed images. Expected --model or --endpoint."
            )
        found = run_cfproxy(config, predictor, config.cfproxy)
    write_cfproxy(found, step.out)
    return found.summary(), found.lines()


@contextmanager
def _predictor(
    config: EvaluateConfig, model: Path | None, partial: Path
) -> "Iterator[Predictor | None]":
    """Who answers; None where the answers are there already."""
    if config.endpoint is not None or config.endpoint_model is not None:
        from retia.evaluation.predictors.endpoint import open_endpoint

        cache = config.cache or partial / "endpoint"
        with open_endpoint(replace(config, cache=cache), config.max_new_tokens) as predictor:
            yield predictor
    elif model is not None and config.predictions is None:
        from retia.evaluation.predictors.student import student_predictor

        yield student_predictor(model, config.max_new_tokens)
    else:
        yield None


def image_loader(folder: Path) -> "Callable[[Case], np.ndarray]":
    """Return a function that reads the image of a case of this folder, uint8."""
    from retia.students.pictures import shown_picture

    return lambda case: shown_picture(folder / case.file_name, case.modality)


def run_audit(
    config: EvaluateConfig, predictor: "Predictor | None", store: Path | None = None
) -> "Audit":
    """Ask (or read answers) and measure; writes nothing but what `store` keeps.

    Args:
        config: As of `evaluate`.
        predictor: Answers the questions; None reads `config.predictions`, else `config.staging`.
        store: Folder in which answers are kept as they come, to go on after a stop.

    Raises:
        UserError: If nothing can be asked, or the predictions answer nothing that was asked.
    """
    from retia.evaluation.answers.similarity import static_embedding
    from retia.evaluation.audit import make_audit
    from retia.evaluation.examine import examine

    embed = None if config.word_vectors is None else static_embedding(config.word_vectors)
    found = examine(config, predictor, image_loader(config.folder), store)
    settings = {"resamples": config.resamples, "level": config.level, "seed": config.seed}
    return make_audit(found, settings, embed)
