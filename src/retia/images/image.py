"""Reading one image, with a clear line for everything that can be wrong with it."""

import io
import math
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
    with open_image(path, max_megapixels=max_megapixels) as image:
        pixels = to_grey(str(path), image, notes)
    return ScanImage(pixels=pixels, mm_per_px=mm_per_px, laterality=laterality, notes=tuple(notes))


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
) -> "Image":
    """Open and decode an image file; its size is checked before the pixels are decoded.

    Args:
        source: Its path or its bytes.
        name: What messages call it; its path when left out.
        max_megapixels: Larger images are refused.
        smallest_px: Images with a shorter side are refused.

    Raises:
        UserError: If it is missing, empty, damaged, of another type, too small or too large.
    """
    import warnings

    from PIL import Image, UnidentifiedImageError

    name = name or ("the image" if isinstance(source, bytes) else str(source))
    if not isinstance(source, bytes) and not Path(source).is_file():
        raise UserError(f"{name} does not exist. Expected an image file there.")
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    if not data:
        raise UserError(f"{name} is empty (0 bytes). Expected an image file; copy it again.")
    try:
        with warnings.catch_warnings():
            # Large but allowed images: `_check_size` decides, before anything is decoded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise UserError(
            f"{name} is no readable image (its first bytes are {data[:8]!r}). "
            f"Expected {', '.join(FORMATS)}."
        ) from None
    except Image.DecompressionBombError as error:
        raise UserError(
            f"{name} is far too large to be a scan ({error}). Crop or shrink it."
        ) from None
    _check_size(name, image.size, max_megapixels, smallest_px)
    try:
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise UserError(
            f"{name} is damaged ({error}). Expected a whole image file; copy it again."
        ) from None
    return image


def _check_size(path: str, size: tuple[int, int], max_megapixels: float, smallest_px: int) -> None:
    width, height = size
    if min(size) < smallest_px:
        raise UserError(
            f"{path} is {width} x {height} px. Expected at least {smallest_px} px a side; "
            "use the scan at its original size."
        )
    if width * height > max_megapixels * 1e6:
        raise UserError(
            f"{path} is {width} x {height} px, {width * height / 1e6:.0f} megapixels. Expected at "
            f"most {max_megapixels:g}; crop or shrink it, or raise max_megapixels."
        )


def to_grey(path: str, image: "Image", notes: list[str]) -> np.ndarray:
    """Convert a decoded image to uint8, shape `(H, W)`, noting what was converted.

    Raises:
        UserError: If it is coloured or holds pixels that are no numbers.
    """
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


def _from_deep(path: str, deep: np.ndarray) -> np.ndarray:
    if not np.isfinite(deep).all():
        raise UserError(f"{path} holds pixels that are not finite. Expected numbers only.")
    top = float(deep.max())
    # 12 and 14 bit data come in 16 bit files: the depth is the smallest that holds the maximum.
    full = next((f for f in (1.0, 255.0, 4095.0, 16383.0, 65535.0) if top <= f), top)
    return np.clip(deep / full * 255, 0, 255).round().astype(np.uint8)
