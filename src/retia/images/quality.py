"""How far an image can be trusted, with reasons."""

from typing import Any

import numpy as np

DARK, FLAT, OFF_CENTRE = 0.08, 0.06, 0.25


def rate_quality(pixels: np.ndarray, faz: np.ndarray) -> dict[str, Any]:
    """Rate an image by its signal, contrast, motion lines and centring.

    Args:
        pixels: uint8, shape `(H, W)`.
        faz: bool, shape `(H, W)`.

    Returns:
        `score` in [0, 1] and `reasons`, a list of what lowers it.
    """
    image = pixels.astype(np.float32) / 255
    reasons = []
    if image.mean() < DARK:
        reasons.append(f"dark: mean brightness {image.mean():.2f}")
    if image.std() < FLAT:
        reasons.append(f"flat: contrast {image.std():.2f}")
    rows = image.mean(axis=1)
    jumps = np.abs(np.diff(rows))
    # A motion line is one row that differs from both neighbours far more than rows usually do.
    lines = int((np.minimum(jumps[1:], jumps[:-1]) > 8 * np.median(jumps) + 0.01).sum())
    if lines:
        reasons.append(f"{lines} motion lines")
    if not faz.any():
        reasons.append("no FAZ found")
    else:
        centre = np.argwhere(faz).mean(axis=0) / faz.shape
        off = float(np.abs(centre - 0.5).max())
        if off > OFF_CENTRE:
            reasons.append(f"off centre by {off:.0%} of the field")
    return {"score": round(max(0.0, 1 - 0.3 * len(reasons)), 2), "reasons": reasons}
