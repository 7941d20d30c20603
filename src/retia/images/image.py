"""Reading one image, with a clear line for everything that can be wrong with it."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retia.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg")
FORMATS = ("PNG", "TIFF", "BMP", "JPEG")
SMALLEST_PX = 32
MAX_MEGAPIXELS = 64.0
COLOURED = 8
"""Channels may differ by this many grey levels (JPEG does that) and still count as grey."""


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
) -> ScanImage:
    """Read a grey image.

    Grey stored as RGB, 16-bit, 1-bit, palette and alpha images are converted, and the notes say
    so. The size is checked before the pixels are decoded.

    Args:
        path: PNG, TIFF, BMP or JPEG.
        mm_per_px: Side of one pixel in mm; kept as given.
        laterality: `OD`, `OS` or None; kept as given.
        max_megapixels: Larger images are refused.

    Raises:
        UserError: If the file is missing, empty, damaged, of another type, too small, too large,
            or coloured.
    """
    path = Path(path)
    notes: list[str] = []
    with _open(path) as image:
        _check_size(path, image.size, max_megapixels)
        try:
            image.load()
        except (OSError, SyntaxError, ValueError) as error:
            raise UserError(
                f"{path} is damaged ({error}). Expected a whole image file; copy it again."
            ) from None
        pixels = _to_grey(path, image, notes)
    return ScanImage(pixels=pixels, mm_per_px=mm_per_px, laterality=laterality, notes=tuple(notes))


def read_mask(path: Path) -> np.ndarray:
    """Read a mask as bool, shape `(H, W)`: true above half of white.

    Raises:
        UserError: If the file is missing or damaged.
    """
    with _open(Path(path)) as image:
        try:
            # 1-bit files hold 0/255 bytes behind a bool type; grey is safe for every library.
            return np.asarray(image.convert("L")) > 127
        except OSError as error:
            raise UserError(f"{path} is damaged ({error}). Expected a mask image.") from None


def write_mask(path: Path, mask: np.ndarray) -> None:
    """Write a mask as an 8-bit PNG of 0 and 255; same mask, same bytes."""
    from PIL import Image

    Image.fromarray(mask.astype(np.uint8) * 255).save(path, optimize=False, compress_level=6)


def _open(path: Path) -> "Image":
    import warnings

    from PIL import Image, UnidentifiedImageError

    if not path.is_file():
        raise UserError(f"{path} does not exist. Expected an image file there.")
    data = path.read_bytes()
    if not data:
        raise UserError(f"{path} is empty (0 bytes). Expected an image file; copy it again.")
    try:
        with warnings.catch_warnings():
            # Large but allowed images: `_check_size` decides, before anything is decoded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data), formats=FORMATS)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise UserError(
            f"{path} is no readable image (its first bytes are {data[:8]!r}). "
            f"Expected {', '.join(FORMATS)}."
        ) from None
    except Image.DecompressionBombError as error:
        raise UserError(
            f"{path} is far too large to be a scan ({error}). Crop or shrink it."
        ) from None


def _check_size(path: Path, size: tuple[int, int], max_megapixels: float) -> None:
    width, height = size
    if min(size) < SMALLEST_PX:
        raise UserError(
            f"{path} is {width} x {height} px. Expected at least {SMALLEST_PX} px a side; "
            "use the scan at its original size."
        )
    if width * height > max_megapixels * 1e6:
        raise UserError(
            f"{path} is {width} x {height} px, {width * height / 1e6:.0f} megapixels. Expected at "
            f"most {max_megapixels:g}; crop or shrink it, or raise max_megapixels."
        )


def _to_grey(path: Path, image: "Image", notes: list[str]) -> np.ndarray:
    mode = image.mode
    if mode == "L":
        return np.asarray(image)
    if mode == "1":
        notes.append("converted from 1 bit")
        return np.asarray(image.convert("L"))
    if mode.startswith("I") or mode == "F":
        notes.append("converted from 16 bit")
        return _from_deep(path, np.asarray(image).astype(np.float64))
    if mode in ("LA", "RGBA", "PA", "La", "RGBa") or "transparency" in image.info:
        notes.append("alpha channel dropped")
    rgb = np.asarray(image.convert("RGB")).astype(np.int16)
    spread = int((rgb.max(axis=2) - rgb.min(axis=2)).max())
    if spread > COLOURED:
        raise UserError(
            f"{path} is coloured (channels differ by up to {spread} grey levels). "
            "OCTA images are grey; export the angiogram without a colour map."
        )
    if mode not in ("LA", "La"):
        notes.append("converted from grey in RGB")
    return rgb.mean(axis=2).round().astype(np.uint8)


def _from_deep(path: Path, deep: np.ndarray) -> np.ndarray:
    if not np.isfinite(deep).all():
        raise UserError(f"{path} holds pixels that are not finite. Expected numbers only.")
    top = float(deep.max())
    # 12 and 14 bit data come in 16 bit files: the depth is the smallest that holds the maximum.
    full = next((f for f in (1.0, 255.0, 4095.0, 16383.0, 65535.0) if top <= f), top)
    return np.clip(deep / full * 255, 0, 255).round().astype(np.uint8)
