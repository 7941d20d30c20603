"""Telling that two files hold the same picture, or nearly the same.

In:  pictures.
Out: a `Fingerprint` each: the hash of the decoded pixels, and their fine detail in small.

Pixels are the same whatever file holds them. Pictures are nearly the same when their details
correlate. Detail is what a 64 x 64 thumbnail differs from its surroundings by, over how much it
does so there: brightness, shading and the border of the field count for little. A difference hash
(`sources/video/likeness.py`) serves for frames of one film, but finds photographs of different
fundi alike, because their fields are.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retia.errors import UserError
from retia.images import read_picture
from retia.runs import track
from retia.sources.video.likeness import thumbnail

SIDE = 64
AROUND = 9
"""Side of the surroundings, in cells."""
ROUGH = 2.0
"""Detail that differs by less than this, of 256, is noise."""
ALIKE = 0.85
"""Least correlation of near duplicates. Photographs, angiograms, radiographs and frames correlate
with themselves by at least .90 when coded at quality 40, halved, moved by a pixel or under noise of
5 grey levels; with others by at most .73 (frames a second apart: .79). Cut at the border by 1 %, an
angiogram may fall below."""
PLAIN = 16.0
"""Least length of the detail. Pictures have 40 and more, of at most about 64; flat ones have 0."""
COMPARED = 256
"""Pictures compared at once: bounds the memory."""


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """What of a picture is compared."""

    name: str
    """Whose picture it is: the id of a case, or the path of a file."""
    pixels: str
    """SHA-256 of the decoded pixels."""
    detail: np.ndarray | None
    """Of length 1, float32, shape `(4096,)`; None where the picture is too plain to have any."""


def fingerprint(name: str, picture: np.ndarray) -> Fingerprint:
    """Sum a picture up.

    Args:
        name: Whose it is.
        picture: uint8, `(H, W)` or `(H, W, 3)`; a grey picture stored in colour is grey.
    """
    if picture.ndim == 3 and (picture == picture[..., :1]).all():
        picture = picture[..., 0]
    content = hashlib.sha256(f"{picture.shape}".encode())
    content.update(np.ascontiguousarray(picture).data)
    return Fingerprint(name=name, pixels=content.hexdigest(), detail=_detail(picture))


def _detail(picture: np.ndarray) -> np.ndarray | None:
    import cv2

    cells = thumbnail(picture, SIDE, SIDE)
    off = cells - cv2.blur(cells, (AROUND, AROUND))
    off /= np.sqrt(cv2.blur(off**2, (AROUND, AROUND)) + ROUGH**2)
    off = off.ravel() - off.mean()
    length = float(np.linalg.norm(off))
    return off / length if length >= PLAIN else None


def read_fingerprints(
    files: Iterable[tuple[str, Path]],
) -> tuple[list[Fingerprint], dict[str, str]]:
    """Look at pictures, each given as its name and its file.

    Returns:
        The fingerprints of those that can be read, and why the others cannot, by name.
    """
    prints: list[Fingerprint] = []
    failed: dict[str, str] = {}
    for name, path in track(list(files), "contamination, looking at images"):
        try:
            prints.append(fingerprint(name, read_picture(path)))
        except UserError as error:
            failed[name] = str(error)
    return prints, failed


def look_alikes(
    tested: Sequence[Fingerprint], known: Sequence[Fingerprint]
) -> Iterator[list[Fingerprint]]:
    """Yield per tested picture the known ones that look alike, those of the same pixels too."""
    able = [one for one in known if one.detail is not None]
    table = np.array([one.detail for one in able], np.float32).reshape(-1, SIDE**2)
    nothing = np.zeros(SIDE**2, np.float32)
    for start in range(0, len(tested), COMPARED):
        part = tested[start : start + COMPARED]
        own = np.array([nothing if one.detail is None else one.detail for one in part])
        for row in own @ table.T >= ALIKE:
            yield [able[i] for i in np.flatnonzero(row).tolist()]
