"""Free text as larger models write it: no claim is turned round, none is invented."""

import pytest

from retia.claims import extract

TEXTS = {
    "There is no sign of microaneurysms, but capillary dropout is evident nasally.": {
        ("microaneurysm", False),
        ("capillary_dropout", True),
    },
    "Neither microaneurysms nor IRMA can be identified.": {
        ("microaneurysm", False),
        ("irma", False),
    },
    "The eye lacks neovascularization and shows severe non-perfusion.": {
        ("neovascularization", False),
        ("capillary_dropout", True),
    },
    "Not only microaneurysms but also neovascularization is seen.": {
        ("microaneurysm", True),
        ("neovascularization", True),
    },
    "Given the absence of new vessels, this is NPDR.": {
        ("neovascularization", False),
        ("stage", True),
    },
    "Neovascularization, which is absent here, would mean PDR.": set(),
    "Microaneurysms are present; neovascularization is not.": {
        ("microaneurysm", True),
        ("neovascularization", False),
    },
    "Capillary dropout is seen. It is severe.": {("capillary_dropout", True)},
    "The FAZ is enlarged but not irregular.": {
        ("faz_enlargement", True),
        ("faz_irregularity", False),
    },
    "FAZ enlargement is absent.": {("faz_enlargement", False)},
    "The foveal avascular zone is of normal size.": {("faz_enlargement", False)},
    "No tortuous vessels; vessel density is not reduced.": {
        ("tortuosity", False),
        ("reduced_density", False),
    },
    "I see no microaneurysms and there is neovascularization.": {
        ("microaneurysm", False),
        ("neovascularization", True),
    },
    "IRMA with microaneurysms, without neovascularization.": {
        ("irma", True),
        ("microaneurysm", True),
        ("neovascularization", False),
    },
    "**Neovascularization**: absent\n**Microaneurysms**: present": {
        ("neovascularization", False),
        ("microaneurysm", True),
    },
    "- Neovascularization: No\n- Capillary dropout: Yes": {
        ("neovascularization", False),
        ("capillary_dropout", True),
    },
    "Dropout, no IRMA, 3 microaneurysms.": {
        ("capillary_dropout", True),
        ("irma", False),
        ("microaneurysm", True),
    },
    "Blood flow is good in all four quadrants.": set(),
}


@pytest.mark.parametrize("text", TEXTS)
def test_polarity_survives(text):
    assert {(c.kind, c.polarity) for c in extract(text)} == TEXTS[text]
