"""What was found, drawn over the image it was found in."""

from collections.abc import Sequence

import numpy as np

from retia.records import Finding

COLOURS: dict[str, tuple[int, int, int]] = {
    "capillary_dropout": (66, 165, 245),
    "microaneurysm": (255, 213, 79),
    "neovascularization": (239, 83, 80),
    "faz_enlargement": (102, 187, 106),
    "reduced_density": (66, 165, 245),
    "irma": (255, 138, 101),
    "tortuosity": (186, 104, 200),
}
"""Per kind of finding, an RGB colour that can be told apart on grey (also by the colour-blind)."""

OTHER = (224, 224, 224)


def to_rgb(image: np.ndarray, scale: int = 1) -> np.ndarray:
    """Grey `(H, W)` to RGB `(scale H, scale W, 3)`, both uint8."""
    grey = np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)
    return np.stack([grey] * 3, axis=-1)


def draw_findings(image: np.ndarray, findings: Sequence[Finding], scale: int = 2) -> np.ndarray:
    """Draw the box of each finding, in the colour of its kind, with its short name.

    Args:
        image: Grey, uint8, shape `(H, W)`.
        findings: Those without a box are left out.
        scale: Whole-number enlargement.

    Returns:
        RGB, uint8, shape `(scale H, scale W, 3)`.
    """
    import cv2

    canvas = to_rgb(image, scale)
    for finding in findings:
        if finding.box_px is None:
            continue
        colour = COLOURS.get(finding.kind, OTHER)
        x0, y0, x1, y1 = (round(v * scale) for v in finding.box_px)
        cv2.rectangle(canvas, (x0, y0), (x1 - 1, y1 - 1), colour, 1)
        if finding.kind == "microaneurysm":
            continue  # many and small: the colour alone names them (see the legend)
        label = finding.kind.replace("_", " ")
        y = y0 - 4 if y0 > 14 else y1 + 12
        place = (min(x0, max(0, canvas.shape[1] - 7 * len(label))), min(y, canvas.shape[0] - 3))
        for thickness, shade in ((3, (0, 0, 0)), (1, colour)):
            cv2.putText(
                canvas, label, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, shade, thickness, cv2.LINE_AA
            )
    return canvas


def draw_mask_edges(
    canvas: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int], scale: int = 1
) -> np.ndarray:
    """Draw the outline of a boolean mask `(H, W)` on a canvas enlarged by `scale`."""
    import cv2

    big = np.repeat(np.repeat(mask.astype(np.uint8), scale, axis=0), scale, axis=1)
    contours, _ = cv2.findContours(big, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    drawn = canvas.copy()
    cv2.drawContours(drawn, contours, -1, colour, 1, cv2.LINE_AA)
    return drawn


def draw_weights(image: np.ndarray, weights: np.ndarray, scale: int = 2) -> np.ndarray:
    """Tint each pixel by its signed weight: red speaks for the stage, blue against it.

    Args:
        image: Grey, uint8, shape `(H, W)`.
        weights: Signed, any unit, shape `(H, W)`; 0 leaves the pixel grey.
        scale: Whole-number enlargement.

    Returns:
        RGB, uint8, shape `(scale H, scale W, 3)`.
    """
    top = np.quantile(np.abs(weights[weights != 0]), 0.99) if np.any(weights) else 1.0
    strength = np.clip(weights / max(float(top), 1e-12), -1, 1)[..., None]
    base = to_rgb(image).astype(np.float32) * 0.75
    red, blue = np.array([255, 70, 50], np.float32), np.array([60, 130, 255], np.float32)
    colour = np.where(strength > 0, red, blue)
    opacity = 0.85 * np.abs(strength) ** 0.6
    mixed = np.round(base * (1 - opacity) + colour * opacity).astype(np.uint8)
    return np.repeat(np.repeat(mixed, scale, axis=0), scale, axis=1)
