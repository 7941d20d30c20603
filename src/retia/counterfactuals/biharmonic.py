"""Fill a hole by the smoothest surface that continues what is around it in value and in slope.

In:  an image and a mask of what shall go.
Out: the new pixels.
"""

import numpy as np

MOST_UNKNOWN_PX = 2500
"""Larger holes are solved on a coarser grid: the time grows faster than the area."""
MARGIN_PX = 8
"""How much around the hole takes part; the surface depends on no more than its rim."""


def biharmonic(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Solve the biharmonic equation inside the mask, with the image around it as the border.

    Damelin and Hoang 2018, "On surface completion and image inpainting by biharmonic functions",
    as scikit-image does it. The hole is cut out with a margin; one of more than `MOST_UNKNOWN_PX`
    is solved on a coarser grid and enlarged, which changes little as the surface is smooth.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
        mask: The hole; bool, shape `(H, W)`.

    Returns:
        uint8, in the order of `image[mask]`.
    """
    import cv2
    from skimage.restoration import inpaint_biharmonic

    rows, columns = np.nonzero(mask)
    window = (
        slice(max(0, rows.min() - MARGIN_PX), rows.max() + 1 + MARGIN_PX),
        slice(max(0, columns.min() - MARGIN_PX), columns.max() + 1 + MARGIN_PX),
    )
    piece, hole = image[window], mask[window]
    height, width = hole.shape
    shrink = max(1.0, np.sqrt(hole.sum() / MOST_UNKNOWN_PX))
    if shrink > 1:
        size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
        # What is known alone makes the small picture: the hole must not leak into its rim.
        known = (~hole).astype(np.float32)
        weight = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
        shown = piece * (known if piece.ndim == 2 else known[..., None])
        small = cv2.resize(shown.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        small_hole = weight < 0.5
        if small_hole.all():
            small_hole = weight < weight.max()
        small /= np.maximum(weight if piece.ndim == 2 else weight[..., None], 1e-6)
    else:
        small, small_hole = piece.astype(np.float32), hole
    # On a scale of 0 to 1, as the solver clips there.
    channel_axis = None if piece.ndim == 2 else -1
    found = inpaint_biharmonic(
        np.clip(small / 255, 0, 1), small_hole, split_into_regions=True, channel_axis=channel_axis
    )
    filled = np.asarray(found, np.float32) * 255
    if shrink > 1:
        filled = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(np.round(filled[hole]), 0, 255).astype(np.uint8)
