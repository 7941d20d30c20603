"""A few eyes with every kind of lesion, and one small cohort, grown once for the folder."""

from pathlib import Path

import pytest

from retia.records import Case, read_cases
from retia.synthesis.cohort import GrowConfig, grow
from retia.synthesis.disease import Disease
from retia.synthesis.eye import Eye, make_eye

ILL = Disease(
    dropout=((0.35, 0.9), (0.3, 0.5)),
    microaneurysms=4,
    tufts=(0.4,),
    faz_area_mm2=0.6,
)


@pytest.fixture(scope="session", params=[0, 1, 2])
def ill(request: pytest.FixtureRequest) -> Eye:
    return make_eye(request.param, ILL)


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grown") / "cohort"
    grow(GrowConfig(out=folder, count=6))
    return folder


@pytest.fixture(scope="session")
def cases(cohort: Path) -> list[Case]:
    return read_cases(cohort)
