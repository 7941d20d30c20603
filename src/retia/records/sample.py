"""Instruction data: a conversation about an image whose every sentence knows its evidence."""

from dataclasses import field
from pathlib import Path
from typing import Literal

from retia.records.case import Box, GoldType
from retia.records.jsonl import read_records, write_records
from retia.records.record import record


@record
class Gold:
    """The typed right answer of one assistant turn."""

    type: GoldType
    value: str | float | tuple[str, ...]
    """A text, a number, or a set of texts; boxes as text `x0,y0,x1,y1`."""
    tolerance: float | None = None
    unit: str | None = None


@record
class Part:
    """A content part of a message, as in the OpenAI chat format; an image part has no text."""

    type: Literal["text", "image"]
    text: str | None = None


@record
class Message:
    """One turn. The last four fields are of assistant turns only."""

    role: Literal["system", "user", "assistant"]
    content: tuple[Part, ...]
    question_kind: str | None = None
    gold: Gold | None = None
    roi_px: Box | None = None
    evidence: tuple[tuple[str, ...], ...] = ()
    """Per sentence of the turn: the ids of its evidence."""

    @property
    def text(self) -> str:
        """The text parts, joined."""
        return "".join(p.text or "" for p in self.content if p.type == "text")


@record
class Sample:
    """A conversation about one case."""

    id: str
    case: str
    group: str
    images: tuple[str, ...]
    """Paths relative to the folder of `samples.jsonl`."""
    messages: tuple[Message, ...]
    stage: Literal["stage1", "stage2", "grpo"] = "stage1"
    """Which round of tuning the sample is for."""
    split: str | None = None
    modality: str = "octa"
    meta: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def answers(self) -> tuple[Message, ...]:
        """The assistant turns."""
        return tuple(m for m in self.messages if m.role == "assistant")


SAMPLES = "samples.jsonl"


def read_samples(folder: Path) -> list[Sample]:
    """Read `samples.jsonl` of a folder.

    Raises:
        UserError: Naming file, line and field of the first problem.
    """
    return read_records(Path(folder) / SAMPLES, Sample)


def write_samples(folder: Path, samples: list[Sample]) -> None:
    """Write `samples.jsonl`, atomically."""
    write_records(Path(folder) / SAMPLES, samples)
