"""What Retia says about one image, in both voices."""

from dataclasses import field

from retia.records.case import Finding, Measure, Zone
from retia.records.record import record


@record
class Sentence:
    """One sentence and the evidence it rests on."""

    text: str
    evidence: tuple[str, ...] = ()
    verdict: str | None = None
    """Of the student's sentences: how they fare against the graph's findings."""


@record
class Quality:
    """How well one scan can be read (see `retia.images.quality`)."""

    score: float
    """1 for a scan without complaint; every reason lowers it."""
    usable: bool
    """Whether it may be staged."""
    signal: float
    """Mean brightness in [0, 1]."""
    contrast: float
    """Brightness of vessels less that of the rest; without a mask, 90th less 10th percentile."""
    reasons: tuple[str, ...] = ()


@record
class Sector:
    """What a graph and its attribution say of one ring and quadrant."""

    zone: Zone
    vessel_density: float | None = None
    """Share of vessel pixels; None where hardly any of the sector is in the image."""
    share: float = 0.0
    """Of all attribution that speaks for the stage."""


@record
class Explanation:
    """Both voices about one image: the graph's (measured) and the student's (generated)."""

    image: str
    mm_per_px: float
    quality: Quality
    stage: str | None = None
    """The graph model's stage; None where the scan cannot be staged (`quality` says why)."""
    probabilities: dict[str, float] = field(default_factory=dict)
    measures: tuple[Measure, ...] = ()
    findings: tuple[Finding, ...] = ()
    sectors: tuple[Sector, ...] = ()
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
