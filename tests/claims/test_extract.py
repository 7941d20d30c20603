"""What a sentence claims: kind, polarity, place, severity, number, hedge."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retia.claims import answer_sentences, claims_of, extract, parse_answer
from retia.taxonomy import read_vocabulary


def short(text):
    """Claims as tuples (kind, polarity, quadrant, severity, quantity)."""
    return [
        (c.kind, c.polarity, c.zone.quadrant if c.zone else None, c.severity, c.quantity)
        for c in extract(text)
    ]


def plain(kind, polarity=True, place=None, severity=None, number=None):
    return (kind, polarity, place, severity, number)


ST, IN = "superior-temporal", "inferior-nasal"
TABLE = {
    "No microaneurysms, neovascularization or IRMA.": [
        plain("microaneurysm", False),
        plain("neovascularization", False),
        plain("irma", False),
    ],
    "No dropout but 3 micro-aneurysms.": [
        plain("capillary_dropout", False),
        plain("microaneurysm", number=3),
    ],
    "Capillary non-perfusion without new vessels.": [
        plain("capillary_dropout"),
        plain("neovascularization", False),
    ],
    "Microaneurysms and IRMA are not seen.": [plain("microaneurysm", False), plain("irma", False)],
    "IRMA: none.": [plain("irma", False)],
    "Flow voids are absent.": [plain("capillary_dropout", False)],
    "There is no evidence of neovascularisation.": [plain("neovascularization", False)],
    "0 microaneurysms are seen.": [plain("microaneurysm", False)],
    "A single microaneurysm is seen.": [plain("microaneurysm", number=1)],
    "Microaneurysm count is 12.": [plain("microaneurysm", number=12)],
    "The dropout is not severe.": [plain("capillary_dropout")],
    f"Severe capillary dropout in the {ST} and {IN} quadrants.": [
        plain("capillary_dropout", place=ST, severity="severe"),
        plain("capillary_dropout", place=IN, severity="severe"),
    ],
    f"Capillary dropout is severe in the {ST} quadrant and mild in the {IN} quadrant.": [
        plain("capillary_dropout", place=ST, severity="severe"),
        plain("capillary_dropout", place=IN, severity="mild"),
    ],
    f"The {ST} quadrant shows severe dropout and 2 microaneurysms.": [
        plain("capillary_dropout", place=ST, severity="severe"),
        plain("microaneurysm", place=ST, number=2),
    ],
    "Dropout in the superotemporal parafovea.": [plain("capillary_dropout", place=ST)],
    "The FAZ is not enlarged.": [plain("faz_enlargement", False)],
    "There is no enlarged FAZ.": [plain("faz_enlargement", False)],
    "The FAZ area is 0.41 mm² and it is enlarged.": [
        plain("faz_area_mm2", number=0.41),
        plain("faz_enlargement"),
    ],
    "The foveal avascular zone measures 0.3 mm2.": [plain("faz_area_mm2", number=0.3)],
    "Dropout is seen and the FAZ is not enlarged.": [
        plain("capillary_dropout"),
        plain("faz_enlargement", False),
    ],
    "Dropout is seen and the stage is not PDR.": [
        plain("capillary_dropout"),
        plain("stage", False),
    ],
    f"There is more dropout in the {ST} quadrant than in the {IN} quadrant.": [
        plain("capillary_dropout", place=ST)
    ],
    "Is there neovascularization?": [],
    "If neovascularization were seen it would be PDR.": [],
    "The scan has 304 pixels.": [],
}


@pytest.mark.parametrize("text", TABLE)
def test_extracts(text):
    assert short(text) == TABLE[text]


@pytest.mark.parametrize(
    "text",
    [
        "Possible neovascularization is seen.",
        "Neovascularization may be present.",
        "New vessels cannot be excluded.",
        "Findings suspicious of neovascularization.",
    ],
)
def test_hedges_are_kept_and_stay_affirmative(text):
    (claim,) = extract(text)
    assert claim.hedged
    assert claim.polarity


def test_every_synonym_of_every_kind_is_read():
    for kind in read_vocabulary().kinds.values():
        for name in (kind.name, kind.plural, *kind.synonyms):
            assert {c.kind for c in extract(f"There is {name}.")} == {kind.id}, name
            (claim,) = extract(f"No {name.removeprefix('an ')} is seen.")
            assert (claim.kind, claim.polarity) == (kind.id, False), name


def test_spans_are_of_whole_sentences():
    text = "The eye is shown. No IRMA is seen. Dropout is seen."
    assert [text[slice(*(c.span or ()))] for c in extract(text)] == [
        "No IRMA is seen.",
        "Dropout is seen.",
    ]


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_survived(text):
    extract(text)
    claims_of(text)
    parse_answer(text)


GOOD = '{"caption": "c", "reasoning": ["No IRMA is seen."], "answer": "NPDR"}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Sure: {GOOD} and more {{braces}}",
        GOOD + '{"answer": "PDR"}',
        GOOD.replace("{", '{"certainty": 0.9, ', 1),
        '{"answer": 3} ' + GOOD,
        GOOD.replace('"c"', '"a\nb"'),
    ],
)
def test_answer_is_found_in_its_surroundings(text):
    answer = parse_answer(text, strict=True)
    assert answer is not None
    assert answer.answer == "NPDR"
    assert answer_sentences(answer)[-2:] == ["No IRMA is seen.", "The answer is NPDR."]


@pytest.mark.parametrize(
    "text",
    ["", "{", "NPDR", '{"answer": ["NPDR"]}', '{"caption": "x"}', '{"answer": NaN}', "{" * 999],
)
def test_no_answer_is_none(text):
    assert parse_answer(text, strict=True) is None


def test_plain_text_falls_back_to_its_stage():
    answer = parse_answer("Dropout is seen. The stage is non-proliferative.")
    assert answer is not None
    assert answer.answer == "NPDR"
    assert parse_answer("I cannot tell.") is None


@pytest.mark.parametrize(
    "text",
    ["the faz is " * 400, "the faz area is and the faz " * 200, "vessels are is are and " * 300],
)
def test_a_student_that_repeats_itself_is_read_quickly(text):
    start = time.process_time()
    claims_of(text)
    assert time.process_time() - start < 2
