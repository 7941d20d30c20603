"""What every dialect shares: what may not be exported, tagged texts, and where a row is from."""

import json
from typing import Any

from retia.errors import UserError
from retia.records import Message, Sample
from retia.records.jsonl import to_plain

IMAGE = "<image>"
"""Stands for a picture in the texts of all these tools."""


def check_sample(sample: Sample) -> None:
    """Refuse what every reader would misread.

    Raises:
        UserError: If a text holds `<image>`, or there are not as many image parts as images.
    """
    parts = [part for message in sample.messages for part in message.content]
    if any(IMAGE in (part.text or "") for part in parts):
        raise UserError(f"sample {sample.id}: a text holds {IMAGE}, which stands for a picture.")
    places = sum(part.type == "image" for part in parts)
    if places != len(sample.images):
        raise UserError(
            f"sample {sample.id}: {len(sample.images)} images, but {places} places for them in its "
            "messages. Expected one place an image."
        )


def tagged(message: Message) -> str:
    """A turn as text, `<image>` on a line of its own before what is said about it."""
    pictures = "".join(f"{IMAGE}\n" for p in message.content if p.type == "image")
    return pictures + message.text


def meta_of(sample: Sample) -> dict[str, Any]:
    """What tells where a row is from; every value is a text, for loaders that infer columns.

    `retia import samples` reads it back: nothing but evidence and regions is lost.
    """
    gold = [to_plain(m.gold) if m.gold else None for m in sample.answers]
    return {
        "case": sample.case,
        "group": sample.group,
        "split": str(sample.split),
        "stage": sample.stage,
        "modality": sample.modality,
        "kind": sample.meta.get("kind", ""),
        "question_kinds": [m.question_kind or "" for m in sample.answers],
        "gold": json.dumps(gold, ensure_ascii=False),
    }
