"""Supervised fine-tuning: the vision tower, then two rounds on samples.

In:  samples, and a student to start from or a cohort to begin a new one.
Out: a model folder: safetensors, processor, chat template, card, `metrics.jsonl`.
"""

import json
import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.atomic import atomic_file, atomic_folder
from retia.errors import UserError
from retia.records import Sample, read_samples
from retia.runs import Step, StepConfig, item_seed, open_step
from retia.students.embedded import EmbeddedSize
from retia.tuning.settings import Round, TowerSettings

if TYPE_CHECKING:
    from retia.students.student import Student

log = logging.getLogger("retia")

METRICS = "metrics.jsonl"
Write = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class SftConfig(StepConfig):
    """How to fine-tune."""

    samples: Path
    """Folder with `samples.jsonl`, as `retia write` makes it."""
    model: Path | None = None
    """Model folder to start from; without it a new embedded student is built."""
    cohort: Path | None = None
    """Cohort with lesion masks to pre-train the vision tower on; a new student needs it."""
    size: EmbeddedSize = field(default_factory=EmbeddedSize)
    """Size of a new student."""
    tower: TowerSettings = field(default_factory=TowerSettings)
    stage1: Round = field(default_factory=Round)
    """Round on the samples of stage 1."""
    stage2: Round = field(default_factory=lambda: Round(steps=500, replay=0.25))
    """Round on the samples of stage 2."""
    flips: bool = True
    """Mirror images and the words about them at random (embedded student only)."""
    jitter: float = 0.15
    """Strength of random brightness, contrast and noise; 0 for none."""
    held_out: int = 256
    """Largest number of validation samples for the evaluation loss."""


def sft(config: SftConfig) -> None:
    """Fine-tune a student on samples in two rounds; without a model, build a small one first."""
    inputs = {"samples": config.samples}
    if config.model is None and config.cohort is None:
        raise UserError(
            "neither model nor cohort is given. Pass --model to tune a student, or --cohort (from "
            "`retia grow`) to build a new one: without its lesion masks a new student stays blind."
        )
    inputs |= {"model": config.model} if config.model else {}
    inputs |= {"cohort": config.cohort} if config.cohort else {}
    with open_step("sft", config, inputs) as step:
        if step.done:
            return
        _run(config, step)


def _run(config: SftConfig, step: Step) -> None:
    from retia.tuning.preflight import find_problems, refuse
    from retia.tuning.verify import load_verified, save_student

    _one_thread()
    samples = [s for s in read_samples(config.samples) if s.stage != "grpo"]
    refuse(find_problems(samples, config.samples))
    if not config.resume:
        shutil.rmtree(step.partial, ignore_errors=True)
    parts = _parts(config, samples)
    last: Path | None = None
    for name, train in parts.items():
        folder = step.partial / name
        if not folder.is_dir():
            with atomic_folder(folder) as part:
                student = None if last is None else load_verified(last)
                gathered = _Metrics(config.out / METRICS, step.partial, list(parts), name)
                trained = train(student, gathered.write)
                if name == "start":
                    refuse(find_problems(samples, config.samples, trained))
                step.summary |= _save(trained, part)
                gathered.save(part)
        last = folder
    if last is None:
        raise UserError("nothing to do: both rounds have 0 steps.")
    student = load_verified(last)
    save_student(student, config.out)
    (config.out / "README.md").write_text(_card(config, student), encoding="utf-8")
    rows = "".join((step.partial / name / METRICS).read_text() for name in parts)
    with atomic_file(config.out / METRICS) as part:
        part.write_text(rows, encoding="utf-8")
    step.summary = {"parts": list(parts)} | _last_metrics(rows)


def _parts(
    config: SftConfig, samples: Sequence[Sample]
) -> dict[str, Callable[["Student | None", Write], "Student"]]:
    """The parts of the run by name: each takes the student before it and returns its own."""

    def start(_: "Student | None", write: Write) -> "Student":
        from retia.students.embedded import build
        from retia.students.student import load_student

        if config.model is not None:
            return _plain(load_student(config.model))
        return build(_texts(samples), config.size, item_seed(config.seed, "student") % 2**31)

    def tower(student: "Student | None", write: Write) -> "Student":
        from retia.tuning.tower import train_tower

        seed = item_seed(config.seed, "tower") % 2**31
        train_tower(student, config.cohort, config.tower, seed, write)
        return student

    def tune(name: str, settings: Round) -> Callable[["Student | None", Write], "Student"]:
        def run(student: "Student | None", write: Write) -> "Student":
            return _tune(config, samples, student, name, settings, write)

        return run

    parts: dict[str, Any] = {"start": start}
    if config.cohort is not None and config.tower.steps:
        parts["tower"] = tower
    for name, settings in (("stage1", config.stage1), ("stage2", config.stage2)):
        if settings.steps and any(s.stage == name and _is_training(s) for s in samples):
            parts[name] = tune(name, settings)
    if not any(name in parts for name in ("stage1", "stage2")):
        raise UserError(
            f"{config.samples}: no sample of the train split is of a round with steps above 0."
        )
    return parts


def _tune(
    config: SftConfig,
    samples: Sequence[Sample],
    student: "Student",
    name: str,
    settings: Round,
    write: Write,
) -> "Student":
    from retia.tuning.rounds import train_round
    from retia.tuning.samples import to_rows

    seed = item_seed(config.seed, name) % 2**31
    own = [s for s in samples if s.stage == name]
    other = [s for s in samples if s.stage != name and _is_training(s)]
    training = [s for s in own if _is_training(s)]
    held_out = [s for s in own if s.split in ("validation", "val")]
    mixed = training + _replayed(other, len(training), settings.replay, seed)
    log.info("%s: %d samples, %d steps", name, len(mixed), settings.steps)
    return train_round(
        student,
        to_rows(mixed, config.samples, student),
        to_rows(_some(held_out, config.held_out, seed), config.samples, student),
        settings,
        name,
        seed,
        config.flips and student.family.name == "embedded",
        config.jitter,
        write,
    )


def _replayed(other: list[Sample], own: int, share: float, seed: int) -> list[Sample]:
    return _some(other, round(own * share / (1 - share)), seed)


def _some(samples: list[Sample], count: int, seed: int) -> list[Sample]:
    """At most `count` samples, the same ones for the same seed."""
    import numpy as np

    chosen = np.random.default_rng(seed).permutation(len(samples))[:count]
    return [samples[i] for i in sorted(chosen.tolist())]


def _is_training(sample: Sample) -> bool:
    return sample.split in (None, "train")


def _texts(samples: Sequence[Sample]) -> list[str]:
    return [m.text for s in samples for m in s.messages]


def _plain(student: "Student") -> "Student":
    from dataclasses import replace

    if hasattr(student.model, "merge_and_unload"):
        return replace(student, model=student.model.merge_and_unload())
    return student


def _save(student: "Student", folder: Path) -> dict[str, Any]:
    from retia.tuning.merge import merge_to
    from retia.tuning.verify import save_student

    if hasattr(student.model, "merge_and_unload"):
        return {"merge": merge_to(student, folder)}
    save_student(student, folder)
    return {}


def _one_thread() -> None:
    import torch

    # A second thread makes bf16 training of so small a model slower (measured).
    if not torch.cuda.is_available():
        torch.set_num_threads(1)


class _Metrics:
    """`metrics.jsonl`: rows of finished parts, then rows of this one as they come."""

    def __init__(self, path: Path, partial: Path, parts: list[str], name: str) -> None:
        self.path = path
        self.rows: list[str] = []
        before = [partial / p / METRICS for p in parts[: parts.index(name)]]
        with atomic_file(path) as part:
            part.write_text("".join(p.read_text() for p in before), encoding="utf-8")

    def write(self, row: dict[str, Any]) -> None:
        line = json.dumps(row) + "\n"
        self.rows.append(line)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line)

    def save(self, folder: Path) -> None:
        (folder / METRICS).write_text("".join(self.rows), encoding="utf-8")


def _last_metrics(rows: str) -> dict[str, Any]:
    summary: dict[str, Any] = {}
    for line in rows.splitlines():
        row = json.loads(line)
        kept = {k: v for k, v in row.items() if k in ("stage_accuracy", "loss", "eval_loss")}
        summary.setdefault(row["part"], {}).update(kept)
    return summary


def _card(config: SftConfig, student: "Student") -> str:
    from retia.tuning.card import write_card

    return write_card(config, student)
