"""Reading one image, with a clear line for everything that can be wrong with it."""

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retia.errors import UserError
from retia.images.grey import MAX_MEGAPIXELS, SMALLEST_PX, check_size, from_deep, from_rgb
from retia.images.header import (
    PICTURES,
    Header,
    agreed_eye,
    agreed_scale,
    check_file,
    kind_of,
    pick_plane,
)

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = PICTURES
"""Endings of the files that anybody's picture may have; `header.SCANS` adds those of scans."""
FORMATS = ("PNG", "TIFF", "BMP", "JPEG")


@dataclass(frozen=True, kw_only=True)
class ScanImage:
    """A grey image: uint8, shape `(H, W)`, with what is known of its scale and side."""

    pixels: np.ndarray
    mm_per_px: float | None = None
    laterality: str | None = None
    notes: tuple[str, ...] = ()
    """What was converted on the way in."""


def read_image(
    path: Path,
    mm_per_px: float | None = None,
    laterality: str | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
    number: int | None = None,
) -> ScanImage:
    """Read a grey image.

    Grey stored as RGB, 16-bit, 1-bit, palette and alpha images are converted, and the notes say
    so. The size is checked before the pixels are decoded.

    Args:
        path: PNG, TIFF, BMP, JPEG, DICOM or NIfTI.
        mm_per_px: Side of one pixel in mm; where left out, what the file says.
        laterality: `OD` or `OS`; where left out, what the file or its name says.
        max_megapixels: Larger images are refused.
        number: Of the page, frame or plane, from 1. Where left out, the first page of a TIFF is
            read with a note, and several frames or planes are refused.

    Raises:
        UserError: If the file is missing, empty, damaged, of another type, too small, too large,
            or coloured, or contradicts the scale or the eye.
    """
    path = Path(path)
    kind = kind_of(path)
    if kind == "dicom":
        from retia.images.dicom import read_dicom

        pixels, header = read_dicom(path, number, max_megapixels)
    elif kind == "nifti":
        from retia.images.nifti import read_nifti

        pixels, header = read_nifti(path, number, max_megapixels)
    else:
        pixels, header = _read_page(path, number, max_megapixels)
    eye, notes = agreed_eye(str(path), header.laterality, laterality)
    return ScanImage(
        pixels=pixels,
        mm_per_px=agreed_scale(str(path), {"the file": header.mm_per_px, "the caller": mm_per_px}),
        laterality=eye,
        notes=(*header.notes, *notes),
    )


def _read_page(path: Path, number: int | None, max_megapixels: float) -> tuple[np.ndarray, Header]:
    notes: list[str] = []
    page = 1 if number is None else number
    with open_image(path, max_megapixels=max_megapixels, page=page) as image:
        if (count := _pages(image)) > 1:
            notes.append(f"page {page} of {count}")
        pixels = to_grey(str(path), image, notes)
        return pixels, Header(size_px=image.size, notes=tuple(notes))


def read_mask(path: Path) -> np.ndarray:
    """Read a mask as bool, shape `(H, W)`: true above half of white.

    Raises:
        UserError: If the file is missing or damaged.
    """
    with open_image(Path(path), max_megapixels=math.inf, smallest_px=1) as image:
        # 1-bit files hold 0/255 bytes behind a bool type; grey is safe for every library.
        return np.asarray(image.convert("L")) > 127


def write_mask(path: Path, mask: np.ndarray) -> None:
    """Write a mask as an 8-bit PNG of 0 and 255; same mask, same bytes."""
    from PIL import Image

    Image.fromarray(mask.astype(np.uint8) * 255).save(path, optimize=False, compress_level=6)


def open_image(
    source: Path | bytes,
    name: str | None = None,
    max_megapixels: float = MAX_MEGAPIXELS,
    smallest_px: int = SMALLEST_PX,
    page: int = 1,
    decode: bool = True,
) -> "Image":
    """Open and decode an image file; its size is checked before the pixels are decoded.

    Args:
        source: Its path or its bytes.
        name: What messages call it; its path when left out.
        max_megapixels: Larger images are refused.
        smallest_px: Images with a shorter side are refused.
        page: Of a file with several, from 1.
        decode: Whether the pixels are wanted too.

    Raises:
        UserError: If it is missing, empty, damaged, of another type, too small or too large.
    """
    import warnings

    from PIL import Image

    name = name or ("the image" if isinstance(source, bytes) else str(source))
    if not isinstance(source, bytes):
        check_file(Path(source))
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    if not data:
        raise UserError(f"{name} is empty (0 bytes). Expected an image file; copy it again.")
    with warnings.catch_warnings():
        # Of large images (`check_size` decides, before anything is decoded) and odd metadata.
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        except Image.DecompressionBombError as error:
            raise UserError(
                f"{name} is far too large to be a scan ({error}). Crop or shrink it."
            ) from None
        except Exception:  # damaged files end in errors of any kind, here and below
            raise UserError(
                f"{name} is no readable image (its first bytes are {data[:8]!r}). "
                f"Expected {', '.join(FORMATS)}."
            ) from None
        try:
            # Counted first: counting moves to and fro, and what was decoded before is lost.
            image.seek(pick_plane(name, _pages(image), page, "page"))
            check_size(name, image.size, max_megapixels, smallest_px)
            if decode:
                image.load()
        except UserError:
            raise
        except Exception as error:
            raise UserError(
                f"{name} is damaged ({error}). Expected a whole image file; copy it again."
            ) from None
    return image


def _pages(image: "Image") -> int:
    """How many pages a file holds; those behind a damaged directory do not count."""
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # of any kind, as above
        return 1


def to_grey(path: str, image: "Image", notes: list[str]) -> np.ndarray:
    """Convert a decoded image to uint8, shape `(H, W)`, noting what was converted.

    Raises:
        UserError: If it is coloured or holds pixels that are no brightness.
    """
    mode = image.mode
    if mode == "L":
        return np.asarray(image)
    if mode == "1":
        notes.append("converted from 1 bit")
        return np.asarray(image.convert("L"))
    if mode.startswith("I") or mode == "F":
        notes.append("converted from 16 bit")
        return from_deep(path, np.asarray(image))
    if mode in ("LA", "RGBA", "PA", "La", "RGBa") or "transparency" in image.info:
        notes.append("alpha channel dropped")
    grey = from_rgb(path, np.asarray(image.convert("RGB")))
    if mode not in ("LA", "La"):
        notes.append("converted from grey in RGB")
    return grey
