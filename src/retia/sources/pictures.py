"""The images of a data set, looked at once: whole, of what size, with what content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from retia.errors import UserError
from retia.records.case import Box


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What an import needs to know of an image file."""

    width_px: int
    height_px: int
    sha256: str


def look_at(path: Path, where: str) -> Picture:
    """Decode an image file once.

    Args:
        path: The file.
        where: Who asks for it: file and entry; begins the error.

    Raises:
        UserError: If it is missing or damaged.
    """
    from retia.images.image import open_image

    if not path.is_file():
        raise UserError(f"{where}: its image {path} does not exist. Put the images there.")
    data = path.read_bytes()
    try:
        with open_image(data, str(path)) as image:
            width, height = image.size
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    return Picture(width_px=width, height_px=height, sha256=hashlib.sha256(data).hexdigest())


def clip_box(left: float, top: float, width: float, height: float, picture: Picture) -> Box | None:
    """A box as `[x0, y0, x1, y1]` in whole pixels, cut off at the borders of the image.

    Args:
        left: Of the box, in pixels; the others likewise.
        top: Upper border.
        width: Above 0.
        height: Above 0.
        picture: The image.

    Returns:
        The box, or None where nothing of it lies in the image.
    """
    x0, y0 = max(0, round(left)), max(0, round(top))
    x1 = min(picture.width_px, round(left + width))
    y1 = min(picture.height_px, round(top + height))
    return (float(x0), float(y0), float(x1), float(y1)) if x1 > x0 and y1 > y0 else None
