"""What the segmenter learns from: images with the structures that are known of them.

In:  a grown cohort; rendered pairs; real scans with masks.
Out: `Labelled`: an image at the standard scale, bit planes of truth, which planes are known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from retia.errors import UserError
from retia.images.distance import distance_px
from retia.segmentation.maps import FINE, LESIONS, MAPS
from retia.segmentation.scale import STANDARD_MM

LARGE_MM = 0.010
"""Radius from which a vessel is a large one: their share of the pixels is then that of the large
vessels which experts mark."""

CENTRAL_MM = 0.3
"""The fovea of a rendered eye lies this close to the middle of its image."""


@dataclass(frozen=True)
class Labelled:
    """One image with truth.

    Attributes:
        image: uint8 `(H, W)`.
        planes: uint16 `(H, W)`; bit `i` is the map `MAPS[i]`.
        known: Which maps are known, bool `(len(MAPS),)`.
        fine: Packed bits of vessels at four times the size, or None.
    """

    image: np.ndarray
    planes: np.ndarray
    known: np.ndarray
    fine: np.ndarray | None = None

    def shows(self, name: str) -> bool:
        """Whether any pixel of a map is set."""
        return bool(np.any((self.planes >> MAPS.index(name)) & 1))

    def fine_mask(self) -> np.ndarray | None:
        """Vessels at four times the size, bool `(4 H, 4 W)`."""
        if self.fine is None:
            return None
        height, width = (FINE * side for side in self.image.shape)
        return np.unpackbits(self.fine, axis=1, count=width).astype(bool)[:height]


def labelled(
    image: np.ndarray, maps: dict[str, np.ndarray], fine: np.ndarray | None = None
) -> Labelled:
    """Put an image and its masks together; maps that are not given are unknown."""
    planes = np.zeros(image.shape, np.uint16)
    for name, mask in maps.items():
        planes |= (mask.astype(np.uint16) << MAPS.index(name)).astype(np.uint16)
    known = np.array([name in maps for name in MAPS])
    packed = None if fine is None else np.packbits(fine, axis=1)
    return Labelled(image, planes, known, packed)


def grown_eyes(cohort: Path, splits: Sequence[str]) -> Iterator[Labelled]:
    """The eyes of a cohort, with every map known.

    Raises:
        UserError: If the folder is no cohort of `retia grow` at the standard scale.
    """
    from retia.images import read_image, read_mask
    from retia.records import read_cases

    for case in read_cases(cohort):
        if case.split not in splits:
            continue
        if case.mm_per_px is None or abs(case.mm_per_px / STANDARD_MM - 1) > 0.01:
            raise UserError(
                f"{cohort}: {case.id} has {case.mm_per_px} mm a pixel. Expected a cohort of "
                f"`retia grow` with {STANDARD_MM:.5f} (3 mm, 304 px)."
            )
        image = read_image(cohort / case.file_name).pixels
        maps = {
            "vessels": read_mask(cohort / "vessels" / f"{case.id}.png"),
            "faz": read_mask(cohort / "faz" / f"{case.id}.png"),
            "large_vessels": _large_vessels(cohort, case.id),
        }
        maps |= {kind: np.zeros(image.shape, bool) for kind in LESIONS}
        for finding in case.findings:
            if finding.kind in LESIONS and finding.mask is not None:
                maps[finding.kind] |= read_mask(cohort / finding.mask)
        yield labelled(image, maps)


def _large_vessels(cohort: Path, id: str) -> np.ndarray:
    from retia.synthesis.cohort.table import read_stored_eye
    from retia.synthesis.rasterizer import draw_mask
    from retia.synthesis.vessels import ARTERY, VEIN, selected

    eye = read_stored_eye(cohort, id)
    vessels, _ = eye.drawn()
    large = (vessels.radius_mm >= LARGE_MM) & np.isin(vessels.kind, (ARTERY, VEIN))
    none = np.zeros((0, 3))
    return draw_mask(selected(vessels, large), none, eye.image_px, eye.mm_per_px)


def rendered_pairs(folder: Path, hold_out: int, held_out: bool = False) -> Iterator[Labelled]:
    """Rendered images with exact vessels at four times their size, less every n-th pair.

    Args:
        folder: `images/<name>.png` and `labels/<name>.png`.
        hold_out: Every so many-th pair of the sorted names is left out.
        held_out: Give those that are left out instead.

    Raises:
        UserError: If a label is not four times as large as its image.
    """
    from retia.images import read_image, read_mask

    for number, path in enumerate(sorted((folder / "images").glob("*.png"))):
        if (number % hold_out == hold_out - 1) != held_out:
            continue
        image = read_image(path).pixels
        fine = read_mask(folder / "labels" / path.name)
        if fine.shape != tuple(FINE * side for side in image.shape):
            raise UserError(
                f"{folder}: label {path.name} is {fine.shape}, its image {image.shape}. Expected "
                f"labels {FINE} times as large."
            )
        vessels = one_pixel_wide(fine)
        maps = {"vessels": vessels, "faz": visible_zone(vessels, STANDARD_MM)}
        yield labelled(image, maps, fine)


def one_pixel_wide(fine: np.ndarray) -> np.ndarray:
    """Vessels of a fine mask as grown eyes show them: no capillary thinner than a pixel."""
    wide = cv2.dilate(fine.astype(np.uint8), np.ones((3, 3), np.uint8))
    height, width = (side // FINE for side in fine.shape)
    return wide.reshape(height, FINE, width, FINE).mean(axis=(1, 3)) >= 0.5


def visible_zone(vessels: np.ndarray, mm_per_px: float) -> np.ndarray:
    """The avascular zone of a whole vessel mask, see `retia.synthesis.faz_outline`."""
    from retia.synthesis.faz_outline import GAP_MM

    gap_px = GAP_MM / mm_per_px
    deep = distance_px(~vessels) > gap_px
    _, parts = cv2.connectedComponents(deep.astype(np.uint8), connectivity=4)
    parts = np.asarray(parts)
    middle = np.array(vessels.shape) / 2
    rows, columns = np.nonzero(parts)
    near = np.hypot(rows - middle[0], columns - middle[1]) * mm_per_px < CENTRAL_MM
    sizes = np.bincount(parts[rows[near], columns[near]], minlength=2)
    core = parts == max(1, int(sizes.argmax()))
    return (distance_px(~core) <= gap_px) & ~vessels


def real_scans(
    folder: Path, name: str, hold_out: int, mm_per_px: float, held_out: bool = False
) -> Iterator[Labelled]:
    """Real scans with one map that experts marked, less every n-th scan.

    Args:
        folder: `images/<name>.png` and `<map>/<name>.png`.
        name: The map, one of `MAPS`; it is also the name of the folder of masks.
        hold_out: Every so many-th scan of the sorted names is left out.
        mm_per_px: Scale of the scans that `metadata.jsonl` does not know, if there is one.
        held_out: Give those that are left out instead.
    """
    from retia.images import read_image, read_mask
    from retia.records import read_cases
    from retia.records.cohort import METADATA
    from retia.segmentation.scale import at_standard_scale

    known = read_cases(folder) if (folder / METADATA).is_file() else []
    scales = {case.id: case.mm_per_px or mm_per_px for case in known}

    for number, path in enumerate(sorted((folder / name).glob("*.png"))):
        if (number % hold_out == hold_out - 1) != held_out:
            continue
        scale = scales.get(path.stem, mm_per_px)
        image = at_standard_scale(read_image(folder / "images" / path.name).pixels, scale)
        mask = at_standard_scale(read_mask(path).astype(np.float32), scale) > 0.5
        yield labelled(image.clip(0, 255).astype(np.uint8), {name: mask})
