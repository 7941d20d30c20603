"""The image files of samples: there, whole, and in one split only."""

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retia.errors import UserError
from retia.records import Sample
from retia.tuning.preflight.problems import Problem, named


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What preflight needs to know of an image file."""

    size_px: tuple[int, int] | None
    """(height, width); None where the file cannot be decoded."""
    sha256: str


def look(path: Path) -> Picture | None:
    """Decode an image file whole; None where there is none. A file that stays is read once."""
    if not path.is_file():
        return None
    found = path.stat()
    return _look(path.resolve(), found.st_mtime_ns, found.st_size)


@functools.cache
def _look(path: Path, _changed_ns: int, _bytes: int) -> Picture:
    from retia.images import read_picture

    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        pixels = read_picture(path)
    except UserError:
        return Picture(size_px=None, sha256=sha256)
    return Picture(size_px=(pixels.shape[0], pixels.shape[1]), sha256=sha256)


def check_pictures(samples: Sequence[Sample], folder: Path) -> list[Problem]:
    """Files that are missing or damaged, and images that two splits share.

    Args:
        samples: All splits.
        folder: What their image paths are relative to.
    """
    names = sorted({name for s in samples for name in s.images})
    pictures = {name: look(folder / name) for name in names}
    missing = [name for name, picture in pictures.items() if picture is None]
    damaged = [name for name, picture in pictures.items() if picture and picture.size_px is None]
    places: dict[str, set[tuple[str | None, str]]] = {}
    for sample in samples:
        for name in sample.images:
            if picture := pictures[name]:
                places.setdefault(picture.sha256, set()).add((sample.split, sample.group))
    shared = [n for n, p in pictures.items() if p is not None and _leaks(places[p.sha256])]
    return [
        *named("images", "files are missing", missing),
        *named("images", "files are damaged, they cannot be decoded", damaged),
        *named("splits", "images of the same content lie in more than one split", shared),
    ]


def _leaks(places: set[tuple[str | None, str]]) -> bool:
    """Whether one content is in two splits and two groups; a cut group is named as such."""
    return all(len(set(part)) > 1 for part in zip(*places, strict=True))
