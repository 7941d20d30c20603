"""A completion to an `Answer`: one parser for rewards, audit, server and demo.

In:  the completion alone, never prompt and completion together.
Out: an `Answer`, or None.
"""

import json
from collections.abc import Iterator
from typing import Any

import pydantic

from retia.claims.phase import phase_in
from retia.claims.sentences import sentences
from retia.claims.stage import stage_in
from retia.records import Answer
from retia.records.answer import AnswerFinding
from retia.records.jsonl import adapter
from retia.taxonomy import read_vocabulary

_FINDING_KEYS = ("kind", "zone", "severity", "box")


def parse_answer(text: str, *, strict: bool = False, modality: str = "octa") -> Answer | None:
    """Read the answer of a completion.

    The first JSON object that holds an `answer` counts; code fences and other text around it are
    passed over, and so are unknown keys. A known key of the wrong type makes that object no answer.

    Args:
        text: The completion.
        strict: Whether only JSON counts (format reward). Otherwise a plain text that settles on
            a stage or a surgical phase is an answer too: its sentences are the reasoning.
        modality: Whose stages or phases the fallback reads.

    Returns:
        The answer, or None when there is none.
    """
    for value in _objects(text):
        answer = _to_answer(value)
        if answer is not None:
            return answer
    if strict:
        return None
    vocabulary = read_vocabulary(modality)
    words = vocabulary.stages or vocabulary.phases
    settled = stage_in(text, modality) if vocabulary.stages else phase_in(text, modality)
    if settled is None:
        return None
    return Answer(reasoning=tuple(sentences(text)), answer=words[settled][0])


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Every outermost JSON object of the text, in order."""
    decoder = json.JSONDecoder(strict=False, parse_constant=_refuse)
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield value
        at = text.find("{", end)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _to_answer(value: dict[str, Any]) -> Answer | None:
    known = {
        k: value[k] for k in ("caption", "reasoning", "answer", "findings", "boxes") if k in value
    }
    if isinstance(known.get("reasoning"), str):
        known["reasoning"] = sentences(known["reasoning"])
    if isinstance(known.get("findings"), list):
        known["findings"] = [
            {k: f[k] for k in _FINDING_KEYS if k in f} if isinstance(f, dict) else f
            for f in known["findings"]
        ]
    try:
        return adapter(Answer).validate_python(known)
    except pydantic.ValidationError:
        return None


def answer_sentences(answer: Answer) -> list[str]:
    """What an answer states, sentence by sentence: caption, reasoning, then the answer itself."""
    parts = [s for part in (answer.caption, *answer.reasoning) for s in sentences(part)]
    parts += [_finding_sentence(f) for f in answer.findings]
    return [*parts, f"The answer is {answer.answer.strip().rstrip('.')}."]


def _finding_sentence(finding: AnswerFinding) -> str:
    words = [finding.severity, finding.kind.replace("_", " ")]
    place = f" in the {finding.zone}" if finding.zone else ""
    return " ".join(w for w in words if w).capitalize() + f" is seen{place}."
