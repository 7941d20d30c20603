"""One question with its answer, and how turns become a sample."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from retia.instructions.eyes.wording import Told
from retia.records import Case, Claim, Gold, Message, Part, Sample
from retia.records.case import Box

Round = Literal["stage1", "stage2", "grpo"]

AS_JSON = " Answer as JSON."
"""Ends a question whose answer is structured."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One question and its answer."""

    question_kind: str
    question: str
    answer: str
    gold: Gold
    roi_px: Box | None = None
    evidence: tuple[tuple[str, ...], ...] = ()
    """Per sentence. Of a structured answer: of caption, reasoning and answer; in OCTA of the
    reasoning alone."""
    meaning: tuple[Claim, ...] = ()
    """What the sentences of an answer about an eye were written from; spans are not set."""


def spoken(told: Sequence[Told]) -> dict[str, Any]:
    """Sentences as the answer of a turn: its text, evidence and meaning."""
    return {
        "answer": " ".join(t.text for t in told),
        "evidence": tuple(t.evidence for t in told),
        "meaning": tuple(claim for t in told for claim in t.meaning),
    }


@dataclass(frozen=True, kw_only=True)
class Label:
    """What a sample is called beside its case."""

    stage: Round
    number: int
    meta: dict[str, str] = field(default_factory=dict[str, str])


def to_sample(case: Case, label: Label, turns: Sequence[Turn], lead: str = "") -> Sample:
    """Put turns about a case into one conversation.

    Args:
        case: Its `file_name` is the image as the sample names it.
        label: Round of tuning, number within the case, and what is to be noted.
        turns: At least one.
        lead: Stands before the first question.
    """
    messages: list[Message] = []
    for i, turn in enumerate(turns):
        text = Part(type="text", text=turn.question if i else lead + turn.question)
        content = (text,) if i else (Part(type="image"), text)
        messages.append(Message(role="user", content=content))
        messages.append(
            Message(
                role="assistant",
                content=(Part(type="text", text=turn.answer),),
                question_kind=turn.question_kind,
                gold=turn.gold,
                roi_px=turn.roi_px,
                evidence=turn.evidence,
            )
        )
    kind = label.meta.get("kind")
    parts = (case.id, label.stage, *([kind] if kind else []), str(label.number))
    return Sample(
        id="-".join(parts),
        case=case.id,
        group=case.group,
        images=(case.file_name,),
        messages=tuple(messages),
        stage=label.stage,
        split=case.split,
        modality=case.modality,
        meta=label.meta,
    )
