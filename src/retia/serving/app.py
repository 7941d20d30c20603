"""The web application: `/v1/models`, `/v1/chat/completions`, `/health`.

In:  a student and settings.
Out: a FastAPI application.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from retia.disclaimer import DISCLAIMER
from retia.errors import UserError
from retia.serving.line import Line
from retia.serving.replies import DONE, Reply
from retia.serving.requests import Limits, RequestError, read_request, to_error
from retia.students.stream import Piece, stream
from retia.students.student import Student

GONE = 499
"""Status for a client that left; nobody reads it."""


@dataclass(frozen=True, kw_only=True)
class Settings(Limits):
    """What the application needs to know."""

    max_queue: int
    """Requests that may wait while one is answered."""
    api_key: str | None = None
    """Without one, everybody is answered."""


class EventStream(StreamingResponse):
    """Server-sent events; whatever ends the connection, the turn is handed back."""

    def __init__(self, events: AsyncIterator[str], held: AsyncExitStack) -> None:
        """Take over what the handler holds."""
        super().__init__(events, media_type="text/event-stream")
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._held.aclose()


def make_app(student: Student, settings: Settings) -> FastAPI:
    """Make the application.

    Args:
        student: Who answers, one request at a time.
        settings: Name, limits, key.
    """
    # FastAPI's own documentation pages load scripts from elsewhere: there are none here.
    app = FastAPI(title="Retia", docs_url=None, redoc_url=None, openapi_url=None)
    line = Line(settings.max_queue)
    app.add_exception_handler(UserError, _refuse)
    app.add_exception_handler(HTTPException, _refuse_http)
    app.add_exception_handler(Exception, _apologize)
    v1 = APIRouter(prefix="/v1", dependencies=[Depends(_key_check(settings.api_key))])

    @app.get("/health")
    async def health() -> dict[str, Any]:
        return {
            "status": "ok",
            "model": settings.model,
            "waiting": line.waiting,
            "notice": DISCLAIMER,
        }

    @v1.get("/models")
    async def models() -> dict[str, Any]:
        model = {"id": settings.model, "object": "model", "created": 0, "owned_by": "retia"}
        return {"object": "list", "data": [model]}

    @v1.post("/chat/completions")
    async def complete(http: HttpRequest) -> Response:
        body = await _read_body(http, settings.body_bytes)
        request = await run_in_threadpool(read_request, body, settings)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(line.turn())
            if await http.is_disconnected():
                return Response(status_code=GONE)
            pieces = await run_in_threadpool(
                stream, student, request.image, request.turns, request.max_new_tokens
            )
            # Closing waits for the token in work: not in the event loop.
            stack.push_async_callback(run_in_threadpool, pieces.close)
            reply = Reply(model=settings.model)
            if request.stream:
                events = _events(reply, pieces, request.include_usage)
                return EventStream(events, stack.pop_all())
            said: list[Piece] = []
            async for piece in iterate_in_threadpool(pieces):
                said.append(piece)
                if await http.is_disconnected():
                    return Response(status_code=GONE)
            return JSONResponse(reply.whole(said))

    app.include_router(v1)
    return app


async def _events(reply: Reply, pieces: Iterator[Piece], include_usage: bool) -> AsyncIterator[str]:
    yield reply.first()
    last = None
    async for last in iterate_in_threadpool(pieces):
        if event := reply.chunk(last):
            yield event
    if include_usage and last is not None:
        yield reply.counts(last)
    yield DONE


async def _read_body(http: HttpRequest, most_bytes: int) -> bytes:
    body = bytearray()
    async for part in http.stream():
        body += part
        if len(body) > most_bytes:
            raise RequestError(
                f"the body has more than {most_bytes / 1e6:.1f} MB. Send a smaller image.",
                status=413,
            )
    return bytes(body)


def _key_check(key: str | None) -> Callable[[HttpRequest], None]:
    def check(http: HttpRequest) -> None:
        given = http.headers.get("authorization", "").encode()
        # Compared in constant time: the time taken must not tell how much of the key is right.
        if key is not None and not secrets.compare_digest(given, f"Bearer {key}".encode()):
            raise RequestError(
                "missing or wrong API key. Expected the header `Authorization: Bearer KEY`.",
                status=401,
                code="invalid_api_key",
            )

    return check


async def _refuse(_: HttpRequest, error: Exception) -> Response:
    status = error.status if isinstance(error, RequestError) else 400
    code = error.code if isinstance(error, RequestError) else None
    headers = {"Retry-After": "2"} if status == 429 else None
    return JSONResponse(to_error(str(error), status, code), status, headers)


async def _refuse_http(http: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = f"{http.method} {http.url.path}: {error.detail}."
    return JSONResponse(to_error(text, error.status_code), error.status_code)


async def _apologize(_: HttpRequest, error: Exception) -> Response:
    # Starlette raises it again after this reply, so the log has the traceback.
    text = f"internal error ({type(error).__name__}). The server's log has the details."
    return JSONResponse(to_error(text, 500), 500)
