"""Is a frame taken inside the body? Frames from outside can show people and rooms.

In:  RGB pixels.
Out: the share of lit pixels with the colour of tissue, and whether that is enough.

Inside, the lit part of a frame is red to yellow: haemoglobin takes the green and the blue out of
the light. Rooms, drapes, screens and skin under room light are paler, or of other hues. It is a
rule on colours, not a network: it errs towards dropping.
"""

import numpy as np

LIT = 40
"""Brightest channel of a pixel that the lamp reaches; the border around the round picture is
darker."""
LIT_SHARE = 0.02
"""A frame with less light than this shows nothing."""
SATURATION = 0.25
"""Least share of colour in a tissue pixel: (largest - smallest channel) / largest."""
TISSUE_SHARE = 0.25
"""Least share of the lit pixels that must look like tissue. Of the 1,008 labelled frames of
CholecT50, 15 have less: the camera is inside a trocar, or behind smoke."""


def tissue_share(pixels: np.ndarray) -> float:
    """Share of the lit pixels that are coloured like tissue, 0 to 1.

    Args:
        pixels: uint8, shape `(H, W, 3)`.

    Returns:
        0 for a frame without light.
    """
    # Every fourth pixel is enough for a share.
    red, green, blue = np.moveaxis(pixels[::4, ::4].astype(np.float32), -1, 0)
    high, low = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    lit = high > LIT
    if lit.mean() < LIT_SHARE:
        return 0.0
    # Red is the strongest; in fat, green comes near it and blue stays away.
    warm = (red >= high) & (high - low >= SATURATION * high)
    return float((warm & lit).sum() / lit.sum())


def in_body(pixels: np.ndarray) -> bool:
    """Whether a frame looks as if it was taken inside the body."""
    return tissue_share(pixels) >= TISSUE_SHARE
