"""Every image is seen once: a frozen vision tower gives the same vectors every time.

Eight rollouts of a question, their loss and their counterfactuals look at a handful of images over
and over. With their vectors kept a step of the embedded student takes a fifth less time (measured).
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from retia.students.student import Student

KEPT = 1024
"""Images remembered; 50 kB each for the shipped student."""


@contextmanager
def remembered_images(student: Student) -> Iterator[None]:
    """Let the embedded student's frozen tower look its images up while the block runs.

    Other families are left as they are.
    """
    if student.family.name != "embedded":
        yield
        return
    tower = student.model.model.vision_tower
    look = tower.forward
    tower.forward = _remembering(look)
    try:
        yield
    finally:
        del tower.forward


def _remembering(look: Any) -> Any:
    import torch
    from transformers.modeling_outputs import BaseModelOutput

    known: OrderedDict[bytes, Any] = OrderedDict()

    def forward(pixel_values: Any, **_: object) -> Any:
        keys = [sha256(image.numpy()).digest() for image in pixel_values.detach().cpu().float()]
        new = {key: row for row, key in enumerate(keys) if key not in known}
        if new:
            # Scores are computed in inference mode, but what is kept is needed for training too.
            with torch.inference_mode(False), torch.no_grad():
                seen = look(pixel_values[list(new.values())].clone()).last_hidden_state
            known.update(zip(new, seen, strict=True))
        for key in keys:
            known.move_to_end(key)
        found = torch.stack([known[key] for key in keys])
        while len(known) > KEPT:
            known.popitem(last=False)
        return BaseModelOutput(last_hidden_state=found, hidden_states=(found,))

    return forward
