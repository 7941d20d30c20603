"""A drawn eye and its graph, made once."""

import numpy as np
import pytest
from drawn import MM

from retia.graphs.build import build_graph
from retia.records import VesselGraph


@pytest.fixture(scope="session")
def drawn_eye() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vessels, FAZ and image that look like an eye."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(3)
    rows, cols = np.mgrid[:200, :200]
    faz = np.hypot(rows - 95, (cols - 105) * 1.2) < 22
    field = gaussian_filter(rng.normal(size=(200, 200)), 3)
    vessels = (np.abs(field) < 0.35 * field.std()) & ~faz
    noise = rng.normal(0, 20, (200, 200))
    image = np.clip(60 + 120 * gaussian_filter(vessels.astype(float), 1) + noise, 0, 255)
    return vessels, faz, image.astype(np.uint8)


@pytest.fixture(scope="session")
def drawn_graph(drawn_eye: tuple[np.ndarray, np.ndarray, np.ndarray]) -> VesselGraph:
    vessels, faz, image = drawn_eye
    return build_graph("eye", vessels, faz, MM, image)
