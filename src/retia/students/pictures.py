"""The picture that a student is shown."""

from pathlib import Path

import numpy as np

from retia.images import read_image, read_picture


def shown_picture(path: Path, modality: str | None = None) -> np.ndarray:
    """Read the image of a case as a student sees it: OCTA in grey, anything else as it is.

    Args:
        path: The image.
        modality: Of the case; None where it is unknown.

    Returns:
        uint8, shape `(H, W)` or `(H, W, 3)`.

    Raises:
        UserError: If it is missing or cannot be used.
    """
    return read_image(path).pixels if modality == "octa" else read_picture(path)
