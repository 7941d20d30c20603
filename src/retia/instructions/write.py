"""`retia write`: cases in, instruction samples out."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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

    cases: Path
    """Folder of cases (`metadata.jsonl`), as `grow`, `import` or `attribute` write it."""
    attributions: Path | None = None
    """Folder of `retia attribute` for the same images: adds `seen/...` evidence and importance."""
    teacher: Literal["builtin"] = "builtin"
    """Who words the samples."""
    stage1_per_case: int = 1
    """Samples a case that ask for the stage."""
    stage2_per_case: int = 1
    """Conversations a case about regions."""
    turns: int = 4
    """Most turns of a conversation, 2 or more."""


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
    if min(config.stage1_per_case, config.stage2_per_case) < 0 or config.turns < 2:
        raise UserError(
            f"stage1_per_case is {config.stage1_per_case}, stage2_per_case {config.stage2_per_case}"
            f" and turns {config.turns}. Expected 0 or more samples a case, and 2 or more turns."
        )
    inputs = {"cases": config.cases}
    if config.attributions is not None:
        inputs["attributions"] = config.attributions
    with open_step("write", config, inputs) as step:
        if step.done:
            return _read_summary(step.out)
        from retia.instructions.balance import plan_presence
        from retia.instructions.card import dataset_card, sample_statistics
        from retia.runs.step import write_json

        cases = _read_all(config)
        plan = plan_presence(cases, config.seed)
        batches = {f"batch-{i:05d}": b for i, b in enumerate(_batches(config, cases, plan))}
        folders = step.map(write_batch, batches, "writing samples")
        samples = [s for folder in folders.values() for s in read_samples(folder)]
        write_cases(step.out, cases)
        write_samples(step.out, samples)
        statistics = sample_statistics(samples)
        write_json(step.out / "statistics.json", statistics)
        (step.out / "README.md").write_text(dataset_card(cases, statistics), encoding="utf-8")
        step.summary = {"cases": len(cases), "samples": len(samples)}
        log.info("write: %d samples about %d eyes", len(samples), len(cases))
    return statistics


def _read_summary(out: Path) -> dict[str, Any]:
    import json

    return json.loads((out / "statistics.json").read_text(encoding="utf-8"))


def _read_all(config: WriteConfig) -> list[Case]:
    """Cases with attribution merged in, a stage each, and paths as seen from the output folder."""
    from retia.images.folder import reroot
    from retia.instructions.merge import merge_attributions
    from retia.instructions.writer import with_stage

    attributed: dict[str, Case] = {}
    if config.attributions is not None:
        attributed = {c.id: c for c in read_cases(config.attributions)}
    merged = [with_stage(merge_attributions(c, attributed)) for c in read_cases(config.cases)]
    cases = [c for c in merged if c.stage is not None]
    if not cases:
        raise UserError(
            f"no case of {config.cases} has a stage, findings or `looked_for`. "
            "Add labels to metadata.jsonl, or pass --attributions of `retia attribute`."
        )
    if len(cases) < len(merged):
        log.warning("write: %d cases left out, of which nothing is known", len(merged) - len(cases))
    return [reroot(case, config.cases, config.out) for case in cases]


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
    from retia.instructions.writer import stage1_sample, stage2_sample

    samples: list[Sample] = [
        stage1_sample(case, case.file_name, n, config.seed) for n in range(config.stage1_per_case)
    ]
    for n in range(config.stage2_per_case):
        # Planned questions are asked once, in the first conversation: balance holds over all.
        own = presence if n == 0 else ()
        sample = stage2_sample(case, case.file_name, n, config.seed, own, config.turns)
        if sample is not None:
            samples.append(sample)
    return samples
