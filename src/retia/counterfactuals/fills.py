"""Ways to remove a region from an image.

In:  an image and a mask of what shall go.
Out: the image without it; every pixel outside the mask stays as it was.

No fill is neutral: a plain one looks like something missing, which in OCTA is a finding of its
own. So there are several, and a region is always compared with random ones filled alike.
"""

from typing import Literal, get_args

import numpy as np

from retia.errors import UserError

Fill = Literal["mean", "blur", "noise", "inpaint", "transplant"]
"""The mean of the rest; a strong blur; pixels drawn from the rest; Telea's inpainting; tissue
copied from another place of the same image."""
FILLS: tuple[Fill, ...] = get_args(Fill)

INPAINT_RADIUS_PX = 3
BLUR_SHARE = 0.25
"""Standard deviation of the blur, as a share of the region's shorter side."""


def remove(image: np.ndarray, mask: np.ndarray, fill: Fill, seed: int = 0) -> np.ndarray:
    """Return the image with the masked region filled.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        mask: True where the image shall be replaced; bool, shape `(H, W)`.
        fill: How. `inpaint` is Telea (2004), "An image inpainting technique based on the fast
            marching method". `transplant` falls back on `noise` where no place is left to copy
            from.
        seed: Of `noise` and `transplant`; the same seed gives the same pixels.

    Raises:
        UserError: If the mask has another shape, is empty or covers the whole image.
    """
    if mask.shape != image.shape[:2]:
        raise UserError(f"the mask has shape {mask.shape}, but the image {image.shape[:2]}.")
    if not mask.any() or mask.all():
        what = "empty" if not mask.any() else "the whole image"
        raise UserError(f"the region to remove is {what}. Expected a part of the image.")
    filled = image.copy()
    filled[mask] = _replacement(image, mask, fill, np.random.default_rng(seed))
    return filled


def _replacement(
    image: np.ndarray, mask: np.ndarray, fill: Fill, rng: np.random.Generator
) -> np.ndarray:
    """The new pixels, in the order of `image[mask]`."""
    import cv2

    match fill:
        case "mean":
            return np.round(_rest(image, mask).mean(axis=0)).astype(np.uint8)
        case "blur":
            rows, columns = _sides(mask)
            sigma = max(1.0, BLUR_SHARE * min(rows, columns))
            return cv2.GaussianBlur(image, (0, 0), sigma)[mask]
        case "noise":
            rest = _rest(image, mask)
            return rest[rng.integers(len(rest), size=int(mask.sum()))]
        case "inpaint":
            hole = mask.astype(np.uint8)
            return cv2.inpaint(image, hole, INPAINT_RADIUS_PX, cv2.INPAINT_TELEA)[mask]
        case "transplant":
            from retia.counterfactuals.regions import random_regions

            seed = int(rng.integers(2**31))
            donors = random_regions(image, mask, 1, seed)
            if not donors:
                return _replacement(image, mask, "noise", rng)
            return image[donors[0]]


def _rest(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Pixels outside the mask, the black background left out where there is something else."""
    from retia.counterfactuals.regions import foreground

    outside = ~mask & foreground(image)
    return image[outside if outside.any() else ~mask]


def _sides(mask: np.ndarray) -> tuple[int, int]:
    """Height and width of the mask's bounding box, in pixels."""
    return int(np.ptp(np.nonzero(mask.any(axis=1))[0])) + 1, int(
        np.ptp(np.nonzero(mask.any(axis=0))[0])
    ) + 1
