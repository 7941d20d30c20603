"""Write the pictures of the README: `python docs/make_pictures.py [RUN] [DATA]`.

From a finished run (`runs/quickstart` unless one is named) the cohort and the explanation, which
show grown eyes; from a folder of openly licensed data, where it is there, what is seen in them.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from retia.images import read_image
from retia.segmentation import segment_image
from retia.segmentation.overlay import draw_structures

PICTURES = {
    "cohort": "cohort/contact_sheet.png",
    "explanation": "explanation/overlay.png",
    "interpretability": "figure/figure.png",
}
FOLDER = Path(__file__).with_name("pictures")
SEEN = (
    ("octa25k_faz/images/superficial_581.png", 3.0),
    ("octa25k_faz/images/superficial_941.png", 3.0),
    ("octa25k_faz/images/deep_408.png", 6.0),
    ("octa_gan_pairs/images/20230216_232653.png", 3.0),
)
"""Images and widths of their fields in mm: OCTA-25K-IQA-SEG (CC BY 4.0), and an image that the GAN
of OCTA-autosegmentation rendered (MIT)."""
TILE_PX = 440


def convert(run: Path) -> None:
    """Convert the run's pictures to JPEG, which halves the size of the repository's pictures."""
    for name, source in PICTURES.items():
        if (run / source).is_file():
            Image.open(run / source).convert("RGB").save(FOLDER / f"{name}.jpg", quality=85)


def draw_seen(data: Path) -> None:
    """Draw images above what is seen in them."""
    columns = []
    for name, field_mm in SEEN:
        pixels = read_image(data / name).pixels
        drawn = draw_structures(pixels, segment_image(pixels, field_mm / len(pixels)))
        plain, seen = np.split(drawn, 2, axis=1)
        tiles = (
            cv2.resize(tile, (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA)
            for tile in (plain, seen)
        )
        columns.append(np.concatenate(list(tiles), axis=0))
    picture = np.concatenate(columns, axis=1)
    Image.fromarray(picture).save(FOLDER / "seeing.jpg", quality=85)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    convert(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/quickstart"))
    data = Path(sys.argv[2] if len(sys.argv) > 2 else "../shared/data")
    if all((data / name).is_file() for name, _ in SEEN):
        draw_seen(data)
