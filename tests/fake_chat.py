"""A server that speaks OpenAI's chat API and answers as the test tells it to."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Said:
    """One answer of the server."""

    text: str = ""
    status: int = 200
    finish: str = "stop"
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    wait_s: float = 0.0
    logprobs: list[float] | None = None
    """Of the tokens of the text, told where they are asked for."""


@dataclass
class FakeServer:
    """Where it listens, and what it was sent."""

    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


@contextmanager
def fake_server(answer: Callable[[dict[str, Any], int], Said]) -> Iterator[FakeServer]:
    """Serve; `answer` gets the body of a request and its number, from 0."""
    server = FakeServer()
    counting = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with counting:
                number = len(server.bodies)
                server.bodies.append(body)
                server.keys.append(self.headers.get("authorization", ""))
            said = answer(body, number)
            time.sleep(said.wait_s)
            message = {"role": "assistant", "content": said.text}
            choice = {"index": 0, "message": message, "finish_reason": said.finish}
            if body.get("logprobs") and said.logprobs is not None:
                tokens = [{"token": "t", "logprob": value} for value in said.logprobs]
                choice["logprobs"] = {"content": tokens}
            usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
            value = {"choices": [choice], "usage": usage}
            if said.status != 200:
                value = {"error": {"message": said.text, "type": "test"}}
            data = json.dumps(value).encode() if said.raw is None else said.raw
            try:
                self.send_response(said.status)
                for name, header in said.headers.items():
                    self.send_header(name, header)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the client has given up waiting: that is what the test is about

        def log_message(self, format: str, *args: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
