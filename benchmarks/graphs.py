"""Graphs with all features from masks of 1216 px, beside skan + regionprops: CPU s, ratio.

The first mask is a large vessel tree with its capillaries left out (about 3,500 segments); the
second, a label of `shared/data/octa_gan_pairs`, is dense and is skipped where that is absent.
"""

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from retia.graphs.build import build_graph
from retia.images import read_mask
from retia.synthesis.disease import draw_disease
from retia.synthesis.eye import make_eye
from retia.synthesis.rasterizer import draw_mask
from retia.synthesis.vessels import selected

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "octa_gan_pairs"
SIDE_PX = 1216
MM_PER_PX = 3 / SIDE_PX
THICKER_THAN_UM = 3.0
"""Leaves about 3,500 segments."""


def sparse() -> tuple[np.ndarray, np.ndarray]:
    """Vessels and FAZ of a grown eye, without its finest capillaries."""
    eye = make_eye(0, draw_disease(np.random.default_rng(0), "healthy", None), image_px=SIDE_PX)
    vessels, blobs = eye.drawn()
    thick = selected(vessels, vessels.radius_mm * 1000 > THICKER_THAN_UM)
    mask = draw_mask(thick, blobs, SIDE_PX, MM_PER_PX)
    return mask, eye.faz.mask(SIDE_PX, MM_PER_PX) & ~mask


def dense() -> tuple[np.ndarray, np.ndarray]:
    """The label with the most vessels, and no FAZ."""
    labels = (read_mask(path) for path in sorted((DATA / "labels").glob("*.png")))
    mask = max(labels, key=lambda label: int(label.sum()))
    return mask, np.zeros_like(mask)


def theirs(mask: np.ndarray, image: np.ndarray) -> int:
    """Branches by skan, and areas by regionprops with the columns that our areas have."""
    import skan
    from skimage.measure import label, regionprops_table
    from skimage.morphology import skeletonize

    branches = skan.summarize(skan.Skeleton(skeletonize(mask)), separator="_")
    columns = (
        "area",
        "perimeter_crofton",
        "eccentricity",
        "solidity",
        "extent",
        "axis_major_length",
        "axis_minor_length",
        "feret_diameter_max",
        "orientation",
        "centroid_weighted",
        "intensity_mean",
        "intensity_min",
        "intensity_max",
        "intensity_std",
    )
    regionprops_table(label(~mask, connectivity=1), image, properties=columns)
    return len(branches)


def cpu_s(function: Callable[[], object], rounds: int = 3) -> float:
    """Least CPU seconds of some rounds."""
    function()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Print CPU seconds of both, and how many times faster we are."""
    cv2.setNumThreads(1)
    masks = {"sparse": sparse()}
    if DATA.is_dir():
        masks["dense"] = dense()
    else:
        print("  dense: skipped, shared/data/octa_gan_pairs is not beside the repository")
    for name, (vessels, faz) in masks.items():
        noise = np.random.default_rng(0).normal(0, 20, vessels.shape)
        image = np.clip(40 + 120 * vessels + noise, 0, 255).astype(np.uint8)
        graph = build_graph("eye", vessels, faz, MM_PER_PX, image)
        ours_s = cpu_s(lambda v=vessels, f=faz, i=image: build_graph("eye", v, f, MM_PER_PX, i))
        theirs_s = cpu_s(lambda v=vessels, i=image: theirs(v, i), 1)
        print(
            f"  {name:<7} {graph.segments.height:>6} segments {graph.areas.height:>5} areas   "
            f"{ours_s:.2f} CPU s   skan + regionprops {theirs(vessels, image)} branches "
            f"{theirs_s:.2f} CPU s   {theirs_s / ours_s:.1f} times as fast"
        )


if __name__ == "__main__":
    main()
