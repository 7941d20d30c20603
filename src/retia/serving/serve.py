"""`retia serve`: a student behind an OpenAI-compatible address."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retia.disclaimer import DISCLAIMER
from retia.errors import UserError
from retia.serving.address import check_host, open_socket, read_secret, url_of

if TYPE_CHECKING:
    import socket

SHIPPED_NAME = "retia-student"


@dataclass(frozen=True, kw_only=True)
class ServeConfig:
    """What `retia serve` takes."""

    model: Path | None = None
    """Student folder; may stand without its flag. The shipped student when left out."""
    served_model_name: str | None = None
    """Name that clients ask for; the folder's name when left out."""
    host: str = "127.0.0.1"
    """Address to listen on; beyond this machine only with `--api-key-file`."""
    port: int = 8000
    """Port to listen on; 0 takes any free one."""
    engine: Literal["embedded", "vllm"] = "embedded"
    """`embedded` answers in this process, `vllm` runs `vllm serve` (public families only)."""
    api_key_file: Path | None = None
    """File that holds the key clients must send."""
    max_image_mb: float = 20.0
    """Larger image files are refused."""
    max_megapixels: float = 64.0
    """Images of more pixels are refused."""
    max_new_tokens: int = 512
    """Longest answer; requests may ask for less."""
    max_queue: int = 8
    """Requests that may wait while one is answered; further ones get status 429."""
    max_model_len: int = 8192
    """Context that vLLM reserves, in tokens, the image's included."""
    check: Path | None = None
    """Picture to ask about once, over HTTP, instead of serving on (embedded engine): shows that
    the model can be served."""


def serve(config: ServeConfig) -> dict[str, Any] | None:
    """Serve a student over HTTP, as OpenAI's chat API.

    Answers `/v1/models`, `/v1/chat/completions` (streamed or whole) and `/health` until it is
    interrupted. Decoding is greedy, whatever temperature a request names.

    Returns:
        Address and model, after an interrupt; with `check` the answer too.

    Raises:
        UserError: If the model cannot be served, the port is taken, or the address is open to the
            network without a key.
        CheckFailedError: If `check` got no answer.
    """
    _check(config)
    key = read_secret(config.api_key_file)
    check_host(config.host, key is not None, "--api-key-file")
    if config.engine == "vllm":
        from retia.serving.vllm import run_vllm

        return run_vllm(config, key)
    listening = open_socket(config.host, config.port)
    with listening:
        return _serve_embedded(config, key, listening)


def _check(config: ServeConfig) -> None:
    for name in ("max_image_mb", "max_megapixels", "max_new_tokens", "max_model_len"):
        if not getattr(config, name) > 0:
            raise UserError(f"{name} is {getattr(config, name)}. Expected a number above 0.")
    if config.max_queue < 0:
        raise UserError(f"max_queue is {config.max_queue}. Expected 0 or more.")
    if config.check is not None and config.engine == "vllm":
        raise UserError("--check goes with the embedded engine. Leave one of the two out.")


def served_name(config: ServeConfig) -> str:
    """The name clients ask for."""
    folder = SHIPPED_NAME if config.model is None else config.model.resolve().name
    return config.served_model_name or folder


def _serve_embedded(
    config: ServeConfig, key: str | None, listening: "socket.socket"
) -> dict[str, Any]:
    from retia.serving.app import Settings, make_app
    from retia.students.student import load_student
    from retia.weights import student_folder

    student = load_student(config.model or student_folder())
    settings = Settings(
        model=served_name(config),
        max_new_tokens=config.max_new_tokens,
        max_image_mb=config.max_image_mb,
        max_megapixels=config.max_megapixels,
        max_queue=config.max_queue,
        api_key=key,
    )
    address = url_of(listening)
    log = logging.getLogger("retia")
    log.warning("%s", DISCLAIMER)
    log.info("model    %s (%s)", settings.model, student.family.title)
    log.info("address  %s/v1 (stop with Ctrl-C)", address)
    served = {"address": address, "model": settings.model}
    app = make_app(student, settings)
    if config.check is not None:
        from retia.serving.check import answer_once

        answer = answer_once(app, listening, config.check, settings.model, key)
        log.info("answer   %s", answer)
        return served | {"answer": answer}
    run_app(app, listening)
    return served


def run_app(app: Any, listening: "socket.socket") -> None:
    """Run a web application on a listening socket until it is interrupted."""
    import uvicorn

    # No access log: what is asked about whose image is nobody's business.
    settings = uvicorn.Config(
        app, log_config=None, log_level="warning", access_log=False, timeout_graceful_shutdown=5
    )
    try:
        uvicorn.Server(settings).run(sockets=[listening])
    except KeyboardInterrupt:
        logging.getLogger("retia").info("stopped")
