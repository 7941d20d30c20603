"""The stage a text settles on, however it is put."""

import pytest

from retia.claims import stage_in

TEXTS = {
    "PDR": "pdr",
    "healthy": "healthy",
    "not PDR but NPDR": "npdr",
    "not PDR, NPDR": "npdr",
    "NPDR rather than PDR": "npdr",
    "more likely NPDR than PDR": "npdr",
    "neither healthy nor PDR": None,
    "PDR is ruled out": None,
    "Is it PDR? No, NPDR.": "npdr",
    "NPDR; PDR cannot be excluded.": "npdr",
    "PDR cannot be excluded.": "pdr",
    "It is non-proliferative diabetic retinopathy.": "npdr",
    "non proliferative diabetic retinopathy": "npdr",
    "nonproliferative": "npdr",
    "non\u2011proliferative": "npdr",
    "Proliferative diabetic retinopathy.": "pdr",
    "No proliferative diabetic retinopathy; non-proliferative.": "npdr",
    "There is no proliferative disease.": None,
    "no signs of diabetic retinopathy": "healthy",
    "No diabetic retinopathy.": "healthy",
    "Normal FAZ, so NPDR.": "npdr",
    "The FAZ is normal.": None,
    "healthy vessels": None,
    "not NPDR or PDR, healthy": "healthy",
    "It would be PDR if new vessels were seen. Stage: NPDR": "npdr",
    "First I thought of PDR. The stage is NPDR.": "npdr",
    "The stage is NPDR and not PDR.": "npdr",
    "STAGE: npdr": "npdr",
    "an image of the retina": None,
    "": None,
}


@pytest.mark.parametrize("text", TEXTS)
def test_reads(text):
    assert stage_in(text) == TEXTS[text]
