"""Small images for tests of imports."""

from pathlib import Path

import numpy as np


def write_picture(path: Path, seed: int, size: tuple[int, int] = (64, 48)) -> None:
    """Write a small image that differs by its seed; width and height in pixels."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
