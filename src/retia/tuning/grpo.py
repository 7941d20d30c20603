"""Group-relative policy optimization: a tuned student learns from rewards of its own answers.

In:  samples with typed gold answers, and a model folder that SFT has made.
Out: a model folder, `metrics.jsonl` (every reward alone), `grpo.json` (held-out rewards and
     counterfactual effect before and after, with intervals), `report.html`.
"""

import json
import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retia.atomic import atomic_file, atomic_folder
from retia.counterfactuals.fills import Fill
from retia.errors import UserError
from retia.records import Sample
from retia.runs import Step, StepConfig, item_seed, open_step
from retia.runs.step import write_json, write_lines
from retia.tuning.settings import RewardWeights

if TYPE_CHECKING:
    from retia.students.student import Student

log = logging.getLogger("retia")

METRICS = "metrics.jsonl"
MEASURED = "measured.jsonl"
SUMMARY = "grpo.json"


@dataclass(frozen=True, kw_only=True)
class GrpoConfig(StepConfig):
    """How to train on rewards."""

    samples: Path
    """Folder with `samples.jsonl`: samples of stage `grpo`, or else the questions of stage 1."""
    model: Path
    """Model folder to start from, tuned by `retia sft` before."""
    steps: int = 100
    batch_size: int = 2
    """Questions a step."""
    generations: int = 8
    """Rollouts a question; a rollout is held against the others of its question."""
    temperature: float = 1.0
    max_new_tokens: int = 160
    """Longest rollout, in tokens."""
    method: Literal["full", "lora"] | None = None
    """Train text model and projector, or a LoRA adapter of the text model, which is merged
    afterwards; when left out, `full` for the embedded student and `lora` for every other."""
    learning_rate: float | None = None
    """Peak rate, falling to 0; when left out, 1e-4 for the embedded student and 1e-5 for every
    other."""
    warmup_steps: int = 10
    rank: int = 16
    """Rank of the adapter."""
    alpha: int = 32
    """Scale of the adapter; its change is multiplied by alpha / rank."""
    beta: float = 0.05
    """Weight of the Kullback-Leibler distance to the start: without it the wording drifts to
    whatever earns a little more, such as saying the same finding again and again (measured)."""
    scale_rewards: Literal["group", "batch", "none"] = "batch"
    """What advantages are divided by: the spread of rewards within a question, within the step, or
    nothing. Within a question, differences that mean nothing are blown up to full size."""
    weights: RewardWeights = field(default_factory=RewardWeights)
    """How much each reward counts."""
    fill: Fill = "mean"
    """How the counterfactual reward removes a region."""
    other_fill: Fill = "transplant"
    """The held-out effect is measured with this one too: what is learned must not be the look of
    one fill."""
    random_regions: int = 2
    """Random regions that the region is compared with."""
    held_out: int = 96
    """Largest number of held-out samples to measure before and after; 0 for none. Those of the
    test split, or of the validation split where there is no test split."""
    measure_split: Literal["test", "validation"] | None = None
    """Split to measure on, in the place of the one chosen so."""
    copies: int = 4
    """Sampled answers a held-out sample."""
    probe: int = 16
    """Rollouts before training that show whether every reward can be earned."""
    allow_untuned: bool = False
    """Go on although the student was never tuned, or earns no reward in the probe."""

    def __post_init__(self) -> None:
        """Refuse settings that cannot work.

        Raises:
            UserError: Naming the field.
        """
        if min(self.steps, self.batch_size, self.copies, self.probe, self.random_regions) < 1:
            raise UserError(
                f"steps is {self.steps}, batch_size {self.batch_size}, copies {self.copies}, "
                f"probe {self.probe} and random_regions {self.random_regions}. "
                "Expected 1 or more of each."
            )
        if self.generations < 2:
            raise UserError(
                f"generations is {self.generations}. Expected 2 or more: a rollout learns only by "
                "being better than another of the same question."
            )
        if self.temperature <= 0 or self.beta < 0:
            raise UserError(
                f"temperature is {self.temperature} and beta {self.beta}. Expected a temperature "
                "above 0 and a beta of 0 or more."
            )


def grpo(config: GrpoConfig) -> dict[str, Any]:
    """Train a tuned student on rewards of its own answers.

    Returns:
        What `grpo.json` holds.

    Raises:
        UserError: If an input cannot be used, or the student was never tuned and earns nothing.
        CheckFailedError: If a saved model does not come back as it was saved.
    """
    with open_step("grpo", config, {"samples": config.samples, "model": config.model}) as step:
        if not step.done:
            _run(config, step)
    return step.summary


def _run(config: GrpoConfig, step: Step) -> None:
    from retia.students.precision import use_one_thread
    from retia.tuning.grpo_measure import compare
    from retia.tuning.grpo_report import card, write_report
    from retia.tuning.grpo_tasks import held_out_samples, read_tasks
    from retia.tuning.grpo_warnings import warn_of_losses, warn_of_zeros
    from retia.tuning.preflight.prompts import carry_prompts
    from retia.tuning.verify import load_verified, save_student

    use_one_thread()
    samples = read_tasks(config.samples)
    training = [s for s in samples if s.split in (None, "train")]
    if not training:
        raise UserError(f"{config.samples} has no sample of the train split.")
    held_out = held_out_samples(samples, config)
    if not config.resume:
        shutil.rmtree(step.partial, ignore_errors=True)
    if not (step.partial / "trained").is_dir():
        _check_start(config, training)
    before = _once(
        step.partial / "before", lambda part: _measure(config, _start(config), held_out, part)
    )
    trained = _once(step.partial / "trained", lambda part: _train(config, training, part))
    student = load_verified(trained)
    after = _once(step.partial / "after", lambda part: _measure(config, student, held_out, part))

    save_student(student, config.out)
    carry_prompts(config.model, config.out)
    rows = _read_lines(trained / METRICS)
    write_lines(config.out / METRICS, rows)
    numbers: dict[str, Any] = {
        "samples": len(held_out),
        "groups": len({s.group for s in held_out}),
        "split": held_out[0].split if held_out else None,
        "zero_rewards": warn_of_zeros(config, rows),
    }
    if held_out:
        rows_of = [_read_lines(folder / MEASURED) for folder in (before, after)]
        numbers |= compare(rows_of[0], rows_of[1], config.seed)
        warn_of_losses(numbers)
    write_json(config.out / SUMMARY, numbers)
    write_report(config, rows, numbers)
    with atomic_file(config.out / "README.md") as part:
        part.write_text(card(config, student, numbers), encoding="utf-8")
    step.summary = numbers


def _once(folder: Path, do: Callable[[Path], None]) -> Path:
    """A part of the run: its folder, made now or by an earlier run that was killed."""
    if not folder.is_dir():
        with atomic_folder(folder) as part:
            do(part)
    return folder


def _check_start(config: GrpoConfig, training: Sequence[Sample]) -> None:
    from retia.tuning.grpo_probe import check_tuned, probe

    if not config.allow_untuned:
        check_tuned(config.model)
    probe(_start(config), training, config)


def _start(config: GrpoConfig) -> "Student":
    from retia.students.student import load_student
    from retia.tuning.merge import merged

    student = load_student(config.model)
    if config.beta and hasattr(student.model, "merge_and_unload"):
        raise UserError(
            f"beta is {config.beta}, and {config.model} is an adapter. The distance is to a "
            "whole model: run `retia merge` first, or use --beta 0."
        )
    return merged(student)


def _train(config: GrpoConfig, training: Sequence[Sample], part: Path) -> None:
    from retia.tuning.grpo_train import train
    from retia.tuning.merge import save_trained

    rows: list[dict[str, Any]] = []

    def write(row: dict[str, Any]) -> None:
        # All of them after every step, so that the run can be watched.
        rows.append(row)
        write_lines(config.out / METRICS, rows)

    seed = item_seed(config.seed, "grpo") % 2**31
    log.info("grpo: %d samples, %d steps", len(training), config.steps)
    student = train(_start(config), training, config, seed, write)
    save_trained(student, part)
    write_lines(part / METRICS, rows)


def _measure(
    config: GrpoConfig, student: "Student", held_out: Sequence[Sample], part: Path
) -> None:
    from retia.tuning.grpo_measure import measure

    write_lines(part / MEASURED, measure(student, held_out, config))


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
