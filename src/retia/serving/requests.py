"""What a client may send, and what is made of it; no web framework here.

In:  the body of a chat request, as bytes.
Out: `Request`: one image, the turns, and how to answer. Everything else is refused in one line.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import pydantic

from retia.errors import UserError, did_you_mean
from retia.images import read_picture
from retia.records import Message, Part
from retia.records.jsonl import describe

REFUSED = ("audio", "functions", "logit_bias", "logprobs", "stop", "tools", "top_logprobs")
"""Parameters that would change the answer, and that nothing here honours."""
LONGEST_TEXT = 100_000
"""Characters of a conversation; far more than any student here reads."""


class RequestError(UserError):
    """A request that cannot be answered, with the HTTP status and OpenAI's code for it."""

    def __init__(self, message: str, status: int = 400, code: str | None = None) -> None:
        """Keep status and code beside the message."""
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is accepted."""

    model: str
    """The one model's name."""
    max_new_tokens: int
    """Longest answer; a request may ask for less."""
    max_image_mb: float
    max_megapixels: float

    @property
    def body_bytes(self) -> int:
        """Largest body: an image as base64, and a megabyte of text beside it."""
        return int(self.max_image_mb * 1e6 * 4 / 3) + 1_000_000


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request that can be answered."""

    image: np.ndarray
    turns: tuple[Message, ...]
    max_new_tokens: int
    stream: bool
    include_usage: bool
    """Whether the stream shall end with the token counts."""


class _Text(pydantic.BaseModel):
    type: Literal["text"]
    text: str


class _Url(pydantic.BaseModel):
    url: str


class _Image(pydantic.BaseModel):
    type: Literal["image_url"]
    image_url: _Url


_Parts = list[Annotated[_Text | _Image, pydantic.Field(discriminator="type")]]


class _Turn(pydantic.BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[
        _Parts,
        pydantic.BeforeValidator(
            lambda value: [{"type": "text", "text": value}] if isinstance(value, str) else value
        ),
    ]


class _StreamOptions(pydantic.BaseModel):
    include_usage: bool = False


class _ResponseFormat(pydantic.BaseModel):
    type: str


class _Body(pydantic.BaseModel):
    model: str
    messages: Annotated[list[_Turn], pydantic.Field(min_length=1)]
    stream: bool | None = False
    stream_options: _StreamOptions | None = None
    max_tokens: Annotated[int, pydantic.Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, pydantic.Field(ge=1)] | None = None
    n: int | None = 1
    response_format: _ResponseFormat | None = None


def read_request(data: bytes, limits: Limits) -> Request:
    """Read the body of a chat request.

    `temperature`, `top_p`, `seed` and penalties are accepted without effect: decoding is greedy.
    `max_tokens` above the server's own limit is cut to it. The image may be in any user turn; the
    student sees it before the first one, as in training.

    Args:
        data: JSON, as OpenAI's `/v1/chat/completions` takes it.
        limits: What is accepted.

    Raises:
        RequestError: If it is no such JSON, names another model, asks for what is not honoured
            (several answers, tools, guided JSON), or does not hold exactly one readable image.
        UserError: If the image is damaged, too small or too large.
    """
    body = _parse(data)
    if body.model != limits.model:
        raise RequestError(
            f"there is no model {body.model!r} here.{did_you_mean(body.model, [limits.model])} "
            f"Served: {limits.model}.",
            status=404,
            code="model_not_found",
        )
    if body.n not in (None, 1):
        raise RequestError(f"n is {body.n}. Expected 1: decoding is greedy, answers are equal.")
    if body.response_format is not None and body.response_format.type != "text":
        raise RequestError(
            f"response_format {body.response_format.type!r} is not honoured: decoding is not "
            "constrained here. Leave it out and ask for JSON in the question, or serve the model "
            "with --engine vllm.",
            code="unsupported_parameter",
        )
    asked = body.max_completion_tokens or body.max_tokens or limits.max_new_tokens
    return Request(
        image=_image(body.messages, limits),
        turns=_turns(body.messages),
        max_new_tokens=min(asked, limits.max_new_tokens),
        stream=bool(body.stream),
        include_usage=body.stream_options is not None and body.stream_options.include_usage,
    )


def _parse(data: bytes) -> _Body:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"the body is no valid JSON ({error}).") from None
    if not isinstance(value, dict):
        raise RequestError(f"the body is {type(value).__name__}. Expected a JSON object.")
    for name in REFUSED:
        if value.get(name):
            raise RequestError(
                f"`{name}` is not honoured by this server. Leave it out.",
                code="unsupported_parameter",
            )
    try:
        return _Body.model_validate(value)
    except pydantic.ValidationError as error:
        raise RequestError(describe(error, _Body)) from None


def _turns(messages: list[_Turn]) -> tuple[Message, ...]:
    if messages[-1].role != "user":
        raise RequestError(f"the last message is {messages[-1].role}'s. Expected the user's.")
    turns: list[Message] = []
    for turn in messages:
        text = "".join(part.text for part in turn.content if isinstance(part, _Text))
        role = "system" if turn.role == "developer" else turn.role
        turns.append(Message(role=role, content=(Part(type="text", text=text),)))
    if not turns[-1].text.strip():
        raise RequestError("the last message holds no text. Expected a question.")
    length = sum(len(turn.text) for turn in turns)
    if length > LONGEST_TEXT:
        raise RequestError(
            f"the conversation has {length} characters. Expected at most {LONGEST_TEXT}.",
            code="context_length_exceeded",
        )
    return tuple(turns)


def _image(messages: list[_Turn], limits: Limits) -> np.ndarray:
    found: list[tuple[str, str]] = [
        (turn.role, part.image_url.url)
        for turn in messages
        for part in turn.content
        if isinstance(part, _Image)
    ]
    if len(found) != 1:
        raise RequestError(
            f"the conversation holds {len(found)} images. Expected exactly one, in a user message, "
            "as an image_url with a data URI."
        )
    role, url = found[0]
    if role != "user":
        raise RequestError(f"the image is in the {role}'s message. Expected it in the user's.")
    return read_picture(_decode(url, limits.max_image_mb), "the image", limits.max_megapixels)


def _decode(url: str, max_image_mb: float) -> bytes:
    head, comma, data = url.partition(",")
    scheme = head.partition(":")[0].lower()
    if scheme != "data":
        raise RequestError(
            f"image_url begins with {url[:12]!r}. This server opens no addresses and no files: "
            "expected data:image/png;base64,…"
        )
    if not comma or not head.lower().endswith(";base64"):
        raise RequestError(
            f"image_url begins with {url[:40]!r}. Expected data:image/png;base64, and the data."
        )
    if len(data) * 3 / 4 > max_image_mb * 1e6:
        raise RequestError(
            f"the image has {len(data) * 3 / 4e6:.1f} MB. Expected at most {max_image_mb:g}.",
            status=413,
        )
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except binascii.Error as error:
        raise RequestError(f"the image is no valid base64 ({error}). Encode it again.") from None


def to_error(message: str, status: int, code: str | None = None) -> dict[str, Any]:
    """OpenAI's form of an error."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}
