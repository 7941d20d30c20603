"""A few eyes with every kind of lesion, grown once for the folder."""

import pytest

from retia.synthesis.disease import Disease
from retia.synthesis.eye import Eye, make_eye

EVERYTHING = Disease(
    dropout=((0.4, 0.8), (0.33, 0.4)),
    microaneurysms=6,
    tufts=(0.35,),
    irma=(0.6,),
    tortuosity=(0.5,),
    calibre=(("dilation", 0.6), ("narrowing", 0.5)),
    faz_area_mm2=0.5,
    faz_irregularity=0.6,
)


@pytest.fixture(scope="session", params=[0, 1, 2])
def harmed(request: pytest.FixtureRequest) -> Eye:
    return make_eye(request.param, EVERYTHING)
