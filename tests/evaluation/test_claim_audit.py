"""Claims of answers: hand-counted cases, the same totals as elsewhere, rates that mean what they
say."""

import random
import re

import numpy as np
import pytest
from eyes import random_eye

from retia.claims import Agreement, agreement, extract, judge_text
from retia.errors import UserError
from retia.evaluation.claim_audit import audit_claims, claim_gaps
from retia.evaluation.claim_rows import clashing, read_claims
from retia.evaluation.report.claims_report import add_claims, verdict
from retia.figures import Report
from retia.instructions import stage_answer
from retia.records import Case, Finding, Zone

SETTINGS = {"resamples": 200, "level": 0.95, "seed": 0}


def eye(number=0, **more):
    """An eye with dropout in the superior-temporal parafovea; IRMA was not looked for."""
    known = {
        "file_name": f"images/{number}.png",
        "id": f"eye-{number}",
        "group": f"eye-{number}",
        "modality": "octa",
        "laterality": "OD",
        "stage": "npdr",
        "looked_for": ("capillary_dropout", "microaneurysm", "neovascularization"),
        "findings": (
            Finding(
                id="f1",
                kind="capillary_dropout",
                source="simulator",
                severity="mild",
                zone=Zone(ring="parafovea", quadrant="superior-temporal"),
            ),
            *(
                Finding(
                    id=f"m{i}",
                    kind="microaneurysm",
                    source="simulator",
                    zone=Zone(ring="fovea", quadrant="inferior-nasal"),
                )
                for i in range(3)
            ),
        ),
    }
    return Case(**(known | more))


def audited(text, case=None):
    case = case or eye()
    return audit_claims([(case, text, case.group)], SETTINGS)


def rate(audit, name):
    return audit.rates[name].estimate


def test_every_verdict_is_counted_by_kind_and_place():
    audit = audited(
        "Capillary dropout is seen in the superior-temporal parafovea. "
        "Neovascularization is seen in the inferior-nasal quadrant. IRMA is seen. "
        "There are no microaneurysms. Possibly there is tortuosity."
    )
    assert audit.total.counts == Agreement(
        supported=1, contradicted=2, unsupported=1, found=2, items=4, rings_right=1, rings=1
    )
    kinds = {name: own.as_json() for name, own in audit.facets["kind"].items()}
    assert {k: (v["supported"], v["contradicted"], v["missed"]) for k, v in kinds.items()} == {
        "capillary_dropout": (1, 0, 0),
        "irma": (0, 0, 0),
        "microaneurysm": (0, 1, 2),
        "neovascularization": (0, 1, 0),
    }
    assert kinds["capillary_dropout"]["f1"].estimate == 1.0
    assert kinds["microaneurysm"]["f1"].estimate == 0.0
    assert kinds["neovascularization"]["recall"].estimate is None
    assert kinds["neovascularization"]["f1"].estimate is None
    quadrants = audit.facets["quadrant"]
    assert quadrants["superior-temporal"].recall.estimate == 1.0
    assert (
        quadrants["inferior-nasal"].counts.contradicted,
        quadrants["inferior-nasal"].missed,
    ) == (
        1,
        1,
    )
    assert set(audit.facets["ring"]) == {"parafovea"}
    assert audit.hedged.claims == 1
    assert rate(audit, "hedged") == pytest.approx(1 / 5)


def test_without_hedges_totals_are_those_of_agreement():
    cases = [random_eye(seed, seed) for seed in range(20)]
    texts = [stage_answer(c, random.Random(n).choice)[0] for n, c in enumerate(cases)]
    # Every answer is held against another eye, too: not all claims are true.
    for shift in (0, 1):
        rows = [(c, texts[n - shift], c.group) for n, c in enumerate(cases)]
        audit = audit_claims(rows, SETTINGS)
        judged = [agreement(judge_text(text, case)[1], case) for case, text, _ in rows]
        assert audit.hedged.claims == 0
        total = sum(judged, Agreement())
        assert audit.total.counts == total
        assert audit.total.f1.estimate == pytest.approx(total.f1)
        for facet in ("kind", "quadrant"):
            own = audit.facets[facet].values()
            if facet == "kind":
                assert sum(s.counts.claims for s in own) == total.claims
            assert sum(s.missed for s in own) <= total.items - total.found
        by_kind = audit.facets["kind"].values()
        assert sum(s.missed for s in by_kind) == total.items - total.found
    assert audit.total.precision.estimate < 1


def test_true_answers_score_one_and_contradict_nothing():
    cases = [random_eye(seed, seed) for seed in range(20)]
    rows = [(c, stage_answer(c, random.Random(0).choice)[0], c.group) for c in cases]
    audit = audit_claims(rows, SETTINGS)
    assert (audit.total.precision.estimate, audit.total.recall.estimate) == (1.0, 1.0)
    assert audit.total.precision.low == 1.0
    for name in ("hallucination", "over_denial", "hedged", "conflict", "clash"):
        assert rate(audit, name) == 0.0, name
    assert audit.unjudged == {}


@pytest.mark.parametrize(
    ("text", "share", "misplaced"),
    [
        ("Neovascularization is seen.", 1.0, 0),
        ("Capillary dropout is seen.", 0.0, 0),
        # There is dropout, but not there: denied by the truth, and not made up.
        ("Capillary dropout is seen in the inferior-nasal quadrant.", 1.0, 1),
        # Miscounted or overstated is wrong, but it is there.
        ("There are 9 microaneurysms.", 0.0, 0),
        ("Severe capillary dropout is seen.", 0.0, 0),
        # Nobody looked for IRMA: undecided, and in no denominator.
        ("IRMA is seen.", None, 0),
        ("IRMA and neovascularization are seen.", 1.0, 0),
        ("Capillary dropout and neovascularization are seen.", 0.5, 0),
        ("No neovascularization is seen.", None, 0),
    ],
)
def test_hallucinated_is_what_the_truth_denies_to_be_there(text, share, misplaced):
    audit = audited(text)
    assert rate(audit, "hallucination") == share
    assert audit.misplaced == misplaced


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("No microaneurysms are seen.", 1.0),
        ("No neovascularization is seen.", 0.0),
        ("No IRMA is seen.", None),
        ("No microaneurysms and no neovascularization are seen.", 0.5),
        ("Microaneurysms are seen.", None),
    ],
)
def test_over_denial_is_denying_what_is_there(text, share):
    assert rate(audited(text), "over_denial") == share


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Microaneurysms are seen. There are no microaneurysms.", ("microaneurysm",)),
        ("Microaneurysms are seen in the nasal half. No microaneurysms.", ("microaneurysm",)),
        ("Microaneurysms are seen in the nasal half. No dropout in the nasal half.", ()),
        (
            "Dropout in the superior-nasal quadrant. There is no dropout in the nasal half.",
            ("capillary_dropout",),
        ),
        ("Dropout in the superior-nasal quadrant. No dropout in the temporal half.", ()),
        ("Dropout is seen. There is no dropout in the temporal half.", ()),
        ("Mild dropout is seen. There is no severe dropout.", ()),
        ("This is NPDR. The stage is PDR.", ("stage",)),
        ("This is NPDR, not PDR.", ()),
    ],
)
def test_clashes_are_in_the_same_place_and_of_the_same_degree(text, kinds):
    firm = [c for c in extract(text) if not c.hedged]
    assert clashing(firm, "OD") == kinds


def test_sides_of_the_body_clash_only_with_themselves():
    def clash(text):
        return clashing(extract(text, "radiology"), None)

    assert clash("Left pleural effusion. No right pleural effusion.") == ()
    assert clash("Left pleural effusion. No left pleural effusion.") == ("pleural_effusion",)
    assert clash("Bilateral pleural effusion. No left pleural effusion.") == ("pleural_effusion",)


def test_an_answer_conflicts_with_its_reasons_whatever_the_truth():
    def json_answer(reason, answer):
        return f'{{"caption": "", "reasoning": ["{reason}"], "answer": "{answer}"}}'

    pdr = audited(json_answer("Neovascularization is seen.", "PDR"))
    assert rate(pdr, "conflict") == 0.0
    assert rate(pdr, "hallucination") == 1.0
    assert rate(audited(json_answer("Neovascularization is seen.", "NPDR")), "conflict") == 1.0
    for text, why in (
        ("%", "no answer can be read"),
        (json_answer("It is so.", "PDR"), "the reasons claim nothing"),
        (json_answer("Neovascularization is seen.", "yes"), "the answer names no stage or phase"),
    ):
        audit = audited(text)
        assert rate(audit, "conflict") is None
        assert audit.unsettled == {why: 1}


def test_an_empty_answer_misses_all_and_is_not_left_out():
    audit = audited("")
    assert audit.applicable
    assert audit.total.missed == 4
    assert audit.total.recall.estimate == 0.0
    assert audit.total.f1.estimate == 0.0
    assert audit.total.precision.estimate is None
    assert "make no firm claim" in verdict(audit)


def test_not_applicable_is_neither_zero_nor_one():
    bare = Case(file_name="a.png", id="a", group="a", modality="thermography")
    asked = Case(file_name="a.png", id="a", group="a", modality="radiology")
    for case, why in ((bare, "no vocabulary for thermography"), (asked, "nothing is annotated")):
        audit = audited("There is a mass.", case)
        assert audit.summary() == "not applicable"
        assert why in next(iter(audit.unjudged))
        assert "not applicable" in audit.lines()[0]
        assert audit.total.precision.estimate is None
        page = Report("x")
        add_claims(page, {"real": audit})
        assert "not applicable" in "".join(page.parts)


def test_one_unjudged_answer_is_counted_and_spoils_no_share():
    bare = eye(1, looked_for=(), findings=(), stage=None)
    audit = audit_claims([(eye(), "Dropout.", "a"), (bare, "Dropout.", "b")], SETTINGS)
    assert audit.total.precision.estimate == 1.0
    assert list(audit.unjudged.values()) == [1]
    assert audit.total.answers == 1


def test_radiology_is_told_apart_by_side_and_organ():
    case = Case(
        file_name="a.png",
        id="a",
        group="a",
        modality="radiology",
        labels={"organ": "chest"},
        looked_for=("pleural_effusion", "pneumothorax"),
        findings=(
            Finding(
                id="f",
                kind="pleural_effusion",
                source="annotation",
                attributes={"side": "left"},
            ),
        ),
    )
    audit = audited("Left pleural effusion. Right pneumothorax.", case)
    assert audit.facets["side"]["left"].precision.estimate == 1.0
    assert audit.facets["side"]["right"].precision.estimate == 0.0
    assert audit.facets["organ"]["chest"].counts.claims == 2
    assert audit.facets["organ"]["chest"].recall.estimate == 1.0
    assert audit.unsettled == {"radiology has neither stages nor phases": 1}


def test_actions_of_instruments_are_claims_too():
    case = Case(
        file_name="a.png",
        id="a",
        group="a",
        modality="cholecystectomy",
        labels={"phase": "preparation"},
        looked_for=("grasper", "hook"),
        findings=(
            Finding(
                id="f",
                kind="grasper",
                source="annotation",
                attributes={"verb": "retract", "target": "gallbladder"},
            ),
        ),
    )
    audit = audited("The grasper is retracting the gallbladder. A hook is seen.", case)
    assert audit.facets["kind"]["hook"].counts.contradicted == 1
    assert audit.facets["kind"]["grasper"].counts.contradicted == 0
    assert rate(audit, "hallucination") == pytest.approx(1 / 3)  # hook, of three things


def voices():
    """Answers about the right eyes, and those of the eye before as a control."""
    cases = [random_eye(seed, seed) for seed in range(24)]
    texts = [stage_answer(c, random.Random(n).choice)[0] for n, c in enumerate(cases)]
    return {
        "real": audit_claims(
            [(c, t, c.group) for c, t in zip(cases, texts, strict=True)], SETTINGS
        ),
        "shuffled": audit_claims(
            [(c, texts[n - 1], c.group) for n, c in enumerate(cases)], SETTINGS
        ),
    }


def test_gaps_are_paired_differences_of_the_two_voices():
    both = voices()
    gaps = claim_gaps(both, SETTINGS)["shuffled"]
    for name in ("precision", "recall"):
        own, other = (getattr(both[v].total, name).estimate for v in ("real", "shuffled"))
        assert gaps[name].estimate == pytest.approx(own - other)
        assert gaps[name].low > 0
    assert gaps["hallucination"].estimate == pytest.approx(-rate(both["shuffled"], "hallucination"))
    same = claim_gaps({"real": both["real"], "blank": both["real"]}, SETTINGS)["blank"]
    assert (same["precision"].low, same["precision"].high) == (0.0, 0.0)
    short = audit_claims([(eye(), "Dropout.", "a")], SETTINGS)
    with pytest.raises(UserError, match="of other cases"):
        claim_gaps({"real": both["real"], "blank": short}, SETTINGS)


def test_intervals_rest_on_groups_that_have_the_kind():
    rows = [(eye(n), "Dropout." if n < 4 else "Microaneurysms.", f"g{n}") for n in range(20)]
    audit = audit_claims(rows, SETTINGS)
    assert audit.total.precision.groups == 20
    assert audit.facets["kind"]["capillary_dropout"].precision.groups == 4
    assert audit.facets["kind"]["capillary_dropout"].precision.low is None
    assert audit.facets["kind"]["microaneurysm"].precision.groups == 16


def test_the_section_shows_every_kind_verdict_and_reason_left_out():
    both = voices()
    page = Report("x")
    add_claims(page, both, claim_gaps(both, SETTINGS))
    html = "".join(page.parts)
    for kind in both["real"].facets["kind"]:
        assert kind.replace("_", " ") in html
    assert all(f'class="{v}"' in html for v in ("supported", "contradicted", "unsupported"))
    assert "truer about its own image than under every control" in html
    assert not re.search(r"\bnan\b|None", re.sub(r"base64,[\w+/=]+", "", html))


def test_words_of_an_answer_cannot_break_the_page():
    audit = audited("Dropout <script>alert(1)</script> is seen.", eye(id="<b>"))
    page = Report("x")
    add_claims(page, {"real": audit})
    assert "<script>" not in "".join(page.parts)
    assert "<b></small>" not in "".join(page.parts)


def test_bars_are_drawn_as_wide_as_their_counts():
    from retia.figures.claim_bars import claim_bars

    counts = {"supported": [4, 0], "unsupported": [0, 0], "contradicted": [0, 2], "missed": [0, 0]}
    picture = claim_bars(["a", "b"], counts).astype(int)
    green = (np.abs(picture - (46, 125, 79)).sum(axis=2) < 30).sum(axis=1).max()
    red = (np.abs(picture - (207, 58, 53)).sum(axis=2) < 30).any(axis=0).sum()
    assert green == pytest.approx(2 * red, rel=0.1)


def test_what_is_said_twice_counts_once():
    row = read_claims(eye(), "Dropout is seen. Capillary dropout is seen. Dropout.", "a")
    assert row.total.claims == 1
    assert len(row.sentences) == 3
