"""`retia demo`: a page where a student explains a picture and the graph checks it."""

import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retia.disclaimer import DISCLAIMER
from retia.errors import UserError
from retia.serving.address import check_host, open_socket, read_secret, url_of

if TYPE_CHECKING:
    from fastapi import FastAPI


@dataclass(frozen=True, kw_only=True)
class DemoConfig:
    """What `retia demo` takes."""

    model: Path | None = None
    """Student folder; may stand without its flag. The shipped student when left out."""
    staging: Path | None = None
    """Folder of `retia stage train`; the shipped graph model when left out."""
    modality: Literal["octa", "other"] | None = None
    """`octa` shows the graph beside the student; `other` shows picture, question and answer. When
    left out, the model's card decides: `octa` among its tags."""
    examples: Path | None = None
    """Folder of pictures to offer; grown eyes when left out."""
    host: str = "127.0.0.1"
    """Address to listen on; beyond this machine only with `--password-file`."""
    port: int = 7860
    """Port to listen on; 0 takes any free one."""
    password_file: Path | None = None
    """File that holds the password visitors must know; the name is `retia`."""
    max_image_mb: float = 20.0
    """Larger files are refused."""
    max_megapixels: float = 16.0
    """Pictures of more pixels are refused."""
    max_new_tokens: int = 512
    """Longest answer, in tokens."""


def demo(config: DemoConfig) -> dict[str, Any]:
    """Open a page where a student explains a picture and the graph checks it.

    Runs until it is interrupted. Nothing is loaded from elsewhere and nothing is sent elsewhere;
    uploads are kept in memory only.

    Returns:
        Address and modality, after an interrupt.

    Raises:
        UserError: If a model or the examples cannot be read, the port is taken, or the address is
            open to the network without a password.
    """
    from retia.serving.serve import run_app

    password = read_secret(config.password_file)
    check_host(config.host, password is not None, "--password-file")
    modality = config.modality or modality_of(config.model)
    listening = open_socket(config.host, config.port)
    log = logging.getLogger("retia")
    with listening, tempfile.TemporaryDirectory(prefix="retia-demo-") as folder:
        # Gradio reads both when it is imported or asked.
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        os.environ["GRADIO_TEMP_DIR"] = folder
        app = make_site(config, modality == "octa", password)
        log.warning("%s", DISCLAIMER)
        address = url_of(listening)
        log.info("page     %s (stop with Ctrl-C)", address)
        run_app(app, listening)
    return {"address": address, "modality": modality}


def modality_of(model: Path | None) -> Literal["octa", "other"]:
    """`octa` for the shipped student and for models whose card says so among its tags.

    Raises:
        UserError: If the card's front matter is no YAML.
    """
    import yaml

    if model is None:
        return "octa"
    card = model / "README.md"
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    if not text.startswith("---\n"):
        return "other"
    try:
        front = yaml.safe_load(text.split("---\n")[1]) or {}
    except yaml.YAMLError as error:
        line = " ".join(str(error).split())
        raise UserError(f"{card}: the front matter is no YAML ({line}).") from None
    return "octa" if "octa" in (front.get("tags") or []) else "other"


def make_site(config: DemoConfig, octa: bool, password: str | None = None) -> "FastAPI":
    """Load the models, prepare the examples, and put the page on a web application.

    Raises:
        UserError: If a model or the examples cannot be read.
    """
    from retia.demo import voices
    from retia.demo.examples import grow_examples, read_examples
    from retia.students.student import load_student
    from retia.weights import staging_folder, student_folder

    if config.examples is not None:
        examples = read_examples(config.examples, octa, config.max_megapixels)
    else:
        examples = grow_examples() if octa else []
    student = load_student(config.model or student_folder())
    staging = config.staging or (staging_folder() if octa else None)

    def read(path: Path, name: str) -> voices.Picture:
        return voices.read_upload(path, name, octa, config.max_megapixels)

    def tell(picture: voices.Picture, question: str) -> Any:
        if octa and staging is not None:
            return voices.both_voices(student, staging, picture, question, config.max_new_tokens)
        return voices.answer_only(student, picture, question, config.max_new_tokens)

    # Last, for it takes seconds: everything that can be refused has been.
    from retia.demo.page import make_page
    from retia.demo.site import mount

    return mount(make_page(examples, octa, read, tell), password, config.max_image_mb)
