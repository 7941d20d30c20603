"""Ask a student and read along: one image and a conversation in, pieces of the answer out.

The pieces, joined, are what `ask` answers, box for box. A consumer may go away at any time; the
generation then ends with the token it is at.
"""

import queue
import re
import threading
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from retia.errors import UserError
from retia.students.ask import encode, prompt, seen_size
from retia.students.boxes import from_family
from retia.students.conversation import Question
from retia.students.student import Student

UNSETTLED = re.compile(r"(?:\[[\d.,\s]*)?[\s\ufffd]*$")
"""An open box, white space or half a character: what later tokens may still change."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of an answer as it is generated."""

    text: str
    prompt_tokens: int
    new_tokens: int
    """Tokens generated so far."""
    finish: Literal["stop", "length"] | None = None
    """Of the last piece only: whether the student ended its answer, or was cut."""


def stream(
    student: Student, image: np.ndarray, question: Question, max_new_tokens: int = 256
) -> Generator[Piece]:
    """Yield the answer while it is generated, greedily as `ask` does.

    Generation starts with the first piece asked for and runs in a thread of its own. Closing the
    iterator stops and joins it.

    Args:
        student: From `load_student`.
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        question: The user's text, or the turns so far, ending with the user's.
        max_new_tokens: Longest answer, in tokens; less where the student's context ends earlier.

    Returns:
        Pieces with boxes in pixels of the image; the last one says how the answer ended. A piece
        may be empty.

    Raises:
        UserError: At once, if the image has the wrong shape or type, the conversation does not end
            with the user's turn or holds the student's control tokens, or it is too long.
    """
    check_text(student, question)
    batch = encode(student, [image], [prompt(student, question, image)])
    length = batch["input_ids"].shape[1]
    context = student.model.config.get_text_config().max_position_embeddings
    if length >= context:
        raise UserError(
            f"the conversation takes {length} tokens with its image; this student reads "
            f"{context - 1} at most. Shorten it."
        )
    return _pieces(student, image, batch, length, min(max_new_tokens, context - length))


def check_text(student: Student, question: Question) -> None:
    """Refuse texts that hold control tokens of the student: they would forge turns or images.

    Raises:
        UserError: Naming the token.
    """
    texts = [question] if isinstance(question, str) else [m.text for m in question]
    tokens = {*student.tokenizer.all_special_tokens, student.family.image_token}
    for token in sorted(tokens):
        if token and any(token in text for text in texts):
            raise UserError(
                f"the text holds {token!r}, which this student reads as a control token. "
                "Leave it out; the image is passed beside the text."
            )


def _pieces(
    student: Student, image: np.ndarray, batch: Any, length: int, limit: int
) -> Generator[Piece]:
    size, seen = image.shape[:2], seen_size(student, image)
    said, tokens = "", []
    with closing(_generate(student, batch, limit)) as generated:
        for token in generated:
            tokens.append(token)
            text = student.tokenizer.decode(tokens, skip_special_tokens=True).lstrip()
            settled = text[: UNSETTLED.search(text).start()]  # type: ignore[union-attr]
            pixels = from_family(settled, size, student.family.boxes, seen)
            yield Piece(text=pixels[len(said) :], prompt_tokens=length, new_tokens=len(tokens))
            said = pixels
    text = student.tokenizer.decode(tokens, skip_special_tokens=True).strip()
    pixels = from_family(text, size, student.family.boxes, seen)
    finish = "stop" if tokens and tokens[-1] in _ends(student) else "length"
    yield Piece(
        text=pixels[len(said) :], prompt_tokens=length, new_tokens=len(tokens), finish=finish
    )


def _ends(student: Student) -> list[int]:
    ends = student.model.generation_config.eos_token_id
    return ends if isinstance(ends, list) else [ends]


def _generate(student: Student, batch: Any, limit: int) -> Generator[int]:
    """Yield token ids from a thread; it has ended when this iterator has, or was closed."""
    import torch
    from transformers.generation.stopping_criteria import StoppingCriteria, StoppingCriteriaList
    from transformers.generation.streamers import BaseStreamer

    tokens: queue.SimpleQueue[int | BaseException | None] = queue.SimpleQueue()
    gone = threading.Event()

    # Ids, not the texts of `TextIteratorStreamer`: those lose spaces with some tokenizers, and an
    # error in the thread would leave their reader waiting.
    class Ids(BaseStreamer):
        prompt_seen = False

        def put(self, value: Any) -> None:
            if self.prompt_seen:
                for id in value.reshape(-1).tolist():
                    tokens.put(id)
            self.prompt_seen = True

        def end(self) -> None:
            """Nothing to do: the thread says when it ends."""

    class Gone(StoppingCriteria):
        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            return torch.full((len(input_ids),), gone.is_set(), device=input_ids.device)

    def run() -> None:
        try:
            with torch.inference_mode():
                student.model.generate(
                    **batch,
                    max_new_tokens=limit,
                    do_sample=False,
                    streamer=Ids(),
                    stopping_criteria=StoppingCriteriaList([Gone()]),
                )
            tokens.put(None)
        except BaseException as error:  # handed to the reader, who raises it
            tokens.put(error)

    thread = threading.Thread(target=run, name="retia-stream", daemon=True)
    thread.start()
    try:
        while (token := tokens.get()) is not None:
            if isinstance(token, BaseException):
                raise token
            yield token
    finally:
        gone.set()
        thread.join()
