"""A client that asks each question once: from its cache, or with patience over the network.

In:  `Request`s.
Out: `Reply`s, in any number of threads at once.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from retia.chat.cache import Cache
from retia.chat.exchange import ChatError, Reply, Request, Usage, cost
from retia.chat.pace import Pace, wait_s
from retia.chat.settings import ChatConfig
from retia.chat.wire import OPTIONAL, Busy, FieldRefused, open_wire

Send = Callable[[dict[str, Any]], Reply]
"""Sends the body of one chat request; raises `Busy` where it may be tried again."""


class Client:
    """Asks one model; threads may share it."""

    def __init__(
        self,
        config: ChatConfig,
        send: Send | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            config: Which model.
            send: Stands in for the network, such as `echo`.
            sleep: Stands in for waiting.
        """
        self.config = config
        self.usage = Usage()
        self.cache = None if config.cache is None else Cache(config.cache)
        self.sleep = sleep
        self._pace = Pace(config.requests_per_minute, sleep=sleep)
        self._slots = threading.Semaphore(config.concurrent)
        self._send = send
        self._opening = threading.Lock()
        self._close: Callable[[], None] | None = None
        # Fields that the server has refused, and answered without.
        self.without: frozenset[str] = frozenset()
        self._refused: str | None = None

    def __enter__(self) -> "Client":
        """Use as `with Client(config) as client:`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        if self._close is not None:
            self._close()

    @property
    def cost(self) -> float:
        """What was sent and received has cost, at the given prices."""
        c = self.config
        counts = self.usage
        return cost(counts.prompt_tokens, counts.completion_tokens, c.price_in, c.price_out)

    def known(self, request: Request) -> bool:
        """Whether the answer lies in the cache."""
        return self.cache is not None and self.cache.get(self.key(request)) is not None

    def key(self, request: Request) -> str:
        """Under which the answer is kept: address, and all that is sent."""
        return Cache.key({"url": self.config.base_url, "body": self._body(request)})

    def ask(self, request: Request) -> Reply:
        """Get an answer, from the cache where it is known.

        Raises:
            ChatError: If no attempt got an answer, or the server refuses the request.
            UserError: If the key or the `openai` package is missing.
        """
        key = self.key(request)
        reply = self.cache.get(key) if self.cache is not None else None
        if reply is not None:
            self.usage.add(from_cache=1)
            return reply
        with self._slots:
            if self._refused is not None:
                raise ChatError("refused", self._refused)
            try:
                reply = self._ask_server(request)
            except ChatError as error:
                # A wrong key stays wrong: not one more request is made with it.
                if error.trouble == "refused":
                    self._refused = str(error)
                raise
        self.usage.add(prompt_tokens=reply.prompt_tokens, completion_tokens=reply.completion_tokens)
        if self.cache is not None:
            self.cache.put(key, reply)
        return reply

    def _ask_server(self, request: Request) -> Reply:
        body, without = self._body(request), self.without
        while True:
            sent = {name: value for name, value in body.items() if name not in without}
            try:
                reply = self._patiently(sent)
            except FieldRefused:
                # One field less each time; without any, a refusal is no longer about fields.
                without |= {next(field for field in OPTIONAL if field in sent)}
                continue
            self.without |= without
            return reply

    def _patiently(self, body: dict[str, Any]) -> Reply:
        send, attempt = self._sender(), 0
        while True:
            attempt += 1
            self._pace.wait()
            self.usage.add(requests=1)
            try:
                return send(body)
            except Busy as error:
                if attempt >= self.config.attempts:
                    raise ChatError(
                        error.trouble, f"{error} ({attempt} attempts, {self.config.base_url})"
                    ) from None
                after = error.retry_after
                self.usage.add(retries=1)
                self.sleep(wait_s(attempt, after, time.time(), self.config.first_wait_s))

    def _sender(self) -> Send:
        with self._opening:
            if self._send is None:
                self._send, self._close = open_wire(self.config)
            return self._send

    def _body(self, request: Request) -> dict[str, Any]:
        warmth = request.temperature
        body: dict[str, Any] = {
            "model": self.config.model,
            "messages": list(request.messages),
            "max_tokens": self.config.max_tokens,
            "temperature": self.config.temperature if warmth is None else warmth,
        }
        if request.seed is not None:
            body["seed"] = request.seed
        if request.logprobs:
            body["logprobs"] = True
        if request.schema is not None:
            schema = {"name": "answer", "strict": True, "schema": request.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body
