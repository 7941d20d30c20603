"""`retia write`: cases in, instruction samples out."""

import logging
import math
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retia.errors import UserError
from retia.instructions.teacher.flags import TeacherFlags, chat_config, check_flags
from retia.records import Case, Sample, write_cases, write_samples
from retia.records.cohort import METADATA
from retia.records.jsonl import iterate_records
from retia.records.sample import SAMPLES
from retia.runs import StepConfig, open_step

if TYPE_CHECKING:
    from retia.instructions.survey import Survey

log = logging.getLogger("retia")

BATCH = 200
"""Cases a work item; a fixed number, so that workers change nothing."""


@dataclass(frozen=True, kw_only=True)
class WriteConfig(TeacherFlags, StepConfig):
    """What `retia write` takes."""

    cases: Path | tuple[Path, ...]
    """Folders of cases (`metadata.jsonl`), as `grow`, `import` or `attribute` write them. Their
    modalities may differ, their ids must."""
    attributions: Path | None = None
    """Folder of `retia attribute` for the same images: adds `seen/...` evidence and importance."""
    teacher: Literal["builtin", "llm"] = "builtin"
    """Who words the samples. A language model rewords what the built-in writer wrote; what does
    not pass the check of its claims is not used."""
    stage1_per_case: int = 1
    """Samples a case that ask for the stage; of a surgical frame, for a description, and as many
    for what an instrument does. Annotated questions are asked once each, or never at 0."""
    stage2_per_case: int = 1
    """Conversations a case; of a surgical frame also so many about what to do next."""
    phrasing: Literal["varied", "plain"] = "varied"
    """Of eyes: many ways to say a thing, or one, for students with a small vocabulary."""
    reference: Path | None = None
    """Folder of `retia graph reference`: says what is usual, for eyes whose FAZ was seen and not
    simulated."""
    grpo_per_case: int = 1
    """Samples a case for GRPO: one structured answer each."""
    turns: int = 4
    """Most turns of a conversation, 2 or more."""
    surgical_turns: int = 6
    """Most turns of a conversation about a surgical frame, 3 or more."""


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """What one worker writes: cases, with the yes-or-no questions planned for each."""

    config: WriteConfig
    cases: tuple[Case, ...]
    presence: tuple[tuple[tuple[str, bool], ...], ...]


def write(config: WriteConfig) -> dict[str, Any]:
    """Put cases into words: instruction samples.

    Every sentence has its evidence, every answer a typed gold value.

    Writes `samples.jsonl`, `metadata.jsonl` (the cases as the samples saw them), `statistics.json`
    and a dataset card.

    Returns:
        The statistics.

    Raises:
        UserError: If the cases cannot be read or nothing can be said of any of them.
    """
    _check(config)
    folders = _folders(config)
    if config.dry_run:
        return _dry_run(config)
    inputs = {f"cases-{i}" if i else "cases": folder for i, folder in enumerate(folders)}
    if config.attributions is not None:
        inputs["attributions"] = config.attributions
    if config.reference is not None:
        inputs["reference"] = config.reference
    with open_step("write", config, inputs) as step:
        if step.done:
            return step.summary
        from retia.instructions.card import dataset_card
        from retia.instructions.statistics_page import write_page
        from retia.instructions.survey import Survey
        from retia.runs.step import write_json

        survey = Survey(folders, config.out, config.attributions, config.reference)
        if survey.left_out:
            log.warning("write: %d cases left out, of which nothing is known", survey.left_out)
        batches = [f"batch-{i:05d}" for i in range(math.ceil(survey.cases / BATCH))]
        items = zip(batches, _batches(config, survey), strict=True)
        step.do(write_batch, items, len(batches), "writing samples")
        for name in (METADATA, SAMPLES):
            parts = (step.folder(id) / name for id in batches)
            with step.new_file(name) as new, new.open("wb") as whole:
                for part in filter(Path.is_file, parts):
                    with part.open("rb") as lines:
                        shutil.copyfileobj(lines, whole)
        statistics = _statistics(iterate_records(step.out / SAMPLES, Sample))
        if config.teacher == "llm":
            from retia.instructions.teacher.teach import collect

            statistics["teacher"] = collect(step, batches, config.teacher_model or "")
        write_json(step.out / "statistics.json", statistics)
        write_page(statistics, step.out / "statistics.html")
        card = dataset_card(survey.examples, statistics)
        (step.out / "README.md").write_text(card, encoding="utf-8")
        step.summary = statistics
        log.info("write: %d samples about %d images", statistics["samples"], survey.cases)
    return step.summary


def _dry_run(config: WriteConfig) -> dict[str, Any]:
    from retia.instructions.survey import Survey
    from retia.instructions.teacher.teach import dry_run

    survey = Survey(_folders(config), config.out, config.attributions, config.reference)
    batches = ((b.cases, batch_samples(b)) for b in _batches(config, survey))
    pictures = config.out if config.teacher_images else None
    return dry_run(batches, chat_config(config, config.out), config.seed, pictures)


def _statistics(samples: Iterable[Sample]) -> dict[str, Any]:
    """All counts of a set, in one pass."""
    from retia.instructions.blind import BlindBaseline
    from retia.instructions.card import sample_statistics
    from retia.instructions.variety import Variety

    blind, variety = BlindBaseline(), Variety()

    def watched() -> Iterator[Sample]:
        for sample in samples:
            blind.add(sample)
            variety.add(sample)
            yield sample

    statistics = sample_statistics(watched())
    return statistics | {"blind": blind.accuracy(), "distinct": variety.distinct()}


def _check(config: WriteConfig) -> None:
    check_flags(config.teacher, config, config.out)
    per_case = {
        name: getattr(config, name)
        for name in ("stage1_per_case", "stage2_per_case", "grpo_per_case")
    }
    for name, count in per_case.items():
        if count < 0:
            raise UserError(f"{name} is {count}. Expected 0 or more samples a case.")
    if config.turns < 2:
        raise UserError(f"turns is {config.turns}. Expected 2 or more turns.")
    if config.surgical_turns < 3:
        raise UserError(f"surgical_turns is {config.surgical_turns}. Expected 3 or more turns.")


def _folders(config: WriteConfig) -> tuple[Path, ...]:
    folders = config.cases if isinstance(config.cases, tuple) else (config.cases,)
    if not folders:
        raise UserError("--cases names no folder. Expected one or more folders of cases.")
    return folders


def _batches(config: WriteConfig, survey: "Survey") -> Iterator[_Batch]:
    planned = survey.planned(config.seed)
    while part := tuple(islice(planned, BATCH)):
        cases, presence = zip(*part, strict=True)
        yield _Batch(config=config, cases=cases, presence=presence)


def write_batch(batch: _Batch, folder: Path) -> None:
    """Write some cases and their samples into a folder of their own."""
    config, samples = batch.config, batch_samples(batch)
    if config.teacher == "llm":
        from retia.instructions.teacher.teach import teach

        chat = chat_config(config, config.out, shares=config.workers)
        pictures = config.out if config.teacher_images else None
        samples = teach(samples, batch.cases, chat, config.seed, folder, pictures)
    write_cases(folder, batch.cases)
    write_samples(folder, samples)


def batch_samples(batch: _Batch) -> list[Sample]:
    """The built-in writer's samples of some cases."""
    return [
        sample
        for case, presence in zip(batch.cases, batch.presence, strict=True)
        for sample in case_samples(case, presence, batch.config)
    ]


def case_samples(
    case: Case, presence: Sequence[tuple[str, bool]], config: WriteConfig
) -> list[Sample]:
    """All samples of one case."""
    from retia.instructions.survey import told_of
    from retia.taxonomy import read_vocabulary

    vocabulary = read_vocabulary(case.modality)
    if vocabulary.phases:
        return _surgical_samples(case, presence, config)
    if vocabulary.stages and told_of(case):
        return _eye_samples(case, presence, config)
    return _question_samples(case, config)


def _eye_samples(
    case: Case, presence: Sequence[tuple[str, bool]], config: WriteConfig
) -> list[Sample]:
    from retia.instructions.eyes.writer import grpo_sample, stage1_sample, stage2_sample

    seed, plain = config.seed, config.phrasing == "plain"
    made: list[Sample | None] = []
    made += [stage1_sample(case, n, seed, plain) for n in range(config.stage1_per_case)]
    made += [
        # Planned questions are asked once, in the first conversation: balance holds over all.
        stage2_sample(case, n, seed, () if n else presence, config.turns, plain)
        for n in range(config.stage2_per_case)
    ]
    made += [grpo_sample(case, n, seed, plain) for n in range(config.grpo_per_case)]
    return [sample for sample in made if sample is not None]


def _question_samples(case: Case, config: WriteConfig) -> list[Sample]:
    from retia.instructions.vqa.samples import grpo_sample, stage1_sample, stage2_sample

    count = len(case.questions)
    asked = range(count if config.stage1_per_case else 0)
    return [
        *(stage1_sample(case, n) for n in asked),
        *(stage2_sample(case, n, config.seed, config.turns) for n in range(config.stage2_per_case)),
        *(grpo_sample(case, n, config.seed) for n in range(min(count, config.grpo_per_case))),
    ]


def _surgical_samples(
    case: Case, presence: Sequence[tuple[str, bool]], config: WriteConfig
) -> list[Sample]:
    from retia.instructions.surgical.samples import (
        conversation_sample,
        description_sample,
        reasoning_sample,
        structured_sample,
    )
    from retia.taxonomy import read_procedure

    procedure, seed = read_procedure(case.modality), config.seed
    made = [description_sample(case, procedure, n, seed) for n in range(config.stage1_per_case)]
    made += [
        structured_sample(case, procedure, "stage1", n, seed)
        for n in range(config.stage1_per_case, 2 * config.stage1_per_case)
    ]
    for n in range(config.stage2_per_case):
        own = () if n else presence
        made.append(conversation_sample(case, procedure, n, seed, own, config.surgical_turns))
        made.append(reasoning_sample(case, procedure, n, seed))
    made += [
        structured_sample(case, procedure, "grpo", n, seed) for n in range(config.grpo_per_case)
    ]
    return [sample for sample in made if sample is not None]
