"""Random views of labelled images: turned, mirrored, stretched, and as other devices show them.

In:  `Labelled` and a random generator.
Out: a crop of the normalised image with its maps.
"""

import cv2
import numpy as np

from retia.segmentation.maps import FINE, MAPS
from retia.segmentation.scale import normalised
from retia.segmentation.training.samples import Labelled

STRETCH = 0.25
"""Scales vary by up to exp(± this)."""
NOTHING = 0.04
"""Share of crops that show noise alone, in which nothing is to be found."""


def draw_crop(
    rng: np.random.Generator, sample: Labelled, crop_px: int, as_is: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Draw one view.

    Args:
        rng: Decides everything.
        sample: The image with its truth.
        crop_px: Side of the crop.
        as_is: Share of views whose pixels are those of the image, turned by right angles and
            mirrored at most: thin vessels survive no resampling.

    Returns:
        Scan float32 `(S, S)`, normalised; maps uint8 `(len(MAPS), S, S)`; fine vessels uint8
        `(4 S, 4 S)` or None.
    """
    if rng.random() < NOTHING:
        empty = np.zeros((len(MAPS), crop_px, crop_px), np.uint8)
        fine = None if sample.fine is None else np.zeros((FINE * crop_px,) * 2, np.uint8)
        return normalised(_nothing(rng, crop_px)), empty, fine
    untouched = as_is > 0 and rng.random() < as_is
    place = _place(rng, sample.image.shape, crop_px, untouched)
    image = _warped(sample.image.astype(np.float32), place, crop_px, cv2.INTER_LINEAR)
    # Bit planes survive only when no two pixels are mixed.
    planes = _warped(sample.planes, place, crop_px, cv2.INTER_NEAREST)
    maps = np.stack([(planes >> i) & 1 for i in range(len(MAPS))]).astype(np.uint8)
    fine = sample.fine_mask()
    if fine is not None:
        fine = _warped(fine.astype(np.uint8), _finer(place), FINE * crop_px, cv2.INTER_NEAREST)
    return normalised(image if untouched else _seen_otherwise(rng, image)), maps, fine


def _place(
    rng: np.random.Generator, shape: tuple[int, ...], crop_px: int, untouched: bool
) -> np.ndarray:
    """Affine matrix `(2, 3)` from crop to image: which part, turned how, how large."""
    angle, scale = rng.uniform(0, 2 * np.pi), np.exp(rng.uniform(-STRETCH, STRETCH))
    if untouched:
        angle, scale = np.pi / 2 * int(angle / (np.pi / 2)), 1.0
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn * np.array([rng.choice([-1.0, 1.0]), 1.0])
    height, width = shape[:2]
    room = 0.5 * np.maximum(0, np.array([width, height]) - crop_px * min(scale, 1.0))
    middle = np.array([width, height]) / 2 + rng.uniform(-1, 1, 2) * room
    if untouched:
        turn, middle = turn.round(), middle.round()  # pixel centres fall on pixel centres
    half = np.array([(crop_px - 1) / 2, (crop_px - 1) / 2])
    return np.column_stack([turn, middle - 0.5 - turn @ half])


def _finer(place: np.ndarray) -> np.ndarray:
    """The same place on grids that are `FINE` times finer, pixel centre to pixel centre."""
    turn, shift = place[:, :2], place[:, 2]
    # centre of fine pixel u lies at (u + .5) / FINE - .5 of the coarse grid
    offset = 0.5 / FINE - 0.5
    moved = FINE * (turn @ np.full(2, offset) + shift + 0.5) - 0.5
    return np.column_stack([turn, moved])


def _warped(image: np.ndarray, place: np.ndarray, size: int, method: int) -> np.ndarray:
    return cv2.warpAffine(
        image,
        place,
        (size, size),
        flags=method | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )


def _seen_otherwise(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Another device, another day: blur, shading, noise, lines, contrast; float32."""
    size = image.shape
    if rng.random() < 0.4:  # a coarser grid, as in a 6 mm scan
        shrink = rng.uniform(0.45, 0.95)
        small = (max(16, int(size[1] * shrink)), max(16, int(size[0] * shrink)))
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        image = cv2.resize(image, size[::-1], interpolation=cv2.INTER_CUBIC)
    elif rng.random() < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.2))
    if rng.random() < 0.5:  # uneven illumination
        coarse = rng.normal(0, 1, (4, 4)).astype(np.float32)
        field = cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)
        image = image * np.exp(rng.uniform(0.05, 0.35) * field)
    if rng.random() < 0.2:  # motion: a few rows are moved sideways or change their brightness
        row, rows = int(rng.integers(size[0])), int(rng.integers(1, 5))
        image = image.copy()
        image[row : row + rows] *= rng.uniform(0.5, 1.6)
        image[row:] = np.roll(image[row:], int(rng.integers(-3, 4)), axis=1)
    image = np.clip(image, 0, None)
    if rng.random() < 0.6:
        image = 255 * (np.clip(image, 0, 255) / 255) ** rng.uniform(0.6, 1.7)
    if rng.random() < 0.5:
        image = image + rng.normal(0, rng.uniform(2, 16), size)
    if rng.random() < 0.3:
        image = image * rng.normal(1, rng.uniform(0.05, 0.25), size)
    if rng.random() < 0.5:  # where nothing flows, other devices still show a texture
        grain = _grain(rng, size, rng.uniform(0.4, 1.3)) * rng.uniform(8, 55)
        image = np.maximum(image, grain) if rng.random() < 0.5 else image + 0.6 * grain
    floor = rng.uniform(0, 40) if rng.random() < 0.3 else 0.0
    return np.clip(image * rng.uniform(0.6, 1.3) + floor, 0, 255).astype(np.float32)


def _grain(rng: np.random.Generator, size: tuple[int, ...], blur_px: float) -> np.ndarray:
    """Non-negative noise of mean about 1 and a grain of some pixels, float32."""
    grain = cv2.GaussianBlur(rng.normal(0, 1, size).astype(np.float32), (0, 0), blur_px)
    return np.abs(grain) / max(float(np.abs(grain).mean()), 1e-6)


def _nothing(rng: np.random.Generator, size_px: int) -> np.ndarray:
    """A picture without any structure: one grey value, or noise of some grain; float32."""
    image = np.full((size_px, size_px), rng.uniform(0, 255), np.float32)
    if rng.random() < 0.8:
        image = image + rng.uniform(1, 40) * rng.normal(0, 1, image.shape)
    if rng.random() < 0.5:
        image = image + rng.uniform(2, 60) * _grain(rng, image.shape, rng.uniform(0.4, 3.0))
    return np.clip(image, 0, 255).astype(np.float32)
