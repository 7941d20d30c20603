"""A student without training, for what holds whatever it says."""

import pytest

from retia.students.embedded import EmbeddedSize, build


@pytest.fixture(scope="session")
def untrained():
    import torch

    torch.set_num_threads(1)
    texts = ["Is dropout seen?", "Yes, at [10, 20, 30, 40].", "No dropout is seen.", "0123456789"]
    return build(texts, EmbeddedSize(image_size=64, hidden_size=64, layers=2, vocabulary=320), 4)
