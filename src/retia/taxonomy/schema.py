"""The JSON Schema of a structured answer about a surgical frame, for guided decoding."""

from collections.abc import Iterable
from typing import Any

from retia.taxonomy.surgery import Procedure


def answer_schema(procedure: Procedure) -> dict[str, Any]:
    """The schema of an answer: phase, instruments, verbs and targets are closed lists.

    What fits it is also an `Answer` of `retia.records`. The order of the keys is the order of
    writing: what is seen, then the reasons, then the answer.

    Returns:
        JSON Schema (draft 2020-12).
    """
    finding = _object(
        {
            "kind": _one_of(procedure.instruments),
            "verb": _one_of(procedure.verbs),
            "target": _one_of(procedure.targets),
            "box": {
                "type": "array",
                "items": {"type": "number", "minimum": 0},
                "minItems": 4,
                "maxItems": 4,
            },
        },
        required=("kind",),
    )
    sentences = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    answer = _object(
        {
            "caption": {"type": "string"},
            "reasoning": sentences,
            "phase": _one_of(procedure.phases),
            "findings": {"type": "array", "items": finding},
            "answer": {"type": "string", "minLength": 1},
        },
        required=("caption", "reasoning", "answer"),
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **answer}


def _object(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _one_of(ids: Iterable[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(ids)}
