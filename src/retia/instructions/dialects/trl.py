"""TRL: JSON Lines; `messages` of typed content parts, and `images` in the order of image parts.

See TRL's "Dataset formats", vision datasets.
"""

from typing import Any

from retia.instructions.dialects.row import meta_of
from retia.records import Sample


def trl_row(sample: Sample) -> dict[str, Any]:
    """A sample as TRL's trainers read it."""
    messages = [
        {
            "role": m.role,
            "content": [
                {"type": "image"} if p.type == "image" else {"type": "text", "text": p.text or ""}
                for p in m.content
            ],
        }
        for m in sample.messages
    ]
    return {"id": sample.id, "images": list(sample.images), "messages": messages} | {
        "meta": meta_of(sample)
    }
