"""Regions to remove: masks of boxes, and random regions to compare them with.

In:  an image and a region of it.
Out: regions of the same shape elsewhere in what the image shows.
"""

from collections.abc import Sequence

import numpy as np

BLACK = 8
"""Grey values up to this are background."""
CLOSING_SHARE = 1 / 16
"""Dark gaps up to this share of the image's shorter side belong to the foreground."""
INSIDE_SHARE = 0.95
"""Share of a random region that must be foreground."""
LEAST_REGIONS = 5
"""Random regions that a region is compared with in an audit: fewer are no control."""


def box_mask(box_px: Sequence[float], size: tuple[int, int]) -> np.ndarray:
    """Mask of a box `[x0, y0, x1, y1]`, half-open, clipped to the image.

    Args:
        box_px: In pixels; parts of pixels count as whole ones.
        size: (height, width) of the image.

    Returns:
        bool, shape `(H, W)`; all False where the box lies outside.
    """
    x0, y0, x1, y1 = box_px
    mask = np.zeros(size, bool)
    rows = slice(max(0, int(np.floor(y0))), max(0, int(np.ceil(y1))))
    mask[rows, max(0, int(np.floor(x0))) : max(0, int(np.ceil(x1)))] = True
    return mask


def foreground(image: np.ndarray) -> np.ndarray:
    """What is not the black surround; dark places inside belong to it.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`.

    Returns:
        bool, shape `(H, W)`.
    """
    import cv2
    from scipy import ndimage

    grey = image if image.ndim == 2 else image.max(axis=2)
    bright = (grey > BLACK).astype(np.uint8)
    side = max(3, round(CLOSING_SHARE * min(grey.shape)) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    # Beyond the border the image goes on as it is, so that it closes there too.
    padded = cv2.copyMakeBorder(bright, side, side, side, side, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)[side:-side, side:-side]
    return ndimage.binary_fill_holes(closed > 0)  # type: ignore[return-value]


def random_regions(
    image: np.ndarray, mask: np.ndarray, count: int, seed: int, shown: np.ndarray | None = None
) -> list[np.ndarray]:
    """Draw regions of the mask's exact shape, elsewhere in the foreground.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        mask: The region they are compared with; bool, shape `(H, W)`.
        count: How many; they may overlap each other, never the mask's bounding box.
        seed: The same seed draws the same regions.
        shown: The foreground of the image where it is known already.

    Returns:
        Masks, shape `(H, W)`; fewer than `count` where there are not so many places, none where
        the mask is too large to be anywhere else.
    """
    rows, columns = np.nonzero(mask)
    top, left = rows.min(), columns.min()
    height, width = rows.max() - top + 1, columns.max() - left + 1
    inside = _window_sums(foreground(image) if shown is None else shown, height, width)
    blocked = np.zeros_like(mask)
    blocked[top : top + height, left : left + width] = True
    free = _window_sums(blocked, height, width) == 0
    places = np.argwhere(free & (inside >= INSIDE_SHARE * height * width))
    chosen = np.random.default_rng(seed).permutation(len(places))[:count]
    regions = []
    for y, x in places[chosen]:
        region = np.zeros_like(mask)
        region[rows - top + y, columns - left + x] = True
        regions.append(region)
    return regions


def _window_sums(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """Sum of the mask in every window of that size, by its upper left corner."""
    sums = np.pad(mask.astype(np.int64).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    return (
        sums[height:, width:]
        - sums[:-height, width:]
        - sums[height:, :-width]
        + sums[:-height, :-width]
    )
