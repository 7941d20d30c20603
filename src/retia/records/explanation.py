"""What Retia says about one image, in both voices."""

from dataclasses import field

from retia.records.case import Finding, Measure
from retia.records.record import record


@record
class Sentence:
    """One sentence and the evidence it rests on."""

    text: str
    evidence: tuple[str, ...] = ()
    verdict: str | None = None
    """Of the student's sentences: how they fare against the graph's findings."""


@record
class Explanation:
    """Both voices about one image: the graph's (measured) and the student's (generated)."""

    image: str
    mm_per_px: float
    stage: str
    """The graph model's stage."""
    probabilities: dict[str, float]
    measures: tuple[Measure, ...] = ()
    findings: tuple[Finding, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    """The graph's voice."""
    student_stage: str | None = None
    student_sentences: tuple[Sentence, ...] = ()
    """The student's voice; empty when there is no student."""
    student_text: str | None = None
    agreement: bool | None = None
    """Whether both voices name the same stage."""
    notes: tuple[str, ...] = ()
    """What was converted or doubtful about the image."""
    disclaimer: str = field(default="")
