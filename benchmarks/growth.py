"""Growing eyes, in CPU seconds and MB, against skeletonising and measuring the graph of each.

The published simulator needs 54 to 81 CPU s for a healthy eye of these parameters, and
OCTA-SVR 90 to 100 CPU s for a diseased one (both measured on two shared cores).
"""

import resource
import time

import numpy as np

from retia.graphs.build import build_graph
from retia.synthesis.disease import draw_disease
from retia.synthesis.eye import make_eye
from retia.synthesis.faz import Faz
from retia.synthesis.growth import REFERENCE, GrowthConfig, grow_vessels


def main(eyes: int = 8) -> None:
    """Print CPU seconds an eye, memory, and the ratio to measuring its graph."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for name, config in (("published parameters", REFERENCE), ("default", GrowthConfig())):
        cpu_s, segments = _growing(config, eyes)
        print(f"  healthy, {name}: {cpu_s:.2f} CPU s, {segments:.0f} segments")
    grown_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  memory: {grown_mb:.0f} MB at most, {before:.0f} MB of it libraries")
    make_eye(0, draw_disease(np.random.default_rng(0), "pdr", None)).image()  # compile first
    eye_s = image_s = graph_s = 0.0
    for seed in range(eyes):
        start = time.process_time()
        eye = make_eye(seed, draw_disease(np.random.default_rng(seed), "npdr", "severe"))
        eye_s += time.process_time() - start
        start = time.process_time()
        pixels, vessels = eye.image(), eye.vessel_mask()
        image_s += time.process_time() - start
        faz = eye.faz.mask(eye.image_px, eye.mm_per_px)
        start = time.process_time()
        build_graph("eye", vessels & ~faz, faz, eye.mm_per_px, pixels)
        graph_s += time.process_time() - start
    print(
        f"  severe NPDR: eye and lesions {eye_s / eyes:.2f}, image and mask {image_s / eyes:.2f} "
        f"CPU s; measuring its graph {graph_s / eyes:.2f} CPU s"
    )
    print(f"  ratio {(eye_s + image_s) / graph_s:.2f}")


def _growing(config: GrowthConfig, eyes: int) -> tuple[float, float]:
    faz = Faz(np.full(2, config.field_mm / 2), np.full(360, 0.22))
    grow_vessels(np.random.default_rng(0), faz, config)  # compile first
    start, segments = time.process_time(), 0
    for seed in range(eyes):
        segments += len(grow_vessels(np.random.default_rng(seed), faz, config))
    return (time.process_time() - start) / eyes, segments / eyes


if __name__ == "__main__":
    main()
