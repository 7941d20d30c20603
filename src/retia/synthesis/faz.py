"""The foveal avascular zone (FAZ): the hole in the capillary bed around the fovea.

In:  a random generator and the size of the field.
Out: a star-shaped outline in millimetres, its area, its pixel mask.
"""

from dataclasses import dataclass

import numpy as np

HEALTHY_AREA_MM2 = (0.27, 0.08)
"""Mean and standard deviation of the FAZ area of healthy adults in 3x3 mm OCTA."""

_ANGLES = 360


@dataclass(frozen=True)
class Faz:
    """A star-shaped outline: one distance from the centre for every degree.

    Attributes:
        center_mm: ``(x, y)`` of the centre from the field's top-left corner.
        rim_mm: Distance centre to outline, shape ``(360,)``, for the directions
            ``0, 1, ... 359`` degrees counted from +x towards +y (down).
    """

    center_mm: np.ndarray
    rim_mm: np.ndarray

    @property
    def area_mm2(self) -> float:
        """Area inside the outline in square millimetres."""
        neighbours = self.rim_mm * np.roll(self.rim_mm, -1)
        return float(0.5 * np.sin(2 * np.pi / _ANGLES) * neighbours.sum())

    def scaled_to(self, area_mm2: float) -> "Faz":
        """The same outline, grown or shrunk to another area."""
        return Faz(self.center_mm, self.rim_mm * np.sqrt(area_mm2 / self.area_mm2))

    def rim_distance(self, points_mm: np.ndarray) -> np.ndarray:
        """How far points lie outside the outline, measured along the ray from the centre.

        Args:
            points_mm: ``(..., 2)`` as ``(x, y)``.

        Returns:
            ``(...)`` millimetres; negative inside.
        """
        dx, dy = np.moveaxis(points_mm - self.center_mm, -1, 0)
        degree = np.degrees(np.arctan2(dy, dx)) % 360.0
        rim = np.interp(degree, np.arange(_ANGLES + 1), np.append(self.rim_mm, self.rim_mm[0]))
        return np.hypot(dx, dy) - rim

    def mask(self, image_px: int, mm_per_px: float) -> np.ndarray:
        """Pixels whose centre lies inside the outline, bool ``(image_px, image_px)``."""
        return self.rim_distance(pixel_centers(image_px, mm_per_px)) < 0


def pixel_centers(image_px: int, mm_per_px: float) -> np.ndarray:
    """Position of every pixel centre, ``(image_px, image_px, 2)`` as ``(x, y)`` in mm."""
    axis = (np.arange(image_px) + 0.5) * mm_per_px
    return np.stack(np.meshgrid(axis, axis), axis=-1)


def wavy_rim(rng: np.random.Generator, strength: float, waves: int = 7) -> np.ndarray:
    """A closed outline of mean radius about 1 with random low harmonics.

    Args:
        rng: Source of the shape.
        strength: Size of the bumps; 0 is a circle, 0.3 clearly lobed.
        waves: Number of harmonics; the k-th has an amplitude of ``strength / k``.

    Returns:
        Radius for each degree, shape ``(360,)``, never below 0.35.
    """
    angle = np.radians(np.arange(_ANGLES))
    order = np.arange(2, waves + 2)[:, None]
    amplitude = strength / order * rng.normal(size=order.shape)
    phase = rng.uniform(0, 2 * np.pi, size=order.shape)
    return np.maximum(0.35, 1 + (amplitude * np.cos(order * angle + phase)).sum(axis=0))


def draw_faz(
    rng: np.random.Generator,
    field_mm: float = 3.0,
    shift_mm: float = 0.0,
    area_mm2: tuple[float, float] = HEALTHY_AREA_MM2,
) -> Faz:
    """A healthy FAZ: irregular, slightly off-centre.

    Args:
        rng: Source of size, shape and position.
        field_mm: Side of the square field; the fovea lies near its middle.
        shift_mm: How far from there it may lie, in a direction drawn at random.
        area_mm2: Mean and standard deviation of its area.

    Returns:
        The outline.
    """
    mean, sd = area_mm2
    area = float(np.clip(rng.normal(mean, sd), mean - 1.9 * sd, mean + 1.9 * sd))
    center = field_mm / 2 + rng.normal(0, 0.045, size=2).clip(-0.12, 0.12)
    rim = wavy_rim(rng, strength=0.16)
    angle, reach = rng.uniform(0, 2 * np.pi), shift_mm * np.sqrt(rng.random())
    center = center + reach * np.array([np.cos(angle), np.sin(angle)])
    return Faz(center, rim).scaled_to(area)
