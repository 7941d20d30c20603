"""How well a scan can be read, as one number with its reasons, and whether it may be staged.

In:  the pixels, and where known their scale and the vessel and FAZ masks.
Out: `Quality`: a score in [0, 1], a sentence for each thing that lowers it, and the verdict.

The limits are set so that real angiograms of several devices (superficial and deep) and grown
eyes pass, and noise, print, photographs and radiographs do not. No network takes part.
"""

from typing import NamedTuple

import cv2
import numpy as np

from retia.images.texture import Texture, brightest_line, coarse, count_jumps, measure_texture
from retia.records.explanation import Quality

USABLE = 0.5
"""A scan of a lower score is not staged."""
LOW_SIGNAL = 0.12
LOW_CONTRAST = 0.06
SATURATED = 0.05
LINE = 0.3
"""A row or column whose median differs by more of the mean brightness is a motion line."""
JUMP_GAIN = 0.2
"""Twice what neighbouring lines of eyes at rest reach; jumps of 6 px reach 0.3 to 0.7."""
JUMPS_HALVE = 6
"""So many jumps between lines halve the score."""
FIELD_MM = (2.0, 26.0)
"""Shorter side of the scan: below, the fovea and its surroundings do not fit."""
OFF_CENTRE_MM = 0.6
SMALLEST_FAZ_MM2 = 0.08
FAZ_DEPTH = 0.55
"""Of the darkest place in the FAZ over the median; above, it is a gap between capillaries."""
FAZ_BLUR_MM = 0.05

RIDGES = 0.05
PEAKEDNESS = 18.0
EVENNESS = 0.6
EMPTIEST = 0.1
SHAPES = (0.1, 0.87)
RIDGE_EXCESS = 1.15


class Check(NamedTuple):
    """One thing that was looked at."""

    share: float
    """Of what is expected; 1 or more is no complaint."""
    reason: str
    fatal: bool = False
    """Whether a complaint forbids to stage the scan, whatever the score."""


def scan_quality(
    pixels: np.ndarray,
    mm_per_px: float | None = None,
    vessels: np.ndarray | None = None,
    faz: np.ndarray | None = None,
) -> Quality:
    """Judge a scan.

    Args:
        pixels: uint8, shape `(H, W)`.
        mm_per_px: Scale; without it the field and the FAZ's size and place are not judged.
        vessels: Vessel mask, bool, same shape.
        faz: FAZ mask, bool, same shape; without it the FAZ is not judged.

    Returns:
        The score is the product of the shares that signal, contrast, saturation, texture, motion
        lines, field and FAZ reach of what is expected. The scan is usable when the score reaches
        `USABLE` and no complaint is one that makes a stage meaningless.
    """
    signal = float(pixels.mean()) / 255
    contrast = _contrast(pixels, vessels)
    white = float((pixels == 255).mean())
    checks = [
        Check(
            signal / LOW_SIGNAL,
            f"low signal (mean {signal:.2f}, expected {LOW_SIGNAL} or more)",
        ),
        Check(
            contrast / LOW_CONTRAST,
            f"low contrast ({contrast:.2f}, expected {LOW_CONTRAST} or more)",
        ),
        Check(SATURATED / max(white, 1e-6), f"{white:.0%} of the pixels are saturated"),
    ]
    field_mm = min(pixels.shape) * mm_per_px if mm_per_px is not None else FIELD_MM[0]
    checks.append(_field(field_mm))
    # A flat image has no texture, and a small one too little of it to be judged.
    if checks[-1].share >= 1 and int(pixels.max()) > int(pixels.min()):
        checks += _network(measure_texture(pixels, mm_per_px))
        checks += _motion(coarse(pixels, mm_per_px)[0])
    if faz is not None:
        checks += _fovea(pixels, faz, mm_per_px)
    bad = [check for check in checks if check.share < 1]
    score = float(np.prod([np.clip(check.share, 0, 1) for check in checks]))
    return Quality(
        score=round(score, 4),
        usable=score >= USABLE and not any(check.fatal for check in bad),
        signal=round(signal, 4),
        contrast=round(contrast, 4),
        reasons=tuple(check.reason for check in bad),
    )


def _contrast(pixels: np.ndarray, vessels: np.ndarray | None) -> float:
    """Brightness of vessels less that of the rest; without a mask, 90th less 10th percentile."""
    if vessels is not None and vessels.any() and not vessels.all():
        return float(pixels[vessels].mean() - pixels[~vessels].mean()) / 255
    low, high = np.percentile(pixels, [10, 90])
    return float(high - low) / 255


def _network(seen: Texture) -> list[Check]:
    """Whether there is a network of vessels; each picture that is none lacks at least one mark."""
    none = "no OCT angiogram"
    few = min(SHAPES[1] / max(seen.shapes, 1e-6), seen.ridges / RIDGES)
    patchy = min(
        seen.evenness / EVENNESS, seen.emptiest / EMPTIEST, PEAKEDNESS / max(seen.peakedness, 1e-6)
    )
    return [
        Check(few, f"{none}: fine bright lines make too little of the contrast", True),
        Check(patchy, f"{none}: what fine lines there are stand in few places", True),
        Check(
            seen.shapes / SHAPES[0],
            f"{none}: nothing is larger than a capillary loop, as in noise or print",
            True,
        ),
        Check(
            seen.ridge_excess / RIDGE_EXCESS,
            "few vessels can be told from noise (bright lines are as strong as dark ones)",
        ),
    ]


def _motion(image: np.ndarray) -> list[Check]:
    """Lines that stand out and jumps between lines, along rows and along columns."""
    checks = []
    for name, lines in (("row", image), ("column", np.ascontiguousarray(image.T))):
        line, jumps = brightest_line(lines), count_jumps(lines, JUMP_GAIN)
        checks += [
            Check(
                LINE / max(line, 1e-6),
                f"a motion line (one {name} differs by {line:.0%} from its neighbours)",
            ),
            Check(
                1 - jumps / (2 * JUMPS_HALVE) if jumps else 1.0,
                f"motion ({jumps} jump{'s' * (jumps > 1)} of the vessels between {name}s)",
            ),
        ]
    return checks


def _field(side_mm: float) -> Check:
    low, high = FIELD_MM
    reason = f"the field is {side_mm:.2g} mm wide, expected {low:g} to {high:g}"
    return Check(min(side_mm / low, high / side_mm), reason, fatal=True)


def _fovea(pixels: np.ndarray, faz: np.ndarray, mm_per_px: float | None) -> list[Check]:
    """Whether the mask is a foveal avascular zone, and whether it lies in the middle."""
    if not faz.any():
        return [Check(0.4, "no foveal avascular zone was found", True)]
    checks = []
    if faz[[0, -1]].any() or faz[:, [0, -1]].any():
        checks.append(Check(0.4, "the foveal avascular zone is cut off by the edge", True))
    scale = mm_per_px or 3 / max(pixels.shape)
    smooth = cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), FAZ_BLUR_MM / scale)
    depth = float(smooth[faz].min()) / max(float(np.median(smooth)), 1.0)
    checks.append(
        Check(
            FAZ_DEPTH / max(depth, 1e-6),
            f"no foveal avascular zone: the place like one has {depth:.0%} of the usual brightness",
            True,
        )
    )
    if mm_per_px is None:
        return checks
    area_mm2 = float(faz.sum()) * mm_per_px**2
    center = np.array([axis.mean() for axis in np.nonzero(faz)])
    away_mm = float(np.hypot(*(center - (np.array(faz.shape) - 1) / 2))) * mm_per_px
    return [
        *checks,
        Check(
            area_mm2 / SMALLEST_FAZ_MM2,
            f"no foveal avascular zone: the place like one has {area_mm2:.3f} mm², "
            f"expected {SMALLEST_FAZ_MM2} or more",
            True,
        ),
        Check(
            OFF_CENTRE_MM / max(away_mm, 1e-6),
            f"the fovea lies {away_mm:.2f} mm off the centre of the scan",
        ),
    ]
