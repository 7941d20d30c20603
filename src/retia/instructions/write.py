"""`retia write`: cases in, instruction samples out."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from retia.errors import UserError
from retia.records import Case, Sample, read_cases, read_samples, write_cases, write_samples
from retia.runs import StepConfig, open_step

log = logging.getLogger("retia")

BATCH = 200
"""Cases a work item; a fixed number, so that workers change nothing."""


@dataclass(frozen=True, kw_only=True)
class WriteConfig(StepConfig):
    """What `retia write` takes."""

    cases: Path | tuple[Path, ...]
    """Folders of cases (`metadata.jsonl`), as `grow`, `import` or `attribute` write them. Their
    modalities may differ, their ids must."""
    attributions: Path | None = None
    """Folder of `retia attribute` for the same images: adds `seen/...` evidence and importance."""
    teacher: Literal["builtin"] = "builtin"
    """Who words the samples."""
    stage1_per_case: int = 1
    """Samples a case that ask for the stage; of a surgical frame, for a description, and as many
    for what an instrument does. Annotated questions are asked once each, or never at 0."""
    stage2_per_case: int = 1
    """Conversations a case; of a surgical frame also so many about what to do next."""
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
    inputs = {f"cases-{i}" if i else "cases": folder for i, folder in enumerate(folders)}
    if config.attributions is not None:
        inputs["attributions"] = config.attributions
    with open_step("write", config, inputs) as step:
        if step.done:
            return step.summary
        from retia.instructions.card import dataset_card, sample_statistics
        from retia.runs.step import write_json

        cases = _read_all(config)
        plan = _plan(cases, config.seed)
        batches = {f"batch-{i:05d}": b for i, b in enumerate(_batches(config, cases, plan))}
        folders = step.map(write_batch, batches, "writing samples")
        samples = [s for folder in folders.values() for s in read_samples(folder)]
        write_cases(step.out, cases)
        write_samples(step.out, samples)
        statistics = sample_statistics(samples)
        write_json(step.out / "statistics.json", statistics)
        (step.out / "README.md").write_text(dataset_card(cases, statistics), encoding="utf-8")
        step.summary = statistics
        log.info("write: %d samples about %d images", len(samples), len(cases))
    return step.summary


def _check(config: WriteConfig) -> None:
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


def _read_all(config: WriteConfig) -> list[Case]:
    """The cases that can be written about, complete, with paths as seen from the output folder."""
    from retia.images.folder import reroot
    from retia.instructions.merge import merge_attributions
    from retia.records.cohort import check_cases

    attributed: dict[str, Case] = {}
    if config.attributions is not None:
        attributed = {c.id: c for c in read_cases(config.attributions)}
    kept: list[Case] = []
    left_out = 0
    for folder in _folders(config):
        for case in read_cases(folder):
            ready = _ready(merge_attributions(case, attributed))
            if ready is None:
                left_out += 1
            else:
                kept.append(reroot(ready, folder, config.out))
    where = ", ".join(map(str, _folders(config)))
    if not kept:
        raise UserError(
            f"no case of {where} has a stage, findings or `looked_for`, surgical labels, or "
            "questions. Add labels to metadata.jsonl, or pass --attributions of "
            "`retia attribute`."
        )
    check_cases(kept, where)
    if left_out:
        log.warning("write: %d cases left out, of which nothing is known", left_out)
    return kept


def _ready(case: Case) -> Case | None:
    """The case as it is written about; None when nothing is known of it.

    Raises:
        UserError: If there is no vocabulary of its modality, or a label of a surgical frame is no
            word of its procedure.
    """
    from retia.instructions.surgical_facts import with_evidence
    from retia.instructions.writer import with_stage
    from retia.taxonomy import check_case, read_procedure, read_vocabulary

    vocabulary = read_vocabulary(case.modality)
    if vocabulary.phases:
        check_case(read_procedure(case.modality), case)
        known = case.labels or case.findings or case.looked_for
        return with_evidence(case) if known else None
    if vocabulary.stages:
        staged = with_stage(case)
        return staged if staged.stage is not None else None
    return case if case.questions else None


def _plan(cases: Sequence[Case], seed: int) -> dict[str, list[tuple[str, bool]]]:
    """Balanced yes-or-no questions, planned for each modality by itself."""
    from retia.instructions.balance import plan_presence
    from retia.instructions.surgical_facts import known_truths
    from retia.taxonomy import read_procedure, read_vocabulary

    plan: dict[str, list[tuple[str, bool]]] = {case.id: [] for case in cases}
    for modality in sorted({case.modality for case in cases}):
        own = [case for case in cases if case.modality == modality]
        if read_vocabulary(modality).phases:
            known = partial(known_truths, procedure=read_procedure(modality))
            plan |= plan_presence(own, seed, known, share=1.0)
        else:
            plan |= plan_presence(own, seed)
    return plan


def _batches(
    config: WriteConfig, cases: Sequence[Case], plan: dict[str, list[tuple[str, bool]]]
) -> Iterator[_Batch]:
    for start in range(0, len(cases), BATCH):
        part = tuple(cases[start : start + BATCH])
        presence = tuple(tuple(plan[c.id]) for c in part)
        yield _Batch(config=config, cases=part, presence=presence)


def write_batch(batch: _Batch, folder: Path) -> None:
    """Write the samples of some cases into a folder of their own."""
    config = batch.config
    samples = [
        sample
        for case, presence in zip(batch.cases, batch.presence, strict=True)
        for sample in case_samples(case, presence, config)
    ]
    write_samples(folder, samples)


def case_samples(
    case: Case, presence: Sequence[tuple[str, bool]], config: WriteConfig
) -> list[Sample]:
    """All samples of one case."""
    from retia.taxonomy import read_vocabulary

    vocabulary = read_vocabulary(case.modality)
    if vocabulary.phases:
        return _surgical_samples(case, presence, config)
    if vocabulary.stages:
        return _eye_samples(case, presence, config)
    return _question_samples(case, config)


def _eye_samples(
    case: Case, presence: Sequence[tuple[str, bool]], config: WriteConfig
) -> list[Sample]:
    from retia.instructions.writer import grpo_sample, stage1_sample, stage2_sample

    made: list[Sample | None] = []
    made += [stage1_sample(case, n, config.seed) for n in range(config.stage1_per_case)]
    made += [
        # Planned questions are asked once, in the first conversation: balance holds over all.
        stage2_sample(case, n, config.seed, () if n else presence, config.turns)
        for n in range(config.stage2_per_case)
    ]
    made += [grpo_sample(case, n, config.seed) for n in range(config.grpo_per_case)]
    return [sample for sample in made if sample is not None]


def _question_samples(case: Case, config: WriteConfig) -> list[Sample]:
    from retia.instructions.vqa import grpo_sample, stage1_sample, stage2_sample

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
    from retia.instructions.surgical import (
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
