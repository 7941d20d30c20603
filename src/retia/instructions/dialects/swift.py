"""ms-swift: JSON Lines; `messages` of `{role, content}`, `images`, boxes in `objects`.

A box is `<bbox>` in the text and four numbers in `objects.bbox`, in the order of the texts; with
`bbox_type` `real` they are pixels of the stored image, and ms-swift rewrites them in the numbers
that the model family wants (its documentation, "Custom dataset", grounding).
"""

import re
from typing import Any

from retia.errors import UserError
from retia.instructions.dialects.row import meta_of, tagged
from retia.records import Sample

PLACE = "<bbox>"
_NUMBER = r"\s*(\d+(?:\.\d+)?)\s*"
_BOX = re.compile(rf"\[{_NUMBER},{_NUMBER},{_NUMBER},{_NUMBER}\]")


def swift_row(sample: Sample) -> dict[str, Any]:
    """A sample as ms-swift reads it.

    Raises:
        UserError: If a text holds `<bbox>` already, which stands for a box.
    """
    boxes: list[list[float]] = []
    messages = []
    for message in sample.messages:
        text = tagged(message)
        if PLACE in text:
            raise UserError(f"sample {sample.id}: a text holds {PLACE}, which stands for a box.")
        boxes += [[float(edge) for edge in found.groups()] for found in _BOX.finditer(text)]
        messages.append({"role": message.role, "content": _BOX.sub(PLACE, text)})
    return {
        "id": sample.id,
        "messages": messages,
        "images": list(sample.images),
        # No names of things: `ref` belongs to `<ref-object>`, which these texts never hold.
        "objects": {"ref": [], "bbox": boxes, "bbox_type": "real"},
        "meta": meta_of(sample),
    }
