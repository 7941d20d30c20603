"""Growing one eye, in CPU seconds, against skeletonising and measuring its graph."""

import time

import numpy as np

from retia.graphs.build import build_graph
from retia.synthesis.disease import draw_disease
from retia.synthesis.eye import make_eye


def main(eyes: int = 6) -> None:
    """Print CPU seconds per eye and their ratio."""
    make_eye(0, draw_disease(np.random.default_rng(0), "pdr", None)).image()  # compile first
    grown_s = graph_s = 0.0
    for seed in range(eyes):
        start = time.process_time()
        eye = make_eye(seed, draw_disease(np.random.default_rng(seed), "npdr", "severe"))
        pixels, vessels = eye.image(), eye.vessel_mask()
        grown_s += time.process_time() - start
        faz = eye.faz.mask(eye.image_px, eye.mm_per_px)
        start = time.process_time()
        build_graph("eye", vessels & ~faz, faz, eye.mm_per_px, pixels)
        graph_s += time.process_time() - start
    print(f"  growing {grown_s / eyes:.2f} CPU s an eye; its graph {graph_s / eyes:.2f} CPU s")
    print(f"  ratio {grown_s / graph_s:.1f}")


if __name__ == "__main__":
    main()
