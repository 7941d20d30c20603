"""The texts that a student is asked with: learnt, carried by the model folder, asked again.

In:  samples.
Out: `prompts.json` in the model folder, and problems where samples and model differ. A student
that was tuned with other words than it is asked with answers worse, and nothing says why.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from retia.errors import UserError
from retia.instructions.eyes.writer import stage_question
from retia.instructions.turn import AS_JSON
from retia.records import Case, Sample
from retia.taxonomy import read_vocabulary
from retia.tuning.preflight.problems import Problem, named
from retia.tuning.preflight.structure import has_vocabulary

PROMPTS = "prompts.json"


def asked_of(modality: str) -> str | None:
    """What audit, page and server ask by themselves about an image; None where they do not."""
    if not has_vocabulary(modality) or not read_vocabulary(modality).stages:
        return None
    return stage_question(Case(file_name="", id="", group="", modality=modality))


def prompts_of(samples: Sequence[Sample]) -> dict[str, Any]:
    """The prompt texts of samples.

    Returns:
        System messages, the ending that asks for JSON, and the question asked of each modality.
    """
    systems = {m.text for s in samples for m in s.messages if m.role == "system"}
    modalities = sorted({s.modality for s in samples})
    return {
        "system": sorted(systems),
        "as_json": AS_JSON.strip(),
        "asked": {m: question for m in modalities if (question := asked_of(m)) is not None},
    }


def write_prompts(samples: Sequence[Sample], folder: Path) -> None:
    """Write the prompt texts of samples into the model folder that learnt them."""
    from retia.runs.step import write_json

    write_json(folder / PROMPTS, prompts_of(samples))


def carry_prompts(source: Path | None, target: Path) -> None:
    """Copy the prompts of one model folder, if it carries any, into another made of it."""
    if source is not None and (source / PROMPTS).is_file():
        shutil.copyfile(source / PROMPTS, target / PROMPTS)


def read_prompts(folder: Path) -> dict[str, Any] | None:
    """The prompts that a model folder carries; None where it carries none.

    Raises:
        UserError: If the file is damaged.
    """
    path = folder / PROMPTS
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is no valid JSON ({error}). Tune the model again.") from None


def check_prompts(samples: Sequence[Sample], model: Path | None = None) -> list[Problem]:
    """Prompts that the student would not meet again, or has never met.

    Args:
        samples: All splits.
        model: Folder of the student that shall learn them.
    """
    training = [s for s in samples if s.split in (None, "train")]
    unlike = [s.id for s in samples if _wants_json(s)]
    problems = named("prompts", "the answer is JSON, but the question does not ask for it", unlike)
    for modality, asked in prompts_of(samples)["asked"].items():
        own = [s for s in training if s.modality == modality and _has_stage(s)]
        if own and not any(asked in m.text for s in own for m in s.messages):
            text = f"no training sample asks as audit and server ask: {asked!r}"
            problems += named("prompts", text, [s.id for s in own], fatal=False)
    carried = read_prompts(model) if model is not None else None
    if carried is not None:
        problems += _differences(samples, carried)
    return problems


def _wants_json(sample: Sample) -> bool:
    question = ""
    for message in sample.messages:
        if message.role != "assistant":
            question += message.text
        elif message.text.lstrip().startswith("{") and "json" not in question.lower():
            return True
        else:
            question = ""
    return False


def _has_stage(sample: Sample) -> bool:
    return any(m.gold is not None and m.gold.type == "stage" for m in sample.answers)


def _differences(samples: Sequence[Sample], carried: dict[str, Any]) -> list[Problem]:
    known = set(carried.get("system", []))
    other = [
        s.id
        for s in samples
        if {m.text for m in s.messages if m.role == "system"} != known and (known or _system(s))
    ]
    asked = prompts_of(samples)["asked"]
    changed = [
        modality
        for modality, question in carried.get("asked", {}).items()
        if modality in asked and asked[modality] != question
    ]
    text = f"the system message is not the one the model was tuned with ({PROMPTS})"
    return [
        *named("prompts", text, other),
        *named("prompts", "the model was tuned for another question than is asked now", changed),
    ]


def _system(sample: Sample) -> bool:
    return any(m.role == "system" for m in sample.messages)
