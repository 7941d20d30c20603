"""Prove that a student can be served: start it, ask it once over HTTP, and stop.

In:  a web application on a listening socket, and a picture.
Out: what a client got.
"""

import base64
import json
import socket
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from retia.errors import CheckFailedError
from retia.images import read_picture
from retia.serving.address import url_of

QUESTION = "What is seen in this image?"
PATIENCE_S = 60.0
_TYPES = {".jpg": "jpeg", ".jpeg": "jpeg", ".tif": "tiff", ".tiff": "tiff", ".bmp": "bmp"}


def answer_once(
    app: Any, listening: socket.socket, picture: Path, model: str, key: str | None
) -> str:
    """Serve until one question is answered.

    Args:
        app: From `make_app`.
        listening: Where it listens.
        picture: What is asked about.
        model: Name the client asks for.
        key: The server's key, where it has one.

    Raises:
        UserError: If the picture cannot be read.
        CheckFailedError: If the server does not come up, or does not answer.
    """
    import uvicorn

    read_picture(picture)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        _wait(server, thread)
        return _ask(url_of(listening), picture, model, key)
    except OSError as error:
        raise CheckFailedError(f"the server did not answer: {error}.") from error
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


def _wait(server: Any, thread: threading.Thread) -> None:
    until = time.monotonic() + PATIENCE_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise CheckFailedError("the server did not come up.")
        time.sleep(0.02)


def _ask(address: str, picture: Path, model: str, key: str | None) -> str:
    kind = _TYPES.get(picture.suffix.lower(), "png")
    data = base64.b64encode(picture.read_bytes()).decode()
    content = [
        {"type": "text", "text": QUESTION},
        {"type": "image_url", "image_url": {"url": f"data:image/{kind};base64,{data}"}},
    ]
    body = {"model": model, "messages": [{"role": "user", "content": content}]}
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(
        f"{address}/v1/chat/completions", json.dumps(body).encode(), headers
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
        return json.load(reply)["choices"][0]["message"]["content"]
