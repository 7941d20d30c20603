"""Verdicts follow the record: nothing is supported that the record does not hold."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retia.claims import agreement, consistent, extract, judge, judge_text, parse_answer
from retia.records import Case, Claim, Finding, Measure, Zone
from retia.taxonomy import read_vocabulary


def finding(id, kind, quadrant, ring="parafovea", **more):
    zone = Zone(ring=ring, quadrant=quadrant)
    return Finding(id=id, kind=kind, source="simulator", zone=zone, **more)


EYE = Case(
    file_name="a.png",
    id="a",
    group="a",
    modality="octa",
    laterality="OD",
    stage="npdr",
    grade="moderate",
    looked_for=("capillary_dropout", "microaneurysm", "neovascularization"),
    measures=(Measure(name="faz_area_mm2", value=0.40, source="simulator"),),
    findings=(
        finding(
            "d1",
            "capillary_dropout",
            "superior-temporal",
            severity="severe",
            values={"area_mm2": 0.3},
            evidence=("grown/area/1",),
        ),
        *(finding(f"m{i}", "microaneurysm", "superior-nasal") for i in range(4)),
        finding("m4", "microaneurysm", "inferior-nasal"),
    ),
)

VERDICTS = {
    "Capillary dropout is seen.": "supported",
    "Severe dropout is seen in the superior-temporal quadrant.": "supported",
    "Dropout is seen in the temporal half.": "supported",
    "Dropout is seen in the superior-left quadrant.": "supported",
    "Dropout is seen in the superior-right quadrant.": "contradicted",
    "Mild dropout is seen in the superior-temporal quadrant.": "contradicted",
    "Dropout is seen in the inferior-nasal quadrant.": "contradicted",
    "Dropout is seen in the superior-temporal fovea.": "supported",
    "No dropout is seen.": "contradicted",
    "No dropout is seen in the inferior-nasal quadrant.": "supported",
    "Capillary dropout of 0.32 mm² is seen.": "supported",
    "Capillary dropout of 0.5 mm² is seen.": "contradicted",
    "There are 5 microaneurysms.": "supported",
    "There are 6 microaneurysms.": "supported",
    "There are 7 microaneurysms.": "contradicted",
    "There are more than 3 microaneurysms.": "supported",
    "There are more than 5 microaneurysms.": "contradicted",
    "There are at least 5 microaneurysms.": "supported",
    "There are at least 6 microaneurysms.": "contradicted",
    "There are at most 5 microaneurysms.": "supported",
    "There are fewer than 5 microaneurysms.": "contradicted",
    # Nobody recorded a layer: what is there may lie in another, and what is nowhere is in none.
    "Dropout is seen in the deep plexus.": "unsupported",
    "No dropout is seen in the deep plexus.": "unsupported",
    "No neovascularization is seen in the deep plexus.": "supported",
    "There are 4 microaneurysms in the superior-nasal quadrant.": "supported",
    "Neovascularization is seen.": "contradicted",
    "No neovascularization is seen.": "supported",
    "No IRMA is seen.": "unsupported",
    "IRMA is seen.": "unsupported",
    "The FAZ area is 0.45 mm².": "supported",
    "The FAZ area is 0.50 mm².": "contradicted",
    "The FAZ is enlarged.": "unsupported",
    "The stage is NPDR.": "supported",
    "The stage is severe NPDR.": "contradicted",
    "The stage is PDR.": "contradicted",
    "The stage is not PDR.": "supported",
}


@pytest.mark.parametrize("text", VERDICTS)
def test_verdict(text):
    assert set(judge(extract(text), EYE).verdicts) == {VERDICTS[text]}


KINDS = list(read_vocabulary().kinds)


@given(
    kind=st.sampled_from(KINDS),
    looked_for=st.sets(st.sampled_from(KINDS)),
    quadrant=st.sampled_from([None, "superior-nasal", "temporal"]),
    severity=st.sampled_from([None, "mild"]),
)
def test_absence_is_supported_only_where_somebody_looked(kind, looked_for, quadrant, severity):
    case = Case(
        file_name="a.png", id="a", group="a", modality="octa", looked_for=tuple(sorted(looked_for))
    )
    zone = Zone(quadrant=quadrant) if quadrant else None
    claim = Claim(kind=kind, polarity=False, zone=zone, severity=severity)
    (verdict,) = judge([claim], case).verdicts
    assert verdict == ("supported" if kind in looked_for else "unsupported")
    (verdict,) = judge([Claim(kind=kind, zone=zone)], case).verdicts
    assert verdict == ("contradicted" if kind in looked_for else "unsupported")


def test_missed_findings_are_named_and_lower_recall():
    judgement = judge(extract("There are 5 microaneurysms in the superior-nasal quadrant."), EYE)
    assert "d1" in {f.id for f in judgement.missed}
    numbers = agreement(
        judge(extract("Dropout is seen in the superior-temporal quadrant."), EYE), EYE
    )
    assert (numbers.found, numbers.items) == (2, 5)
    assert numbers.precision == 1.0


def test_saying_it_twice_does_not_count_twice():
    text = "Dropout is seen. Dropout is seen. Neovascularization is seen."
    assert agreement(judge(extract(text), EYE), EYE).precision == 0.5


def test_nothing_said_about_nothing_is_not_applicable():
    empty = Case(file_name="a.png", id="a", group="a", modality="octa")
    numbers = agreement(judge([], empty), empty)
    assert (numbers.precision, numbers.recall, numbers.f1) == (None, None, None)


def test_ring_is_counted_apart():
    text = "Dropout is seen in the superior-temporal fovea."
    numbers = agreement(judge(extract(text), EYE), EYE)
    assert (numbers.supported, numbers.rings_right, numbers.rings) == (1, 0, 1)


def test_sentences_carry_verdict_and_evidence():
    first, second = judge_text("Dropout is seen. This is a scan.", EYE)[0]
    assert (first.verdict, first.evidence) == ("supported", ("grown/area/1",))
    assert second.verdict is None


@pytest.mark.parametrize(
    ("reasons", "stage", "follows"),
    [
        ("Dropout is seen. No neovascularization is seen.", "NPDR", True),
        ("Dropout is seen. No neovascularization is seen.", "PDR", False),
        ("Neovascularization is seen.", "PDR", True),
        ("Possible neovascularization is seen. Dropout is seen.", "NPDR", True),
        ("No dropout and no microaneurysms are seen.", "healthy", True),
        ("The image is sharp.", "healthy", False),
        ("Dropout is seen.", "cannot tell", False),
    ],
)
def test_an_answer_must_follow_from_its_reasons(reasons, stage, follows):
    answer = parse_answer(f'{{"reasoning": "{reasons}", "answer": "{stage}"}}')
    assert answer is not None
    assert consistent(answer) is follows


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Dropout is seen in the DCP.", "supported"),
        ("Dropout is seen.", "supported"),
        ("No dropout is seen in the DCP.", "contradicted"),
        # The image does not show the other layer.
        ("Dropout is seen in the SCP.", "unsupported"),
        ("No neovascularization is seen in the SCP.", "unsupported"),
        ("The vessel density of the DCP is 0.40.", "supported"),
        ("The vessel density of the SCP is 0.40.", "unsupported"),
    ],
)
def test_a_layer_is_held_against_that_of_the_image(text, verdict):
    density = Measure(name="vessel_density", value=0.40, source="simulator")
    eye = replace(EYE, slab="deep capillary plexus", measures=(density,))
    assert {j.verdict for j in judge(extract(text), eye).judged} == {verdict}


def test_a_finding_knows_its_layer_better_than_the_image():
    dropout = replace(EYE.findings[0], attributes={"layer": "superficial"})
    eye = replace(EYE, findings=(dropout,))
    for layer, verdict in (("superficial", "supported"), ("deep", "contradicted")):
        (judged,) = judge(extract(f"Dropout is seen in the {layer} plexus."), eye).judged
        assert judged.verdict == verdict
