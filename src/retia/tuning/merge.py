"""Merge a LoRA adapter into its base, and prove that the result answers alike.

In:  an adapter folder, or a model with an adapter in memory.
Out: a plain model folder.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from retia.errors import UserError
from retia.runs import StepConfig, open_step
from retia.students.student import Student, load_student


@dataclass(frozen=True, kw_only=True)
class MergeConfig(StepConfig):
    """What to merge."""

    model: Path
    """PEFT adapter folder; its `adapter_config.json` names the base."""


def merge(config: MergeConfig) -> None:
    """Merge a LoRA adapter into its base model and check that both answer alike."""
    with open_step("merge", config, {"model": config.model}) as step:
        if step.done:
            return
        if not (config.model / "adapter_config.json").is_file():
            raise UserError(
                f"{config.model} holds no adapter_config.json. Expected a LoRA adapter folder."
            )
        step.summary = merge_to(load_student(config.model), config.out)


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
    import numpy as np

    from retia.students.ask import encode, prompt
    from retia.tuning.verify import check_same, load_verified, logits_of, save_student

    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (96, 96), dtype=np.uint8) for _ in range(2)]
    texts = [prompt(student, "What does this image show?", image) for image in images]
    batch = dict(encode(student, images, texts))
    adapter = logits_of(student, batch)
    merged = replace(student, model=student.model.merge_and_unload())
    after = logits_of(merged, batch)
    gaps = {"merged": check_same("adapter against merged model", adapter, after)}
    save_student(merged, folder)
    reloaded = logits_of(load_verified(folder), batch)
    return gaps | {"reloaded": check_same("merged against reloaded model", after, reloaded)}
