"""Draw the pictures of `docs/gallery.md` (about two CPU minutes): `python docs/make_gallery.py`.

Everything shown is grown and drawn here, from fixed seeds.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from PIL import Image

from retia.figures import contact_sheet, to_rgb
from retia.synthesis.appearance import Appearance, render
from retia.synthesis.disease import Disease, draw_disease
from retia.synthesis.eye import Eye, make_eye, texture_of
from retia.synthesis.growth import GrowthConfig

FOLDER = Path(__file__).with_name("pictures") / "gallery"
QUALITY = 72
TILE_PX = 224
SEED = 22

STAGES = (
    ("healthy", None),
    ("npdr", "mild"),
    ("npdr", "moderate"),
    ("npdr", "severe"),
    ("pdr", None),
)
GRADES = (0.2, 0.5, 0.8, 1.0)
REGION = ((0.42, 0.75),)
"""Dropout that new vessels and IRMA need."""

LESIONS: dict[str, Callable[[float], Disease]] = {
    "capillary_dropout": lambda g: Disease(dropout=((0.45, g),)),
    "microaneurysm": lambda g: Disease(dropout=((0.4, 0.3),), microaneurysms=round(2 + 12 * g)),
    "neovascularization": lambda g: Disease(dropout=REGION, tufts=(0.24 + 0.36 * g,)),
    "irma": lambda g: Disease(dropout=REGION, irma=(g, g)),
    "tortuosity": lambda g: Disease(tortuosity=(g, g, g)),
    "dilation": lambda g: Disease(calibre=(("dilation", g),)),
    "beading": lambda g: Disease(calibre=(("beading", g),)),
    "narrowing": lambda g: Disease(calibre=(("narrowing", g),)),
    "faz_enlargement": lambda g: Disease(faz_area_mm2=0.4 + 0.5 * g),
    "faz_irregularity": lambda g: Disease(faz_irregularity=g),
}
"""Name of a row, and the disease with that lesion at a grade."""

WINDOW_PX = 208
"""Part of a field of 304 px that a tile of a lesion shows: about 2 mm."""
NEAR = ("microaneurysm", "irma", "tortuosity", "dilation", "beading", "narrowing")
"""Rows that show half as much, twice as large."""


def main() -> None:
    """Draw every sheet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for draw in (stages, lesions, appearances, fields, sizes):
        tiles, captions, columns = draw()
        sheet = contact_sheet(tiles, captions, columns)
        Image.fromarray(sheet).save(FOLDER / f"{draw.__name__}.jpg", quality=QUALITY)


Sheet = tuple[Sequence[np.ndarray], Sequence[str], int]


def stages() -> Sheet:
    """Four eyes of every stage, as a cohort draws them."""
    tiles, captions = [], []
    for row, (stage, grade) in enumerate(STAGES):
        for column in range(4):
            seed = 100 * row + column
            disease = draw_disease(np.random.default_rng(seed), stage, grade)
            tiles.append(_small(make_eye(seed, disease).image()))
            captions.append(f"{stage} {grade or ''}")
    return tiles, captions, 4


def lesions() -> Sheet:
    """Every kind of lesion on one eye: without it, then at four grades."""
    tiles, captions = [], []
    for name, disease in LESIONS.items():
        eyes = [make_eye(SEED, disease(grade)) for grade in GRADES]
        kind = "calibre_change" if disease(1.0).calibre else name
        numbers = [_of(eye, kind) for eye in eyes]
        side = WINDOW_PX // 2 if name in NEAR else WINDOW_PX
        corner = _window(eyes[-1], numbers[-1], side)
        tiles.append(_cut(eyes[-1].image(without=numbers[-1]), corner, side))
        captions.append(f"without {name}")
        for grade, eye, own in zip(GRADES, eyes, numbers, strict=True):
            tiles.append(_cut(eye.image(), corner, side))
            captions.append(f"{grade}: {_measured(eye, own)}")
    return tiles, captions, 1 + len(GRADES)


def appearances() -> Sheet:
    """One eye, drawn in every way that comes with the package."""
    eye = _ill()
    names = get_args(Appearance)
    tiles = [replace(eye, appearance=name).image() for name in names]
    return tiles, names, 3


def fields() -> Sheet:
    """Sides, fields, foveas and avascular zones."""
    wide = GrowthConfig(field_mm=6.0)
    shown = {
        "3 mm, OD": make_eye(SEED, Disease(), tilt_rad=0.2),
        "3 mm, OS": make_eye(SEED + 3, Disease(), tilt_rad=-0.2),
        "fovea off-centre": make_eye(SEED + 4, Disease(), fovea_shift_mm=0.6),
    }
    areas = {n: make_eye(n, Disease()) for n in range(30, 42)}
    order = sorted(areas.values(), key=lambda eye: eye.faz.area_mm2)
    for eye in (order[0], order[-1]):
        shown[f"FAZ of {eye.faz.area_mm2:.2f} mm2"] = eye
    shown["6 mm, 608 px"] = make_eye(SEED, Disease(), wide, image_px=608)
    return [_small(eye.image()) for eye in shown.values()], list(shown), 3


def sizes() -> Sheet:
    """The same 0.75 mm of one eye in images of three sizes, plain and as a scan."""
    eye = _ill()
    vessels, blobs = eye.drawn()
    tiles, captions = [], []
    for appearance in ("plain", "learned"):
        for image_px in (304, 608, 1216):
            scale = 3.0 / image_px
            texture = texture_of(SEED, image_px, scale)
            image = render(vessels, blobs, texture, image_px, scale, appearance)
            part = image[image_px // 4 : image_px // 2, image_px // 2 : 3 * image_px // 4]
            large = cv2.resize(part, (304, 304), interpolation=cv2.INTER_NEAREST)
            tiles.append(large)
            captions.append(f"{appearance}, {image_px} px")
    return tiles, captions, 3


def _ill() -> Eye:
    disease = Disease(dropout=((0.42, 0.8), (0.3, 0.4)), tufts=(0.4,), microaneurysms=6)
    return make_eye(SEED, disease)


def _of(eye: Eye, kind: str) -> list[int]:
    return [n for n, lesion in enumerate(eye.lesions) if lesion.kind == kind]


def _window(eye: Eye, numbers: Sequence[int], side_px: int) -> tuple[int, int]:
    """Top left corner of the window that shows most of some lesions."""
    mask = np.zeros((eye.image_px, eye.image_px), np.float32)
    for n in numbers:
        mask += eye.lesions[n].mask
    shown = cv2.boxFilter(mask, -1, (side_px, side_px), normalize=False)
    middle = np.array(np.nonzero(shown >= shown.max() - 0.5)).mean(axis=1)
    top, left = np.clip(middle - side_px / 2, 0, eye.image_px - side_px).astype(int)
    return int(top), int(left)


def _cut(image: np.ndarray, corner: tuple[int, int], side_px: int) -> np.ndarray:
    part = image[corner[0] : corner[0] + side_px, corner[1] : corner[1] + side_px]
    return cv2.resize(part, (WINDOW_PX, WINDOW_PX), interpolation=cv2.INTER_NEAREST)


def _measured(eye: Eye, numbers: Sequence[int]) -> str:
    """What the lesions measure, as a caption has room for it."""
    if not numbers:
        return "found no place"
    values = eye.lesions[numbers[0]].values
    name = list(values)[-1]
    if len(numbers) > 1 and name == "radius_um":
        return f"{len(numbers)} of them"
    return f"{name} {values[name]:.3g}"


def _small(image: np.ndarray) -> np.ndarray:
    return to_rgb(cv2.resize(image, (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA))


if __name__ == "__main__":
    main()
