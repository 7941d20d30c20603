"""LLaVA and ShareGPT: JSON lists of rows with `conversations` of `{from, value}`.

- LLaVA: `id, image, conversations`, `<image>` in the first turn (github haotian-liu/LLaVA,
  `docs/Finetune_Custom_Data.md`).
- ShareGPT: `conversations` and `images`.

Roles are `human` and `gpt`: LLaMA-Factory leaves out rows with other roles after a mere warning.
"""

from typing import Any, Literal

from retia.errors import UserError
from retia.instructions.dialects.row import meta_of, tagged
from retia.records import Sample

ROLES = {"user": "human", "assistant": "gpt", "system": "system"}


def conversation_row(sample: Sample, images: Literal["image", "images"]) -> dict[str, Any]:
    """A sample as a row with `conversations`.

    Args:
        sample: What is said.
        images: Which column holds the pictures: LLaVA's `image` is one path (a list only where
            there are several), ShareGPT's `images` is always a list.

    Raises:
        UserError: If LLaVA's file has no place for a system message.
    """
    if images == "image" and any(m.role == "system" for m in sample.messages):
        raise UserError(
            f"sample {sample.id}: LLaVA files have no place for a system message. Use another "
            "format, or leave the message out."
        )
    single = images == "image" and len(sample.images) == 1
    return {
        "id": sample.id,
        images: sample.images[0] if single else list(sample.images),
        "conversations": [{"from": ROLES[m.role], "value": tagged(m)} for m in sample.messages],
        "meta": meta_of(sample),
    }
