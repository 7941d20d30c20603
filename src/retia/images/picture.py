"""Reading any picture, grey or colour: what students look at, whatever the modality."""

from pathlib import Path

import numpy as np

from retia.images.image import MAX_MEGAPIXELS, open_image, to_grey


def read_picture(
    source: Path | bytes, name: str | None = None, max_megapixels: float = MAX_MEGAPIXELS
) -> np.ndarray:
    """Read a picture as uint8, shape `(H, W)` where it is grey, else `(H, W, 3)`.

    Args:
        source: Path of a PNG, TIFF, BMP or JPEG, or the bytes of one.
        name: What messages call it; its path when left out.
        max_megapixels: Larger pictures are refused before they are decoded.

    Raises:
        UserError: If it is missing, empty, damaged, of another type, too small or too large.
    """
    with open_image(source, name, max_megapixels) as image:
        if image.mode in ("1", "L", "LA", "F") or image.mode.startswith("I"):
            return to_grey(name or str(source), image, [])
        return np.asarray(image.convert("RGB"))
