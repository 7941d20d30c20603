"""A tiny student with random weights, for every test of this folder."""

import numpy as np
import pytest

TEXTS = ["What is the stage? The eye is healthy. PDR. NPDR.", "Where? At [10, 20, 300, 400]."] * 5


@pytest.fixture(scope="session")
def student():
    import torch

    from retia.students.embedded import EmbeddedSize, build

    torch.set_num_threads(1)
    size = EmbeddedSize(image_size=64, hidden_size=64, layers=1, vocabulary=400)
    student = build(TEXTS, size, 0)
    torch.manual_seed(0)
    with torch.no_grad():
        # Untrained weights of the usual size repeat one token; larger ones say something.
        for weight in student.model.parameters():
            weight += 0.1 * torch.randn_like(weight)
    return student


@pytest.fixture(scope="session")
def images():
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (72, 96), dtype=np.uint8) for _ in range(5)]


@pytest.fixture(scope="session")
def texts():
    return TEXTS
