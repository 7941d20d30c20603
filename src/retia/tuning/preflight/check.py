"""Checks before a run: everything that would ruin it in silence.

In:  samples, and the student that shall learn them.
Out: a line per problem, `problems.jsonl` with all samples named, and `boxes.png`, the boxes drawn;
     `retia preflight` and `retia sft` refuse to go on when a problem is fatal.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retia.errors import UserError
from retia.records import Case, Sample, read_cases
from retia.records.cohort import METADATA
from retia.runs import StepConfig, open_step
from retia.tuning.preflight.balance import check_balance, check_repetition
from retia.tuning.preflight.boxes import check_boxes, draw_sheet
from retia.tuning.preflight.gold import check_agreement, check_gold, readable
from retia.tuning.preflight.pictures import check_pictures
from retia.tuning.preflight.problems import Problem, refuse
from retia.tuning.preflight.prompts import check_prompts
from retia.tuning.preflight.rows import read_rows
from retia.tuning.preflight.splits import check_parts, check_splits
from retia.tuning.preflight.structure import check_ids, check_structure
from retia.tuning.preflight.student import check_labels, check_words

if TYPE_CHECKING:
    from retia.students.student import Student

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class PreflightConfig(StepConfig):
    """What to check."""

    samples: Path
    """Folder with `samples.jsonl`."""
    model: Path | None = None
    """Model folder that shall learn the samples; without it only the samples are checked."""


def preflight(config: PreflightConfig) -> dict[str, Any]:
    """Refuse samples that would ruin a run.

    Writes `problems.jsonl` (every problem with all its samples) and `boxes.png` (a few images with
    their boxes, to be looked at), also where it refuses.

    Returns:
        The number of samples, and a line per warning.

    Raises:
        UserError: If there is no sample.
        CheckFailedError: With one line per fatal problem.
    """
    from retia.figures import write_png
    from retia.records.jsonl import write_records

    inputs = {"samples": config.samples} | ({"model": config.model} if config.model else {})
    with open_step("preflight", config, inputs) as step:
        if step.done:
            return step.summary
        samples, problems = read_rows(config.samples)
        if not samples and not problems:
            raise UserError(f"{config.samples} holds no sample. Run `retia write` first.")
        problems += examine(samples, config.samples, config.model) if samples else []
        write_records(step.out / "problems.jsonl", problems)
        sheet = draw_sheet(samples, config.samples)
        if sheet is not None:
            write_png(step.out / "boxes.png", sheet)
        step.summary = {"samples": len(samples), "problems": [p.line for p in problems]}
        refuse(problems)
        log.info("preflight: %d samples, no problem that would ruin a run", len(samples))
    return step.summary


def examine(samples: Sequence[Sample], folder: Path, model: Path | None = None) -> list[Problem]:
    """Return every problem that `retia preflight` names, fatal ones and warnings.

    Args:
        samples: All splits; at least one.
        folder: Where they lie: image paths are relative to it, and `metadata.jsonl` there, if any,
            holds their cases.
        model: Folder of the student that shall learn them.
    """
    student = None
    if model is not None:
        from retia.students.student import load_student

        student = load_student(model)
    problems = find_problems(samples, folder, student)
    problems += check_ids(samples, _cases(folder))
    problems += check_parts(samples)
    problems += check_prompts(samples, model)
    sound = [s for s in samples if readable(s)]
    problems += check_agreement(sound)
    problems += check_balance(sound)
    problems += check_repetition(sound, folder)
    return problems


def _cases(folder: Path) -> list[Case]:
    return read_cases(folder) if (folder / METADATA).is_file() else []


def find_problems(
    samples: Sequence[Sample], folder: Path, student: "Student | None" = None
) -> list[Problem]:
    """Return the problems that stop `retia sft`, of the samples and of the student with them.

    Args:
        samples: All splits.
        folder: What their image paths are relative to.
        student: Who shall learn them; None checks the samples alone.

    Raises:
        UserError: If there is no sample.
    """
    if not samples:
        raise UserError(f"{folder} holds no sample. Run `retia write` first.")
    folder = Path(folder)
    problems = [
        *check_structure(samples),
        *check_gold(samples),
        *check_splits(samples),
        *check_pictures(samples, folder),
        *check_boxes(samples, folder),
    ]
    if student is not None and not any(p.fatal for p in problems):
        problems += check_labels(samples, folder, student)
        if student.family.name == "embedded":
            problems += check_words(samples, student)
    return problems
