"""The models that come with the package, and the check that they are whole."""

import functools
import hashlib
import json
from importlib import resources
from pathlib import Path

from retia.errors import UserError

CHECKSUMS = "checksums.json"


def shipped_folder() -> Path:
    """The folder of the shipped models."""
    return Path(str(resources.files("retia") / "shipped"))


def staging_folder() -> Path:
    """The shipped graph model.

    Raises:
        UserError: If it is absent or damaged.
    """
    return _checked("staging")


def renderer_folder() -> Path:
    """The shipped learned renderer.

    Raises:
        UserError: If it is absent or damaged.
    """
    return _checked("renderer")


def segmenter_folder() -> Path:
    """The shipped segmenter.

    Raises:
        UserError: If it is absent or damaged.
    """
    return _checked("segmenter")


def student_folder() -> Path:
    """The shipped student.

    Raises:
        UserError: If it is absent or damaged.
    """
    return _checked("student")


@functools.cache
def _checked(name: str) -> Path:
    folder = shipped_folder() / name
    sums = shipped_folder() / CHECKSUMS
    if not folder.is_dir() or not sums.is_file():
        raise UserError(
            f"the shipped model `{name}` is not in this installation ({folder}). "
            "Pass a model folder with --model, or install the package again."
        )
    for file, expected in json.loads(sums.read_text()).items():
        if file.split("/")[0] == name and file_hash(shipped_folder() / file) != expected:
            raise UserError(
                f"the shipped file {file} is missing or damaged (its checksum differs). "
                "Install the package again."
            )
    return folder


def file_hash(path: Path) -> str:
    """SHA-256 of a file; empty when it is missing."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def write_checksums(folder: Path) -> None:
    """Write `checksums.json` over all files below a folder of models."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != CHECKSUMS)
    sums = {p.relative_to(folder).as_posix(): file_hash(p) for p in files}
    (folder / CHECKSUMS).write_text(json.dumps(sums, indent=2) + "\n")
