"""A stage that is drawn is the stage that is grown; cohorts follow their profiles."""

from itertools import pairwise

import numpy as np
import pytest

from retia.anatomy import locate
from retia.errors import UserError
from retia.records import Finding
from retia.synthesis.disease import Disease, draw_disease
from retia.synthesis.eye import Eye, make_eye
from retia.synthesis.profiles import ALL_KINDS, PROFILES, STAGED, draw_stage
from retia.taxonomy import GRADES, STAGES, read_vocabulary, stage_of


def findings(eye: Eye) -> list[Finding]:
    fovea = (eye.faz.center_mm[0] / eye.mm_per_px, eye.faz.center_mm[1] / eye.mm_per_px)
    found = []
    for lesion in eye.lesions:
        row, column = np.nonzero(lesion.mask)
        place = (float(column.mean()), float(row.mean()))
        found.append(
            Finding(
                id=f"f{len(found)}",
                kind=lesion.kind,
                source="simulator",
                severity=read_vocabulary("octa").kind(lesion.kind).severity(lesion.values),
                zone=locate(place, fovea, eye.mm_per_px, "OD"),
                values=lesion.values,
            )
        )
    return found


@pytest.mark.parametrize(("stage", "grade"), STAGED)
def test_the_grown_stage_is_the_drawn_one(stage: str, grade: str | None):
    for seed in range(5):
        eye = make_eye(seed, draw_disease(np.random.default_rng(seed), stage, grade))
        assert stage_of(findings(eye)) == (stage, grade)


@pytest.mark.parametrize("grade", GRADES)
def test_dropout_alone_can_make_every_grade(grade: str):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        disease = draw_disease(rng, "npdr", grade, "dropout_only")
        assert disease == Disease(dropout=disease.dropout)
        assert stage_of(findings(make_eye(seed, disease))) == ("npdr", grade)


def test_staged_names_every_stage_and_grade_once():
    assert {stage for stage, _ in STAGED} == set(STAGES)
    assert [grade for stage, grade in STAGED if stage == "npdr"] == list(GRADES)


def test_every_kind_is_a_kind_of_the_taxonomy():
    assert set(read_vocabulary("octa").kinds) >= ALL_KINDS


@pytest.mark.parametrize("profile", PROFILES)
def test_a_cohort_has_the_shares_of_its_profile(profile: str):
    shares = PROFILES[profile].shares
    assert sum(shares) == pytest.approx(1)
    rng = np.random.default_rng(0)
    drawn = [draw_stage(rng, profile) for _ in range(2000)]
    for staged, share in zip(STAGED, shares, strict=True):
        assert drawn.count(staged) / 2000 == pytest.approx(share, abs=0.04)


def test_counts_and_areas_of_neighbouring_stages_overlap():
    """No count and no area of a wish tells mild, moderate, severe NPDR and PDR apart."""
    rng = np.random.default_rng(0)
    wishes = {staged: [draw_disease(rng, *staged) for _ in range(300)] for staged in STAGED[1:]}
    for measure in (
        lambda d: d.microaneurysms,
        lambda d: sum(radius**2 for radius, _ in d.dropout),
        lambda d: sum(radius**2 * grade for radius, grade in d.dropout),
        lambda d: d.faz_area_mm2 or 0.0,
    ):
        spans = [np.percentile([measure(d) for d in own], (5, 95)) for own in wishes.values()]
        for (low, high), (next_low, next_high) in pairwise(spans):
            assert next_low <= high and low <= next_high


def test_a_stage_that_cannot_be_grown_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(UserError, match="'npdr' with grade None cannot be grown"):
        draw_disease(rng, "npdr", None)
    with pytest.raises(UserError, match="Did you mean `clinic`"):
        draw_disease(rng, "healthy", None, "clinics")
    with pytest.raises(UserError, match="profile 'dropout_only' has no lesion that makes"):
        draw_disease(rng, "pdr", None, "dropout_only")
