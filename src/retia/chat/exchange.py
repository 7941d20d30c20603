"""What goes to a language model and what comes back."""

import threading
from dataclasses import dataclass, field, fields
from typing import Any, Literal

CHARACTERS_PER_TOKEN = 4
"""Of English text, by rule of thumb; used only where nothing has been sent yet."""
TOKENS_PER_IMAGE = 1000
"""Of one image, by rule of thumb."""

Trouble = Literal[
    "timeout", "rate_limited", "server_error", "unreachable", "bad_reply", "bad_request", "refused"
]
"""`bad_request`: the server cannot answer this one; `refused`: it will answer none."""


class ChatError(Exception):
    """A request that got no answer, or never will; `trouble` names why in one word."""

    def __init__(self, trouble: Trouble, message: str) -> None:
        """Keep the word beside the message."""
        super().__init__(message)
        self.trouble: Trouble = trouble


@dataclass(frozen=True, kw_only=True)
class Request:
    """A conversation to be continued."""

    messages: tuple[dict[str, Any], ...]
    """As in the OpenAI chat format."""
    schema: dict[str, Any] | None = None
    """JSON Schema that the answer is to follow."""
    seed: int | None = None
    temperature: float | None = None
    """In place of the client's own."""
    logprobs: bool = False
    """Whether to ask how likely each token of the answer was."""

    @property
    def tokens(self) -> int:
        """About how many tokens the messages have."""
        count = 0
        for message in self.messages:
            content = message["content"]
            parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
            for part in parts:
                text = part.get("text")
                known = text is not None
                count += -(-len(text) // CHARACTERS_PER_TOKEN) if known else TOKENS_PER_IMAGE
        return count


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a model answered."""

    text: str
    finish: str = "stop"
    """`stop`, or `length` where the answer was cut off."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    logprob: float | None = None
    """Mean log-probability a token of the answer, where it was asked for and is told."""


@dataclass
class Usage:
    """Counts of a client, safe to add to from several threads."""

    requests: int = 0
    """Sent, repeated attempts among them."""
    from_cache: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, **counts: int) -> None:
        """Add to the counts of these names."""
        with self._lock:
            for name, count in counts.items():
                setattr(self, name, getattr(self, name) + count)

    def counts(self) -> dict[str, int]:
        """The counts by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name[0] != "_"}


def cost(prompt_tokens: int, completion_tokens: int, price_in: float, price_out: float) -> float:
    """What tokens cost, at prices for a million of them."""
    return round((prompt_tokens * price_in + completion_tokens * price_out) / 1e6, 6)
