"""What a student may emit: the one JSON object that reward, audit and demo read."""

from retia.records.case import Box
from retia.records.record import record


@record
class AnswerFinding:
    """A finding as the student words it; the box is in pixels of the stored image."""

    kind: str
    zone: str | None = None
    severity: str | None = None
    box: Box | None = None


@record
class Answer:
    """A structured answer: what is seen, why, and the answer itself.

    In the order of the source's prompt: caption, then reasoning, then the answer, so that an
    autoregressive student gives its reasons before it commits itself.
    """

    caption: str = ""
    reasoning: tuple[str, ...] = ()
    answer: str
    findings: tuple[AnswerFinding, ...] = ()
    boxes: tuple[Box, ...] = ()
    """Only in the source's dialect, where boxes belong to no finding."""
