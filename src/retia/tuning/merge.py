"""Merge a LoRA adapter into its base, or keep it beside it; prove that either answers alike.

In:  an adapter folder, or a model with an adapter in memory.
Out: a plain model folder, or a folder of the adapter with its base in `base/`.
"""

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from retia.errors import UserError
from retia.runs import StepConfig, open_step
from retia.students.student import Student, load_student

log = logging.getLogger("retia")


@dataclass(frozen=True, kw_only=True)
class MergeConfig(StepConfig):
    """What to merge."""

    model: Path
    """PEFT adapter folder; its `adapter_config.json` names the base."""


def merge(config: MergeConfig) -> dict[str, Any]:
    """Merge a LoRA adapter into its base model and check that both answer alike."""
    with open_step("merge", config, {"model": config.model}) as step:
        if step.done:
            return step.summary
        if not (config.model / "adapter_config.json").is_file():
            raise UserError(
                f"{config.model} holds no adapter_config.json. Expected a LoRA adapter folder."
            )
        from retia.tuning.preflight.prompts import carry_prompts

        step.summary = merge_to(load_student(config.model), config.out)
        carry_prompts(config.model, config.out)
    return step.summary


def merge_to(student: Student, folder: Path) -> dict[str, float]:
    """Merge a student's adapter, save the plain model, and compare the three.

    Args:
        student: Its model is a PEFT model; it is merged in place.
        folder: Where to save.

    Returns:
        Largest difference of logits: adapter against merged, merged against reloaded.

    Raises:
        CheckFailedError: If the merged or the reloaded model answers otherwise.
    """
    from retia.tuning.verify import check_same, load_verified, logits_of, save_student

    batch = _probe(student)
    adapter = logits_of(student, batch)
    whole = merged(student)
    after = logits_of(whole, batch)
    gaps = {"merged": check_same("adapter against merged model", adapter, after)}
    save_student(whole, folder)
    reloaded = logits_of(load_verified(folder), batch)
    return gaps | {"reloaded": check_same("merged against reloaded model", after, reloaded)}


def merged(student: Student) -> Student:
    """The student without adapter: merged where it carries one, else as it is."""
    if hasattr(student.model, "merge_and_unload"):
        return replace(student, model=student.model.merge_and_unload())
    return student


def save_adapter(student: Student, folder: Path) -> dict[str, float]:
    """Save a student's adapter, and its base in `base/`, and compare with what comes back.

    Args:
        student: Its model is a PEFT model; it loses its adapter.
        folder: Where to save.

    Returns:
        Largest difference of logits: in memory against reloaded.

    Raises:
        CheckFailedError: If the reloaded model answers otherwise.
    """
    from retia.tuning.verify import check_same, logits_of, save_student

    batch = _probe(student)
    before = logits_of(student, batch)
    student.model.save_pretrained(folder)
    path = Path(folder) / "adapter_config.json"
    settings = json.loads(path.read_text(encoding="utf-8")) | {"base_model_name_or_path": "base"}
    path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    save_student(replace(student, model=student.model.unload()), Path(folder) / "base")
    reloaded = logits_of(load_student(folder), batch)
    return {"reloaded": check_same("adapter against reloaded adapter", before, reloaded)}


def save_trained(student: Student, folder: Path) -> None:
    """Save a student as a plain model folder, whether it carries an adapter or not.

    Raises:
        CheckFailedError: As `merge_to`.
    """
    from retia.tuning.verify import save_student

    if hasattr(student.model, "merge_and_unload"):
        log.info("largest difference of logits after merging: %s", merge_to(student, folder))
    else:
        save_student(student, folder)


def _probe(student: Student) -> dict[str, Any]:
    """A batch of two random images to compare answers on."""
    from retia.students.ask import encode, prompt

    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (96, 96), dtype=np.uint8) for _ in range(2)]
    texts = [prompt(student, "What does this image show?", image) for image in images]
    return dict(encode(student, images, texts))
