"""How well a scan can be read, as one number with its reasons.

In:  the pixels, and where known the vessel and FAZ masks.
Out: `Quality`: a score in [0, 1] and a sentence for each thing that lowers it.
"""

from dataclasses import dataclass

import numpy as np

LOW_SIGNAL = 0.12
LOW_CONTRAST = 0.06
SATURATED = 0.05
STRIPE = 0.15
OFF_CENTRE_MM = 0.6


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Quality of one scan."""

    score: float
    """1 for a scan without complaint; every reason lowers it."""
    signal: float
    """Mean brightness in [0, 1]."""
    contrast: float
    """Brightness of vessels less that of the rest; without a mask, 90th less 10th percentile."""
    reasons: tuple[str, ...] = ()


def scan_quality(
    pixels: np.ndarray,
    mm_per_px: float | None = None,
    vessels: np.ndarray | None = None,
    faz: np.ndarray | None = None,
) -> Quality:
    """Judge a scan.

    Args:
        pixels: uint8, shape `(H, W)`.
        mm_per_px: Scale; without it the FAZ's place is not judged.
        vessels: Vessel mask, bool, same shape.
        faz: FAZ mask, bool, same shape.

    Returns:
        The score is the product of the shares that signal, contrast, saturation, stripes and
        centring reach of what is expected.
    """
    image = pixels.astype(np.float32) / 255
    signal = float(image.mean())
    if vessels is not None and vessels.any() and not vessels.all():
        contrast = float(image[vessels].mean() - image[~vessels].mean())
    else:
        low, high = np.percentile(image, [10, 90])
        contrast = float(high - low)
    white = float((pixels == 255).mean())
    rows = image.mean(axis=1)
    stripe = float(np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).max()) / max(signal, 1e-3)
    checks = [
        (signal / LOW_SIGNAL, f"low signal (mean {signal:.2f}, expected {LOW_SIGNAL} or more)"),
        (
            contrast / LOW_CONTRAST,
            f"low contrast ({contrast:.2f}, expected {LOW_CONTRAST} or more)",
        ),
        (SATURATED / max(white, 1e-6), f"{white:.0%} of the pixels are saturated"),
        (
            STRIPE / max(stripe, 1e-6),
            f"a motion line (row differs by {stripe:.0%} from its neighbours)",
        ),
        *_centring(faz, mm_per_px),
    ]
    score = float(np.prod([np.clip(share, 0, 1) for share, _ in checks]))
    return Quality(
        score=round(score, 4),
        signal=round(signal, 4),
        contrast=round(contrast, 4),
        reasons=tuple(reason for share, reason in checks if share < 1),
    )


def _centring(faz: np.ndarray | None, mm_per_px: float | None) -> list[tuple[float, str]]:
    if faz is None:
        return []
    if not faz.any():
        return [(0.7, "no foveal avascular zone was found")]
    if mm_per_px is None:
        return []
    center = np.array([axis.mean() for axis in np.nonzero(faz)])
    away_mm = float(np.hypot(*(center - (np.array(faz.shape) - 1) / 2))) * mm_per_px
    return [
        (
            OFF_CENTRE_MM / max(away_mm, 1e-6),
            f"the fovea lies {away_mm:.2f} mm off the centre of the scan",
        )
    ]
