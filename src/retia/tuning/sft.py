"""Supervised fine-tuning: the vision tower, then two rounds on samples.

In:  samples, and a student to start from or a cohort to begin a new one.
Out: a model folder: safetensors, processor, chat template, card, `metrics.jsonl`.
"""

import json
import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
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
ADAPTER = "adapter_config.json"
Write = Callable[[dict[str, Any]], None]
Part = Callable[["Student", Write], "Student"]


@dataclass(frozen=True, kw_only=True)
class SftConfig(StepConfig):
    """How to fine-tune."""

    samples: Path
    """Folder with `samples.jsonl`, as `retia write` makes it."""
    model: Path | None = None
    """Model folder to start from; without it a new embedded student where there is a cohort, else
    the shipped one."""
    cohort: Path | None = None
    """Folder of cases to pre-train the vision tower on, of any modality: lesion masks, boxes,
    counts, stages, labels. The samples' own folder is one. A new student needs it: through text
    alone it would learn to write and stay blind. Models that bring their own tower ignore it."""
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
    keep_adapter: bool = False
    """Write the last round's LoRA adapter, with its base in `base/`, instead of merging it;
    `retia merge` does that later."""


def sft(config: SftConfig) -> dict[str, Any]:
    """Tune a student in two stages on instruction samples.

    Starts from `config.model`; without it from a new embedded student when there is a cohort to
    pre-train its tower on, else from the shipped student.

    Raises:
        UserError: If an input cannot be used, or no round has anything to learn.
        CheckFailedError: If preflight refuses the samples, or a saved part does not come back
            as it was saved.
    """
    if config.model is None and config.cohort is None:
        from retia.weights import student_folder

        config = replace(config, model=student_folder())
    inputs = {"samples": config.samples}
    inputs |= {"model": config.model} if config.model else {}
    inputs |= {"cohort": config.cohort} if config.cohort else {}
    with open_step("sft", config, inputs) as step:
        if step.done:
            return step.summary
        _run(config, step)
    return step.summary


def _run(config: SftConfig, step: Step) -> None:
    from retia.students.precision import use_one_thread
    from retia.tuning.card import write_card
    from retia.tuning.preflight import find_problems, refuse
    from retia.tuning.preflight.prompts import write_prompts
    from retia.tuning.verify import load_verified

    use_one_thread()
    samples = [s for s in read_samples(config.samples) if s.stage != "grpo"]
    refuse(find_problems(samples, config.samples))
    if not config.resume:
        shutil.rmtree(step.partial, ignore_errors=True)
    parts = _parts(config, samples)
    names = ["start", *parts]
    last: Path | None = None
    for name in names:
        folder = step.partial / name
        if not folder.is_dir():
            with atomic_folder(folder) as part:
                gathered = _Metrics(config.out / METRICS, step.partial, names, name)
                if last is None:
                    trained = _start(config, samples)
                    refuse(find_problems(samples, config.samples, trained))
                else:
                    trained = parts[name](load_verified(last), gathered.write)
                keep = config.keep_adapter and name == names[-1]
                _save(trained, part, keep)
                gathered.save(part)
        last = folder
    student = _write(step.partial / names[-1], config.out)
    write_prompts(samples, config.out)
    with atomic_file(config.out / "README.md") as part:
        modalities = sorted({s.modality for s in samples})
        part.write_text(write_card(config, student, modalities), encoding="utf-8")
    rows = "".join((step.partial / name / METRICS).read_text() for name in names)
    with atomic_file(config.out / METRICS) as part:
        part.write_text(rows, encoding="utf-8")
    step.summary = {"parts": names} | _last_metrics(rows)


def _write(part: Path, out: Path) -> "Student":
    """Write the last part as the step's result, and return it."""
    from retia.students.student import load_student
    from retia.tuning.verify import load_verified, save_student

    if not (part / ADAPTER).is_file():
        student = load_verified(part)
        save_student(student, out)
        return student
    # `save_adapter` has compared what comes back; the same bytes need no second comparison.
    shutil.copytree(part, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns(METRICS))
    return load_student(out)


def _start(config: SftConfig, samples: Sequence[Sample]) -> "Student":
    from retia.students.embedded import build
    from retia.students.new_words import add_words
    from retia.students.student import load_student
    from retia.tuning.merge import merged

    if config.model is not None:
        student = merged(load_student(config.model))
        if student.family.name != "embedded":
            return student
        known = len(student.tokenizer)
        student = add_words(student, _texts(samples))
        log.info("start: %d tokens for new words", len(student.tokenizer) - known)
        return student
    return build(_texts(samples), config.size, item_seed(config.seed, "student") % 2**31)


def _parts(config: SftConfig, samples: Sequence[Sample]) -> dict[str, Part]:
    """The parts of the run by name: each takes the student before it and returns its own."""

    def tower(student: "Student", write: Write) -> "Student":
        from retia.tuning.tower import train_tower

        if student.family.name != "embedded":
            log.info("tower: %s brings its own, --cohort is not used", student.family.title)
            return student
        seed = item_seed(config.seed, "tower") % 2**31
        train_tower(student, Path(config.cohort or ""), config.tower, seed, write)
        return student

    def tune(name: str, settings: Round) -> Part:
        def run(student: "Student", write: Write) -> "Student":
            return _tune(config, samples, student, name, settings, write)

        return run

    parts: dict[str, Part] = {}
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
        known_tokens=_known_tokens(config.model) if student.family.name == "embedded" else None,
    )


def _known_tokens(start: Path | None) -> int | None:
    """Tokens the student could read before this run; None for a new student."""
    if start is None:
        return None
    from retia.students.student import load_tokenizer

    return len(load_tokenizer(start))


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


def _save(student: "Student", folder: Path, keep_adapter: bool) -> None:
    from retia.tuning.merge import save_adapter, save_trained

    if not keep_adapter:
        save_trained(student, folder)
    elif hasattr(student.model, "merge_and_unload"):
        log.info("largest difference of logits after saving: %s", save_adapter(student, folder))
    else:
        raise UserError(
            "--keep-adapter is set, but the last round trains every weight (method `full`). "
            "Set its method to `lora`."
        )


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
        kept = {
            k: v
            for k, v in row.items()
            if k in ("stage_accuracy", "phase_accuracy", "loss", "eval_loss")
        }
        summary.setdefault(row["part"], {}).update(kept)
    return summary
