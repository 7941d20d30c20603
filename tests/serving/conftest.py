"""The shipped student, asked over HTTP."""

import numpy as np
import pytest
from http_server import QUESTION, make_settings, serving, to_uri


@pytest.fixture(scope="session")
def student():
    import torch

    from retia.students.student import load_student
    from retia.weights import student_folder

    torch.set_num_threads(1)
    return load_student(student_folder())


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (72, 96), dtype=np.uint8)


@pytest.fixture(scope="session")
def make_body(pixels):
    """A function to a request's body: a good one, but for the keys given."""

    def body(**changes) -> dict:
        messages = [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": QUESTION},
                    {"type": "image_url", "image_url": {"url": to_uri(pixels)}},
                ],
            }
        ]
        return {"model": "retia-student", "messages": messages} | changes

    return body


@pytest.fixture(scope="session")
def address(student):
    from retia.serving.app import make_app

    with serving(make_app(student, make_settings())) as address:
        yield address
