"""Conversations as the processors want them.

In:  questions (texts, or whole conversations) and images as arrays.
Out: chat messages of dictionaries, and RGB images.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from retia.errors import UserError
from retia.records import Message

Question = str | Sequence[Message]
"""A user's text, or the turns so far, the last of them the user's."""


def to_chat(question: Question) -> list[dict[str, Any]]:
    """Return chat messages whose first user turn holds the image.

    Raises:
        UserError: If the last turn is not the user's.
    """
    if isinstance(question, str):
        turns = [("user", question)]
    else:
        turns = [(m.role, m.text) for m in question]
    if not turns or turns[-1][0] != "user":
        last = turns[-1][0] if turns else "missing"
        raise UserError(f"the last turn is {last}. A question must end with the user's turn.")
    first = next(i for i, (role, _) in enumerate(turns) if role == "user")
    return [
        {"role": role, "content": ([{"type": "image"}] if i == first else []) + _text(text)}
        for i, (role, text) in enumerate(turns)
    ]


def _text(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}] if text else []


def to_rgb(image: np.ndarray) -> np.ndarray:
    """Return an image as `(H, W, 3)` uint8.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`.

    Raises:
        UserError: If it is neither.
    """
    if image.dtype != np.uint8 or not (image.ndim == 2 or image.shape[2:] == (3,)):
        raise UserError(
            f"the image has shape {image.shape} and type {image.dtype}. "
            "Expected uint8 with shape (H, W) or (H, W, 3)."
        )
    return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image


def check_counts(images: Sequence[np.ndarray], *texts: Sequence[Any]) -> None:
    """Refuse lists of different lengths.

    Raises:
        UserError: Naming the lengths.
    """
    if any(len(t) != len(images) for t in texts):
        counts = ", ".join(str(len(t)) for t in texts)
        raise UserError(f"{len(images)} images, but {counts} texts. Expected one text an image.")
