"""How far each pixel is from the nearest one outside of a mask, the same bits every time."""

import cv2
import numpy as np


def distance_px(mask: np.ndarray) -> np.ndarray:
    """Exact Euclidean distances (Felzenszwalb and Huttenlocher 2012).

    Args:
        mask: Bool `(H, W)`.

    Returns:
        float32 `(H, W)`, in px; 0 outside of the mask. OpenCV's last bit differs from call to call;
        squares of distances between pixels are whole numbers, so it can be put right.
    """
    near = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    squared = np.rint(np.asarray(near, np.float64) ** 2)
    return np.sqrt(squared).astype(np.float32)
