"""One chat request over the network, and what its failures mean."""

import json
import math
import os
from collections.abc import Callable
from typing import Any

from retia.chat.exchange import ChatError, Reply, Trouble
from retia.chat.settings import ChatConfig
from retia.errors import UserError

_AGAIN: dict[int, Trouble] = {408: "timeout", 409: "server_error", 429: "rate_limited"}
_NEVER = (401, 403, 404)
"""Wrong key, no permission, no such address or model: true of every further request."""


class Busy(Exception):
    """A failure that another attempt may mend."""

    def __init__(self, trouble: Trouble, message: str, retry_after: str | None = None) -> None:
        """Keep the word for it, and the server's own waiting time."""
        super().__init__(message)
        self.trouble: Trouble = trouble
        self.retry_after = retry_after


OPTIONAL = ("logprobs", "response_format")
"""Fields of a request that an answer can do without; the first is the first to be given up."""


class FieldRefused(Exception):
    """The server may answer without one of the `OPTIONAL` fields."""


def open_wire(
    config: ChatConfig,
) -> tuple[Callable[[dict[str, Any]], Reply], Callable[[], None]]:
    """Connect to an API.

    Returns:
        A function that sends one request, and one that closes the connections.

    Raises:
        UserError: If the `openai` package or the key is missing.
    """
    try:
        import openai
    except ImportError:
        raise UserError(
            "asking a language model needs the package `openai`, which is not installed. "
            "Install it with: pip install 'retia[teacher]'."
        ) from None
    # Without a key: local servers ask for none, but the package wants some text.
    key = "none" if config.key_env is None else os.environ.get(config.key_env, "")
    if not key:
        raise UserError(
            f"the environment variable {config.key_env} is empty or not set. Expected the key of "
            f"{config.base_url} there."
        )
    client = openai.OpenAI(
        base_url=config.base_url, api_key=key, timeout=config.timeout_s, max_retries=0
    )

    def send(body: dict[str, Any]) -> Reply:
        try:
            raw = client.chat.completions.with_raw_response.create(**body)
            return to_reply(raw.text if isinstance(raw.text, str) else raw.text())
        except openai.APITimeoutError:
            raise Busy("timeout", f"no answer within {config.timeout_s:g} s") from None
        except openai.APIConnectionError as error:
            raise Busy("unreachable", f"no connection: {error.__cause__ or error}") from None
        except openai.APIStatusError as error:
            raise _meaning(error.status_code, error.message, error.response.headers, body) from None

    return send, client.close


def _meaning(status: int, message: str, headers: Any, body: dict[str, Any]) -> Exception:
    """What an HTTP status means for the request."""
    said = f"HTTP {status}: {' '.join(message.split())[:200]}"
    if status in _AGAIN or status >= 500:
        return Busy(_AGAIN.get(status, "server_error"), said, headers.get("retry-after"))
    # Models that tell no log-probabilities may call the wish for them forbidden.
    unwanted = status in (400, 415, 422) or (status == 403 and "logprobs" in body)
    if unwanted and any(field in body for field in OPTIONAL):
        return FieldRefused(said)
    if status in _NEVER:
        return ChatError(
            "refused",
            f"the language model's server refuses to answer ({said}). Expected an answer: check "
            "its address, the model's name and the key.",
        )
    return ChatError("bad_request", f"the language model's server refused the request ({said}).")


def to_reply(text: str) -> Reply:
    """Read the body of an answer.

    Raises:
        Busy: If it is no JSON, or holds no message.
    """
    try:
        value = json.loads(text)
        choice = value["choices"][0]
        content = choice["message"].get("content") or ""
        usage = value.get("usage") or {}
        return Reply(
            text=str(content),
            finish=str(choice.get("finish_reason") or "stop"),
            prompt_tokens=int(usage.get("prompt_tokens") or 0),
            completion_tokens=int(usage.get("completion_tokens") or 0),
            logprob=_mean_logprob(choice.get("logprobs")),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise Busy(
            "bad_reply", f"the server's answer is no chat completion ({error!r:.100})"
        ) from None


def _mean_logprob(told: Any) -> float | None:
    """Mean over the tokens of an answer; None where the server tells nothing that can be read."""
    tokens = told.get("content") if isinstance(told, dict) else None
    if not isinstance(tokens, list) or not tokens:
        return None
    values = [token.get("logprob") if isinstance(token, dict) else None for token in tokens]
    numbers = [float(v) for v in values if isinstance(v, (int, float)) and math.isfinite(v)]
    return sum(numbers) / len(numbers) if len(numbers) == len(values) else None
