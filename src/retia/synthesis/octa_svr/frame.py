"""The part of a field that is shown: OCTA-SVR pans its view and crops it to a square.

In:  side of the field in px, the largest pan, a random generator.
Out: `Frame`, which crops images and turns positions into its own units.
"""

from dataclasses import dataclass

import numpy as np

from retia.errors import UserError


@dataclass(frozen=True)
class Frame:
    """A square of whole pixels inside the field.

    Attributes:
        top_px: First row of the field that is shown.
        left_px: First column.
        side_px: Rows and columns shown.
        mm_per_px: Scale.
    """

    top_px: int
    left_px: int
    side_px: int
    mm_per_px: float

    @property
    def side_mm(self) -> float:
        """Side of the frame."""
        return self.side_px * self.mm_per_px

    @property
    def box_px(self) -> list[int]:
        """``[x0, y0, x1, y1]`` in the field, half-open."""
        left, top = self.left_px, self.top_px
        return [left, top, left + self.side_px, top + self.side_px]

    def crop(self, image: np.ndarray) -> np.ndarray:
        """What an image of the whole field, ``(H, W, ...)``, shows in the frame."""
        rows = slice(self.top_px, self.top_px + self.side_px)
        return image[rows, self.left_px : self.left_px + self.side_px]

    def unit(self, point_mm: np.ndarray) -> list[float]:
        """A point ``(x right, y down)`` of the field as ``[down, right]``, 0 to 1 in the frame."""
        right, down = np.asarray(point_mm) / self.mm_per_px
        return [
            float((down - self.top_px) / self.side_px),
            float((right - self.left_px) / self.side_px),
        ]

    def middle(self, mask: np.ndarray) -> list[float]:
        """Middle of the pixels of a cropped mask as ``[down, right]``, 0 to 1."""
        rows, columns = np.nonzero(mask)
        return [(float(axis.mean()) + 0.5) / self.side_px for axis in (rows, columns)]

    def radius(self, mask: np.ndarray) -> float:
        """Radius of a disc as large as a cropped mask, in sides of the frame."""
        return float(np.sqrt(mask.sum() / np.pi) / self.side_px)


def check_pan(pan: float) -> None:
    """Refuse a pan after which next to nothing of the field would be shown.

    Raises:
        UserError: If it is not between 0 and 0.25.
    """
    if not 0 <= pan <= 0.25:
        raise UserError(f"pan is {pan}. Expected 0 (the whole field) to 0.25 of the frame's side.")


def draw_frame(rng: np.random.Generator, image_px: int, mm_per_px: float, pan: float) -> Frame:
    """Pan by up to ``pan`` sides of the frame, evenly over a disc; all frames are of one size.

    Args:
        rng: Decides direction and distance.
        image_px: Side of the field.
        mm_per_px: Scale.
        pan: Largest pan; 0 shows the whole field.
    """
    side = int(image_px / (1 + 2 * pan))
    angle, reach = rng.uniform(0, 2 * np.pi), pan * np.sqrt(rng.random())
    room = image_px - side
    shift = reach * side * np.array([np.sin(angle), np.cos(angle)])
    top, left = np.clip(np.round(room / 2 - shift), 0, room).astype(int)
    return Frame(int(top), int(left), side, mm_per_px)
