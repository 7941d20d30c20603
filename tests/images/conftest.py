"""One grown eye, as good as a scan can be."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def grown_eye():
    """A healthy grown eye."""
    from retia.synthesis.disease import draw_disease
    from retia.synthesis.eye import make_eye

    return make_eye(3, draw_disease(np.random.default_rng(3), "healthy", None))


@pytest.fixture(scope="session")
def grown_pixels(grown_eye) -> np.ndarray:
    """Its image: uint8, `(304, 304)`, 3 mm wide."""
    return grown_eye.image()
