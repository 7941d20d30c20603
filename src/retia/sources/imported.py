"""What every import shares: its flags, and the folder it writes."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retia.disclaimer import DISCLAIMER
from retia.errors import UserError
from retia.records import Case, write_cases
from retia.runs import Step, StepConfig

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class ImportConfig(StepConfig):
    """The flags of every import."""

    source: Path
    """Folder of the data set."""
    limit: int | None = None
    """Images at most, drawn by the seed; all when left out."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a data set comes from, for the card."""

    title: str
    licence: str
    reference: str
    notes: str = ""
    """Sentences on what the import changed."""


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        UserError: If it is missing or damaged.
    """
    import json

    if not path.is_file():
        raise UserError(f"{path} does not exist. Expected a JSON file there.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is no valid JSON ({error}).") from None


def write_imported(
    step: Step, source: Path, cases: Sequence[Case], origin: Origin, overlap: dict[str, Any]
) -> dict[str, Any]:
    """Write `metadata.jsonl`, `overlap.json` and the card.

    Args:
        step: The running step; its summary is set.
        source: Folder that the `file_name`s are relative to; the images stay there.
        cases: All with a split; at least one.
        origin: For the card.
        overlap: Under `as_written` what the splits share; under `as_given`, where an official
            split was kept, what its parts shared before.

    Returns:
        The summary: images, questions and findings, and images per split.

    Raises:
        UserError: If there is no case, with the first reason why.
    """
    from retia.images import reroot
    from retia.records.cohort import check_cases
    from retia.runs.step import write_json
    from retia.sources.overlap import log_overlap

    if not cases:
        first = f" First: {step.failures[0]['error']}" if step.failures else ""
        raise UserError(f"{source}: nothing could be imported.{first}")
    check_cases(cases, f"{step.out}")
    for what, shared in overlap.items():
        log_overlap(shared, what.replace("_", " "))
    write_cases(step.out, [reroot(c, source, step.out) for c in cases])
    write_json(step.out / "overlap.json", overlap)
    step.summary = {
        "images": len(cases),
        "groups": len({c.group for c in cases}),
        "questions": sum(len(c.questions) for c in cases),
        "findings": sum(len(c.findings) for c in cases),
        "by_split": dict(sorted(Counter(str(c.split) for c in cases).items())),
    }
    card = _card(origin, step.summary)
    (step.out / "README.md").write_text(card, encoding="utf-8")
    log.info("%s: %s", step.name, step.summary)
    return step.summary


def _card(origin: Origin, summary: dict[str, Any]) -> str:
    splits = ", ".join(f"{name} {count}" for name, count in summary["by_split"].items())
    return f"""---
pretty_name: {origin.title}, as Retia cases
tags: [medical]
configs:
  - config_name: default
    data_files: metadata.jsonl
---

# {origin.title}, as Retia cases

{DISCLAIMER}

- Origin: {origin.reference}
- Licence of the data: {origin.licence} It holds for the images and for these labels.
- {summary["images"]} images of {summary["groups"]} groups (image, patient or video), \
{summary["questions"]} questions, {summary["findings"]} findings.
- Images per split: {splits}. No group is in two splits.

{origin.notes}

`metadata.jsonl` holds one image a line; `file_name` is relative to this folder. `overlap.json`
tells what the splits share: images by content, questions by words. `run.json`: settings, versions,
seed, input hashes.
"""
