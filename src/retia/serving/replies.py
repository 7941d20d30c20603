"""OpenAI's forms of an answer: whole, or in chunks.

In:  pieces of a student's answer.
Out: dictionaries for JSON, and lines of server-sent events.
"""

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from retia.students.stream import Piece

DONE = "data: [DONE]\n\n"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer; its chunks share id and time."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, pieces: Sequence[Piece]) -> dict[str, Any]:
        """The answer as one object."""
        message = {"role": "assistant", "content": "".join(p.text for p in pieces)}
        choice = {"index": 0, "message": message, "finish_reason": pieces[-1].finish}
        return self._object("chat.completion", [choice]) | {"usage": usage(pieces[-1])}

    def first(self) -> str:
        """The event that opens a stream."""
        return self._event({"role": "assistant", "content": ""}, None)

    def chunk(self, piece: Piece) -> str:
        """The event of one piece, or nothing where it says nothing."""
        if not piece.text and piece.finish is None:
            return ""
        return self._event({"content": piece.text} if piece.text else {}, piece.finish)

    def counts(self, piece: Piece) -> str:
        """The event with the token counts, after the last piece."""
        return to_event(self._object("chat.completion.chunk", []) | {"usage": usage(piece)})

    def _event(self, delta: dict[str, str], finish: str | None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return to_event(self._object("chat.completion.chunk", [choice]))

    def _object(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        head = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        return head | {"choices": choices}


def usage(piece: Piece) -> dict[str, int]:
    """Token counts; those of the prompt include the image's."""
    return {
        "prompt_tokens": piece.prompt_tokens,
        "completion_tokens": piece.new_tokens,
        "total_tokens": piece.prompt_tokens + piece.new_tokens,
    }


def to_event(value: dict[str, Any]) -> str:
    """One server-sent event."""
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
