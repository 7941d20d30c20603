"""Any model behind an OpenAI-compatible API as a predictor.

In:  images and questions, sent many at once, each image as a PNG in the request.
Out: answers, with their log-probability where the server tells it; what got no answer says why.
"""

import base64
import io
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retia.chat import ChatConfig, ChatError, Client, Reply, Request
from retia.errors import UserError, did_you_mean
from retia.evaluation.predictors.predictor import TEMPERATURE, Predictor, Said
from retia.students.boxes import Convention, from_family, to_family
from retia.students.conversation import to_rgb
from retia.students.families import FAMILIES

log = logging.getLogger("retia")

IN_VAIN = 4
"""After so many times `concurrent` requests in a row without any answer, the run ends."""


@dataclass(frozen=True, kw_only=True)
class EndpointConfig:
    """Which model is asked over the network, and how patiently."""

    endpoint: str | None = None
    """Address of an OpenAI-compatible API, such as `http://127.0.0.1:8000/v1`."""
    endpoint_model: str | None = None
    """Name of the model at that address."""
    key_env: str | None = None
    """Name of the environment variable with the API key. The key is never written."""
    endpoint_family: str | None = None
    """Model family whose way of writing boxes the model keeps to, such as `qwen3_vl`; without one,
    boxes are pixels of the image sent."""
    concurrent: int = 16
    """Requests under way at once."""
    requests_per_minute: float = 0.0
    """Most requests a minute; 0 for no limit."""
    timeout_s: float = 120.0
    """Longest wait for one answer of the endpoint."""
    attempts: int = 8
    """Attempts of one request where the endpoint is busy or fails, each after a longer wait."""
    cache: Path | None = None
    """Folder of the endpoint's answers, to be shared by runs; without one, none are kept once the
    run has finished."""


def chat_config(config: EndpointConfig, max_new_tokens: int) -> ChatConfig:
    """What the client needs to know.

    Raises:
        UserError: If address or model is missing, the family is unknown, or a number cannot be.
    """
    for flag in ("endpoint", "endpoint_model"):
        if not getattr(config, flag):
            raise UserError(
                f"--{flag.replace('_', '-')} is missing. Expected the address of an OpenAI-"
                "compatible API (--endpoint) and the name of a model there (--endpoint-model)."
            )
    family = config.endpoint_family
    if family is not None and family not in FAMILIES:
        raise UserError(
            f"--endpoint-family is {family!r}.{did_you_mean(family, FAMILIES)} "
            f"Known: {', '.join(FAMILIES)}."
        )
    return ChatConfig(
        base_url=config.endpoint or "",
        model=config.endpoint_model or "",
        key_env=config.key_env,
        cache=config.cache,
        timeout_s=config.timeout_s,
        attempts=config.attempts,
        requests_per_minute=config.requests_per_minute,
        concurrent=config.concurrent,
        max_tokens=max_new_tokens,
        temperature=0.0,
    )


@contextmanager
def open_endpoint(
    config: EndpointConfig, max_new_tokens: int, client: Client | None = None
) -> Iterator[Predictor]:
    """Yield a predictor that asks over the network; connections close at the end.

    One request that fails, after all its attempts, is an answer with a `trouble`; it stops nothing.

    Args:
        config: Which model.
        max_new_tokens: Longest answer, in tokens.
        client: In place of one made of the config.

    Raises:
        UserError: If the settings cannot be, the key or the package `openai` is missing, the server
            refuses the key, the address or the model, or it answers nothing any more.
    """
    settings = chat_config(config, max_new_tokens)
    family = config.endpoint_family
    line = _Line(client or Client(settings), FAMILIES[family].boxes if family else "pixels")
    pool = ThreadPoolExecutor(config.concurrent)

    def everything(
        jobs: Sequence[tuple[np.ndarray, str, int | None]],
    ) -> list[Said]:
        futures = [pool.submit(line.ask, *job) for job in jobs]
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()

    def answer(images: Sequence[np.ndarray], questions: Sequence[str]) -> list[Said]:
        return everything([(i, q, None) for i, q in zip(images, questions, strict=True)])

    def sample(
        images: Sequence[np.ndarray], questions: Sequence[str], copies: int, seed: int
    ) -> list[list[str]]:
        pairs = list(zip(images, questions, strict=True))
        said = everything([(i, q, (seed + n) % 2**31) for i, q in pairs for n in range(copies)])
        own = [said[at : at + copies] for at in range(0, len(said), copies)]
        return [[s.text for s in copy if s.trouble is None] for copy in own]

    try:
        with line.client:
            # While the last answers of a batch are on their way, the next is sent.
            yield Predictor(name=settings.model, answer=answer, sample=sample, batches_at_once=2)
    finally:
        pool.shutdown(cancel_futures=True)
        used = line.client.usage.counts()
        log.info("endpoint: %s", ", ".join(f"{k.replace('_', ' ')} {n}" for k, n in used.items()))


class _Line:
    """Asks one question at a time; threads may share it."""

    def __init__(self, client: Client, boxes: Convention) -> None:
        self.client = client
        self.boxes: Convention = boxes
        self._in_vain = 0
        self._counting = threading.Lock()

    def ask(self, image: np.ndarray, question: str, seed: int | None) -> Said:
        """One answer: the likeliest, or one sampled by a seed.

        Raises:
            UserError: If there is no point in asking on.
        """
        convert = _seen(image, self.boxes)
        content = [
            {"type": "image_url", "image_url": {"url": png_uri(image)}},
            {"type": "text", "text": convert(to_family, question)},
        ]
        request = Request(
            messages=({"role": "user", "content": content},),
            seed=0 if seed is None else seed,
            temperature=0.0 if seed is None else TEMPERATURE,
            logprobs=seed is None,
        )
        try:
            reply = self.client.ask(request)
        except ChatError as error:
            self._count(error)
            return Said(text="", trouble=f"{error.trouble}: {error}")
        with self._counting:
            self._in_vain = 0
        return Said(text=convert(from_family, reply.text.strip()), logprob=_logprob(reply))

    def _count(self, error: ChatError) -> None:
        """End the run where the server will never answer, or has long not done so."""
        if error.trouble == "refused":
            raise UserError(str(error)) from None
        with self._counting:
            self._in_vain += 1
            in_vain = self._in_vain
        most = IN_VAIN * self.client.config.concurrent
        if in_vain >= most:
            raise UserError(
                f"{most} requests in a row got no answer, the last for {error.trouble} ({error}). "
                "What was answered is kept: mend it, and give the same command again."
            ) from None


def _logprob(reply: Reply) -> float | None:
    # Without a word there is nothing that could be likely.
    return reply.logprob if reply.text.strip() else None


def _seen(image: np.ndarray, boxes: Convention) -> Callable[[Callable[..., str], str], str]:
    """How boxes in texts about an image are converted, to or from a family's numbers."""
    height, width = image.shape[:2]
    resized = None
    if boxes == "resized_pixels":
        from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

        # Patches of 14 px, merged two by two; the least and most pixels are that family's own.
        resized = smart_resize(height, width, 28, 56 * 56, 12_845_056)
    return lambda convert, text: convert(text, (height, width), boxes, resized)


def png_uri(image: np.ndarray) -> str:
    """An image as a PNG without metadata, in a data URI.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`.

    Raises:
        UserError: If it is neither.
    """
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(to_rgb(image)).save(buffer, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
