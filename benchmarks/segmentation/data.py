"""The real and rendered images of the tables, with their truth and their scale."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retia.images import read_image, read_mask

GAN_PAIRS = "octa_gan_pairs"
FULL_LABELS = "octa500_full_labels"
LARGE_VESSELS = "octa500_3mm"
OCTA_25K = "octa25k_faz"
EVERY = 5
"""Of the sorted names, those with index % 5 == 4 are held out; networks learn from the others."""


@dataclass(frozen=True)
class Eye:
    """An image with one true mask, read when asked for."""

    id: str
    group: str
    image: Path
    truth: Path
    field_mm: float

    def read(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Pixels (uint8), truth (bool) and mm a pixel."""
        pixels = read_image(self.image).pixels
        return pixels, read_mask(self.truth), self.field_mm / pixels.shape[1]


def gan_pairs(data: Path) -> list[Eye]:
    """Rendered 3 mm images at 304 px, vessels exact at 1216 px."""
    folder = data / GAN_PAIRS
    return [
        Eye(image.stem, "GAN pairs", image, folder / "labels" / image.name, 3)
        for image in sorted((folder / "images").glob("*.png"))
    ]


def large_vessel_eyes(data: Path) -> list[Eye]:
    """Real 3 mm eyes of OCTA-500 with the official masks of large vessels."""
    folder = data / LARGE_VESSELS
    return [
        Eye(image.stem, "OCTA-500 3 mm", image, folder / "large_vessels" / image.name, 3)
        for image in sorted((folder / "images").glob("*.png"))
    ]


def full_label_eyes(data: Path, truth: str) -> list[Eye]:
    """Real eyes of OCTA-500 with every mask, 3 of a 3 mm and 3 of a 6 mm field.

    Args:
        data: Folder of the data sets.
        truth: `GT_Capillary` (which contains the large vessels) or `GT_FAZ`.
    """
    return [
        Eye(eye.name, f"OCTA-500 {mm} mm", eye / "OCTA_ILM_OPL.png", eye / f"{truth}.png", mm)
        for mm in (3, 6)
        for eye in sorted((data / FULL_LABELS / f"{mm}mm").glob("*"))
    ]


def octa25k_eyes(data: Path) -> list[Eye]:
    """Real eyes of OCTA-25K-IQA-SEG with the FAZ.

    Its authors' sets are called sOCTA-3x3-1.1k-seg and dOCTA-6x6-1.1k-seg (Wang et al. 2021): the
    superficial images show 3 mm, the deep ones 6 mm, both at 512 px.
    """
    folder = data / OCTA_25K
    return [
        Eye(image.stem, f"OCTA-25K {layer} ({mm} mm)", image, folder / "masks" / image.name, mm)
        for layer, mm in (("superficial", 3), ("deep", 6))
        for image in sorted((folder / "images").glob(f"{layer}_*.png"))
    ]


def split(eyes: list[Eye]) -> tuple[list[Eye], list[Eye]]:
    """Training and held-out eyes, see `EVERY`."""
    held = eyes[EVERY - 1 :: EVERY]
    return [eye for eye in eyes if eye not in held], held


def spread(eyes: list[Eye], count: int) -> list[Eye]:
    """That many of them, evenly spread."""
    return [eyes[i] for i in np.linspace(0, len(eyes) - 1, count).round().astype(int)]
