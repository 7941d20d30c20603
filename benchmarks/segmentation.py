"""Vessel masks of rendered OCTA (GAN pairs, 304 px) beside Otsu, Sato and Frangi: Dice, CPU s.

Needs `shared/data/octa_gan_pairs` beside the repository.
"""

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from skimage.filters import frangi, sato, threshold_otsu

from retia.images import read_image, read_mask
from retia.segmentation.vessels import segment_vessels

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "octa_gan_pairs"
MM_PER_PX = 3 / 304


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Dice coefficient of two masks."""
    return 2 * float((a & b).sum()) / max(int(a.sum() + b.sum()), 1)


def _ridges(filter: Callable[..., np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    def segment(pixels: np.ndarray) -> np.ndarray:
        response = filter(pixels / 255, sigmas=(1, 1.5, 2), black_ridges=False)
        return response > threshold_otsu(response)

    return segment


METHODS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Otsu": lambda pixels: pixels > threshold_otsu(pixels),
    "Sato + Otsu": _ridges(sato),
    "Frangi + Otsu": _ridges(frangi),
    "Retia": lambda pixels: segment_vessels(pixels, MM_PER_PX),
}


def main(every: int = 5) -> None:
    """Print mean Dice and CPU seconds of each method, the latter also relative to Sato."""
    if not DATA.is_dir():
        print("  skipped: shared/data/octa_gan_pairs is not beside the repository")
        return
    pairs = []
    for path in sorted((DATA / "images").glob("*.png"))[::every]:
        truth = read_mask(DATA / "labels" / path.name).astype(np.float32)
        small = cv2.resize(truth, (304, 304), interpolation=cv2.INTER_AREA) > 0.5
        pairs.append((read_image(path).pixels, small))
    rows = {}
    for name, method in METHODS.items():
        start = time.process_time()
        scores = [dice(method(pixels), truth) for pixels, truth in pairs]
        rows[name] = (float(np.mean(scores)), (time.process_time() - start) / len(pairs))
    for name, (score, cpu_s) in rows.items():
        ratio = cpu_s / rows["Sato + Otsu"][1]
        print(f"  {name:<14} Dice {score:.3f}   {cpu_s:.4f} CPU s   {ratio:.2f} x Sato")


if __name__ == "__main__":
    main()
