"""Agreement of a found mask with the true one: area (Dice), tree (clDice), size (area error)."""

import numpy as np


def dice(found: np.ndarray, truth: np.ndarray) -> float:
    """Dice coefficient, `2 |A ∩ B| / (|A| + |B|)`.

    Args:
        found: bool, shape `(H, W)`.
        truth: bool, shape `(H, W)`.

    Returns:
        In [0, 1]; 1 when both are empty.

    Raises:
        ValueError: If the shapes differ.
    """
    found, truth = _masks(found, truth)
    total = int(found.sum()) + int(truth.sum())
    return 2 * int((found & truth).sum()) / total if total else 1.0


def cl_dice(found: np.ndarray, truth: np.ndarray) -> float:
    """Centre-line Dice: how much of each tree's centre line runs inside the other tree.

    The harmonic mean of the share of the found skeleton inside the truth and the share of the true
    skeleton inside what was found (Shit et al., CVPR 2021). Widths hardly count, gaps do.

    Args:
        found: bool, shape `(H, W)`.
        truth: bool, shape `(H, W)`.

    Returns:
        In [0, 1]; 1 when both are empty, 0 when one is.

    Raises:
        ValueError: If the shapes differ.
    """
    from skimage.morphology import skeletonize

    found, truth = _masks(found, truth)
    if not found.any() or not truth.any():
        return float(found.any() == truth.any())
    precision = float(truth[skeletonize(found)].mean())
    recall = float(found[skeletonize(truth)].mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def area_error(found: np.ndarray, truth: np.ndarray) -> float:
    """Area found over the true area, less 1: 0.1 is a tenth too much, -1 is nothing found.

    Args:
        found: bool, shape `(H, W)`.
        truth: bool, shape `(H, W)`, not empty.

    Raises:
        ValueError: If the shapes differ or the truth is empty.
    """
    found, truth = _masks(found, truth)
    if not truth.any():
        raise ValueError("the true mask is empty: no area to compare with")
    return int(found.sum()) / int(truth.sum()) - 1


def _masks(found: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if found.shape != truth.shape:
        raise ValueError(f"masks of shapes {found.shape} and {truth.shape} cannot be compared")
    return _clean(found), _clean(truth)


def _clean(mask: np.ndarray) -> np.ndarray:
    # Arrays read from 1-bit files hold bytes of 255 behind a bool type, which sums and compiled
    # code take for numbers.
    return mask.view(np.uint8) != 0 if mask.dtype == bool else mask != 0
