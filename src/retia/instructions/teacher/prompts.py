"""Every word that a language model is told as teacher; their hash goes into the statistics."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

SYSTEM = """\
You reword statements about a medical image for a student. Say the same in other words.
Rules:
- Plain English, one sentence for each fact, in the same order.
- Keep every fact, number, place, severity and stage. Add none, leave none out, doubt none.
- Name findings by their usual names, and say plainly what is absent.
- Each sentence stands under the id of its fact, which is its evidence.
Example. Facts to reword:
f1: There is severe IRMA in the superior-nasal quadrant.
f2: No microaneurysms are seen.
Answer as JSON:
{"f1": "Severe IRMA is present in the superior-nasal quadrant.", "f2": "There are no \
microaneurysms."}"""

ASK = """\
Known of the image:
{scene}

Question ({kind}): {question}

Facts to reword:
{facts}
Answer as JSON:"""

WORD_FOR_WORD = " (word for word, after the fact before it)"

AGAIN = """\
This cannot be used:
{faults}
Write the whole answer again, as JSON, by the same rules."""

REASONS = {
    "truncated": "the answer was cut off before its end; write less",
    "not_json": "the answer is not JSON of the form asked for",
    "empty": "the answer holds no sentence",
    "other_language": "not English",
    "several_sentences": "a text must hold exactly one sentence",
    "unknown_evidence": "it stands under an id that is no fact",
    "wrong_evidence": "it stands under the id of a fact that it does not say",
    "changed_numbers": "a number that the facts do not hold",
    "changed_stage": "the stage is not the one of the facts",
    "contradicted": "the image shows otherwise",
    "unsupported": "the facts do not say so",
    "unknown_words": "words that go beyond the facts",
    "no_claim": "no statement can be read from it; name finding and place plainly",
    "repeated": "said twice",
    "left_out": "this fact is missing or only hinted at",
    "out_of_place": "this fact must stand word for word, right after the fact before it",
    "other_answer": "the question is no longer answered, or answered otherwise",
}
"""Why an answer is refused: the reason as statistics name it, and as the model is told it."""


def schema(fact_ids: Sequence[str]) -> dict[str, Any]:
    """The JSON Schema of an answer about these facts: a sentence under each id."""
    return {
        "type": "object",
        "properties": {id: {"type": "string"} for id in fact_ids},
        "required": list(fact_ids),
        "additionalProperties": False,
    }


def prompts_hash() -> str:
    """Hash of all prompt texts and the schema: another hash, another teacher."""
    texts = [SYSTEM, ASK, WORD_FOR_WORD, AGAIN, REASONS, schema(["f1"])]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]
