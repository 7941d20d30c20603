"""Three grown eyes and the shipped student."""

import pytest


@pytest.fixture(scope="session")
def eyes():
    from retia.demo.examples import grow_examples

    return grow_examples()


@pytest.fixture(scope="session")
def student():
    import torch

    from retia.students.student import load_student
    from retia.weights import student_folder

    torch.set_num_threads(1)
    return load_student(student_folder())
