"""Ways to remove a region from an image.

In:  an image and a mask of what shall go.
Out: the image without it; every pixel outside the mask stays as it was.

No fill is neutral: a plain one looks like something missing, which in OCTA is a finding of its
own. So there are several, and a region is always compared with random ones filled alike.
"""

from typing import Literal, get_args

import numpy as np

from retia.counterfactuals.biharmonic import biharmonic
from retia.counterfactuals.matched import matched_places
from retia.counterfactuals.regions import foreground
from retia.errors import UserError

Fill = Literal["mean", "blur", "noise", "inpaint", "biharmonic", "transplant"]
"""The mean of the rest; a strong blur; pixels drawn from the rest; Telea's inpainting; the
smoothest surface over the hole; tissue copied from another place of the same image."""
FILLS: tuple[Fill, ...] = get_args(Fill)

INPAINT_RADIUS_PX = 3
BLUR_SHARE = 0.25
"""Standard deviation of the blur, as a share of the thickness of the region's thickest part."""


def remove(
    image: np.ndarray,
    mask: np.ndarray,
    fill: Fill,
    seed: int = 0,
    shown: np.ndarray | None = None,
) -> np.ndarray:
    """Return the image with the masked region filled.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        mask: True where the image shall be replaced; bool, shape `(H, W)`.
        fill: How. `inpaint` is Telea (2004), "An image inpainting technique based on the fast
            marching method". `transplant` falls back on `noise` where no place is left to copy
            from.
        seed: Of `noise` and `transplant`; the same seed gives the same pixels.
        shown: The foreground of the image where it is known already; bool, shape `(H, W)`.

    Raises:
        UserError: If the mask has another shape, is empty or covers the whole image.
    """
    if mask.shape != image.shape[:2]:
        raise UserError(f"the mask has shape {mask.shape}, but the image {image.shape[:2]}.")
    if not mask.any() or mask.all():
        what = "empty" if not mask.any() else "the whole image"
        raise UserError(f"the region to remove is {what}. Expected a part of the image.")
    filled = image.copy()
    filled[mask] = _replacement(image, mask, fill, np.random.default_rng(seed), shown)
    return filled


def keep_only(image: np.ndarray, mask: np.ndarray, shown: np.ndarray | None = None) -> np.ndarray:
    """Return the image with nothing but the masked region; the rest has the mean of what it shows.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        mask: What stays; bool, shape `(H, W)`.
        shown: The foreground of the image where it is known already.
    """
    # Of the whole image, not of the rest: all kept regions stand on the same ground.
    seen = foreground(image) if shown is None else shown
    kept = np.empty_like(image)
    kept[...] = np.round(image[seen if seen.any() else np.ones_like(seen)].mean(axis=0))
    kept[mask] = image[mask]
    return kept


def add_noise(image: np.ndarray, seed: int) -> np.ndarray:
    """Return the image with every value one grey level up, down or as it was: nobody sees it.

    Args:
        image: uint8, any shape.
        seed: Same seed, same noise.
    """
    change = np.random.default_rng(seed).integers(-1, 2, image.shape, dtype=np.int16)
    return np.clip(image + change, 0, 255).astype(np.uint8)


def _replacement(
    image: np.ndarray,
    mask: np.ndarray,
    fill: Fill,
    rng: np.random.Generator,
    shown: np.ndarray | None,
) -> np.ndarray:
    """The new pixels, in the order of `image[mask]`."""
    import cv2

    match fill:
        case "mean":
            return np.round(_rest(image, mask, shown).mean(axis=0)).astype(np.uint8)
        case "blur":
            return _blurred(image, mask)
        case "noise":
            rest = _rest(image, mask, shown)
            return rest[rng.integers(len(rest), size=int(mask.sum()))]
        case "inpaint":
            hole = mask.astype(np.uint8)
            return cv2.inpaint(image, hole, INPAINT_RADIUS_PX, cv2.INPAINT_TELEA)[mask]
        case "biharmonic":
            return biharmonic(image, mask)
        case "transplant":
            seed = int(rng.integers(2**31))
            donors = matched_places(image, mask, 1, seed, shown)
            if not donors:
                return _replacement(image, mask, "noise", rng, shown)
            return image[tuple(donors[0].T)]


def _rest(image: np.ndarray, mask: np.ndarray, shown: np.ndarray | None) -> np.ndarray:
    """Pixels outside the mask, the black background left out where there is something else."""
    outside = ~mask & (foreground(image) if shown is None else shown)
    return image[outside if outside.any() else ~mask]


def _blurred(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The masked pixels of the blurred image; of the rest no more is blurred than they need."""
    import cv2

    # Of a rectangle twice the depth is the shorter side; of many small parts that of the thickest.
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5).max()
    sigma = max(1.0, BLUR_SHARE * 2 * float(depth))
    margin = int(np.ceil(4 * sigma))
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    window = (
        slice(max(0, rows[0] - margin), rows[-1] + 1 + margin),
        slice(max(0, columns[0] - margin), columns[-1] + 1 + margin),
    )
    return cv2.GaussianBlur(image[window], (0, 0), sigma)[mask[window]]
