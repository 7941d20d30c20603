"""Several pictures on one page."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retia.atomic import atomic_file
from retia.figures.overlay import to_rgb

CAPTION_PX = 22
GAP_PX = 6


def contact_sheet(
    images: Sequence[np.ndarray], captions: Sequence[str], columns: int = 4
) -> np.ndarray:
    """Lay pictures out in rows, each with its caption below.

    Args:
        images: Grey `(H, W)` or RGB `(H, W, 3)`, uint8; all are shown at the size of the first.
        captions: One a picture.
        columns: Pictures a row.

    Returns:
        RGB, uint8.
    """
    import cv2

    height, width = images[0].shape[:2]
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    cell_h, cell_w = height + CAPTION_PX + GAP_PX, width + GAP_PX
    sheet = np.full((rows * cell_h + GAP_PX, columns * cell_w + GAP_PX, 3), 255, np.uint8)
    for number, (image, caption) in enumerate(zip(images, captions, strict=True)):
        rgb = to_rgb(image) if image.ndim == 2 else image
        if rgb.shape[:2] != (height, width):
            rgb = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
        y = GAP_PX + number // columns * cell_h
        x = GAP_PX + number % columns * cell_w
        sheet[y : y + height, x : x + width] = rgb
        cv2.putText(
            sheet,
            caption,
            (x + 2, y + height + 15),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.42,
            (40, 40, 40),
            1,
            cv2.LINE_AA,
        )
    return sheet


def write_png(path: Path, image: np.ndarray) -> None:
    """Write a grey or RGB uint8 array as PNG, atomically."""
    from PIL import Image

    with atomic_file(path) as part:
        Image.fromarray(image).save(part, compress_level=6)
