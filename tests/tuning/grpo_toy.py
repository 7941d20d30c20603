"""A toy task for GRPO on the toy cohort: name the stage as JSON, with a reason."""

import json
from dataclasses import replace

from retia.records import Gold, Message, Part, Sample, read_cases, write_samples

QUESTION = "Which stage is it?"


def answer_text(case):
    npdr = bool(case.findings)
    reason = "Dropout is seen." if npdr else "No dropout is seen."
    return json.dumps(
        {"caption": "An eye.", "reasoning": [reason], "answer": "NPDR" if npdr else "healthy"}
    )


def make_samples(case):
    """A stage 1 sample, and the same for GRPO with the box of the disc."""
    box = case.findings[0].box_px if case.findings else None
    asked = Message(role="user", content=(Part(type="image"), Part(type="text", text=QUESTION)))
    answer = Message(
        role="assistant",
        content=(Part(type="text", text=answer_text(case)),),
        question_kind="stage",
        gold=Gold(type="stage", value="NPDR" if case.findings else "healthy"),
        roi_px=box,
    )
    sample = Sample(
        id=f"{case.id}-stage1",
        case=case.id,
        group=case.group,
        images=(f"../cohort/{case.file_name}",),
        messages=(asked, answer),
        stage="stage1",
        split=case.split,
    )
    return [sample, replace(sample, id=f"{case.id}-grpo", stage="grpo")]


def write_toy(root):
    """Write `samples-grpo/` beside the toy cohort."""
    folder = root / "samples-grpo"
    if not folder.is_dir():
        write_samples(folder, [s for c in read_cases(root / "cohort") for s in make_samples(c)])
    return folder
