"""How claims fare against what is known of an image.

- supported: the record says the same.
- contradicted: the record says otherwise.
- unsupported: the record cannot tell. A kind that nobody looked for can never be said to be absent.
- missed: a finding of the record that no supported claim names.

Tolerances: counts within 1 (never 0 for 1: presence is judged first); areas within 15 % or
0.02 mm²; clock hours within 1; `at least` and the like have none. The quadrant decides about the
place; the ring is counted apart.

Surgical frames: instruments are counted exactly, and one that is not annotated is not there. Of
the anatomy only what is acted upon is annotated: naming anything else is unsupported. Where no
action is annotated at all, none can be contradicted.
"""

import operator
from collections.abc import Sequence
from dataclasses import dataclass

from retia.claims.actions import ActionClaim
from retia.claims.evidence import evidence_of, measure_evidence
from retia.claims.places import layers_in, same_place
from retia.records import Case, Claim, Finding, Verdict, Zone
from retia.taxonomy import read_vocabulary

COUNT_TOLERANCE = 1
AREA_TOLERANCE = 0.15
AREA_TOLERANCE_MM2 = 0.02
_BOUNDS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One claim and how it fares."""

    claim: Claim
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    """The findings it was held against: those that support it, or that contradict a denial."""

    measured: tuple[str, ...] = ()
    """Evidence ids of the measure it was held against."""

    @property
    def evidence(self) -> tuple[str, ...]:
        """Evidence ids of measure and findings, each once."""
        return tuple(dict.fromkeys((*self.measured, *evidence_of(self.findings))))


TruthItem = tuple[str, str | None]
"""What can be named: a kind, or a kind in a quadrant."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """All claims about one case."""

    judged: tuple[Judged, ...]
    missed: tuple[Finding, ...]
    """Findings whose kind (or kind and quadrant) no supported claim names."""
    found: int
    """Truth items named by a supported claim; a kind, and a kind in a quadrant, are items."""
    items: int
    """Truth items in all."""
    truth: frozenset[TruthItem] = frozenset()
    """These truth items."""
    named: frozenset[TruthItem] = frozenset()
    """Those of them that a supported claim names."""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Verdict of each claim, in order."""
        return tuple(j.verdict for j in self.judged)


def judge(claims: Sequence[Claim], case: Case) -> Judgement:
    """Hold claims against a case."""
    judged = tuple(judge_claim(claim, case) for claim in claims)
    said = [j.claim for j in judged if j.verdict == "supported" and j.claim.polarity]
    kinds, known = {c.kind for c in said}, read_vocabulary(case.modality).kinds
    found: set[TruthItem] = set()
    items: set[TruthItem] = set()
    missed = []
    for finding in case.findings:
        if finding.kind not in known:
            continue  # the vocabulary has no word for it: nobody can be asked to name it
        wanted: set[TruthItem] = {(finding.kind, None)}
        if "target" in finding.attributes:
            wanted.add((finding.attributes["target"], None))
        # There is one FAZ: its place is no news.
        if finding.zone and finding.zone.quadrant and not finding.kind.startswith("faz_"):
            wanted.add((finding.kind, finding.zone.quadrant))
        named = {i for i in wanted if i[0] in kinds and (i[1] is None or _named(i, said, case))}
        items |= wanted
        found |= named
        if named != wanted:
            missed.append(finding)
    return Judgement(
        judged=judged,
        missed=tuple(missed),
        found=len(found),
        items=len(items),
        truth=frozenset(items),
        named=frozenset(found),
    )


def _named(item: TruthItem, said: Sequence[Claim], case: Case) -> bool:
    place = Zone(quadrant=item[1])
    return any(
        c.kind == item[0]
        and c.zone is not None
        and c.zone.quadrant is not None
        and same_place(c.zone, place, case.laterality)
        for c in said
    )


def judge_claim(claim: Claim, case: Case) -> Judged:
    """Hold one claim against a case."""
    if claim.kind == "stage":
        return Judged(claim=claim, verdict=_judge_stage(claim, case))
    if isinstance(claim, ActionClaim):
        return _judge_action(claim, case)
    if claim.kind == "phase" or claim.kind in case.labels:
        return _judge_label(claim, case)
    if claim.kind in read_vocabulary(case.modality).measures:
        return _judge_measure(claim, case)
    if not claim.polarity:
        return _judge_absence(claim, case)
    return _judge_presence(claim, case)


def _judge_stage(claim: Claim, case: Case) -> Verdict:
    if case.stage is None:
        return "unsupported"
    same = claim.stage == case.stage
    if claim.severity and same and claim.polarity:
        if case.grade is None:
            return "unsupported"
        same = claim.severity == case.grade
    return "supported" if same == claim.polarity else "contradicted"


def _judge_label(claim: Claim, case: Case) -> Judged:
    """A phase, or an event that a frame is labelled with."""
    label = case.labels.get(claim.kind)
    if label is None:
        return Judged(claim=claim, verdict="unsupported")
    same = label == (claim.stage if claim.kind == "phase" else "true")
    verdict: Verdict = "supported" if same == claim.polarity else "contradicted"
    return Judged(claim=claim, verdict=verdict, measured=(f"label/{claim.kind}",))


def _judge_action(claim: ActionClaim, case: Case) -> Judged:
    own = [f for f in case.findings if f.kind == claim.kind]
    here = [
        f
        for f in own
        if f.attributes.get("verb") == claim.verb
        and claim.target in (None, f.attributes.get("target"))
    ]
    if here:
        verdict: Verdict = "supported" if claim.polarity else "contradicted"
        return Judged(claim=claim, verdict=verdict, findings=tuple(here))
    annotated = any(f.attributes for f in case.findings)
    if not (annotated if own else claim.kind in case.looked_for):
        return Judged(claim=claim, verdict="unsupported")
    return Judged(claim=claim, verdict="contradicted" if claim.polarity else "supported")


def _judge_measure(claim: Claim, case: Case) -> Judged:
    true = true_measure(case, claim.kind)
    layer = claim.layer is None or _same_layer(claim.layer, None, case)
    if true is None or claim.quantity is None or not layer:
        return Judged(claim=claim, verdict="unsupported")
    right = _compare(claim, true)
    findings = tuple(f for f in case.findings if claim.kind == "faz_area_mm2" and "faz" in f.kind)
    return Judged(
        claim=claim,
        verdict="supported" if right else "contradicted",
        findings=findings,
        measured=measure_evidence(case, claim.kind),
    )


def true_measure(case: Case, name: str) -> float | None:
    """A measure of the case; the FAZ area is also read from a finding of the FAZ."""
    value = case.measure(name)
    if value is None and name == "faz_area_mm2":
        areas = (f.values.get("area_mm2") for f in case.findings if f.kind == "faz_enlargement")
        value = next((a for a in areas if a is not None), None)
    return value


def _compare(claim: Claim, true: float) -> bool:
    said = claim.quantity or 0.0
    if claim.comparator in _BOUNDS:
        return _BOUNDS[claim.comparator](true, said)
    if claim.unit is None and claim.kind not in ("faz_area_mm2", "vessel_density"):
        return abs(said - true) <= COUNT_TOLERANCE
    absolute = AREA_TOLERANCE_MM2 if claim.unit == "mm²" else 0.0
    return abs(said - true) <= max(AREA_TOLERANCE * abs(true), absolute)


def _judge_absence(claim: Claim, case: Case) -> Judged:
    here, unsure = _matching(claim, case)
    if here:
        return Judged(claim=claim, verdict="contradicted", findings=tuple(here))
    known = claim.kind in case.looked_for and not unsure
    return Judged(claim=claim, verdict="supported" if known else "unsupported")


def _judge_presence(claim: Claim, case: Case) -> Judged:
    here, unsure = _matching(claim, case)
    if not here:
        known = claim.kind in case.looked_for and not unsure
        return Judged(claim=claim, verdict="contradicted" if known else "unsupported")
    if claim.quantity is None:
        return Judged(claim=claim, verdict="supported", findings=tuple(here))
    if claim.unit is None:
        kind = read_vocabulary(case.modality).kinds[claim.kind]
        if kind.category == "anatomy":
            return Judged(claim=claim, verdict="unsupported")  # acted upon, but not counted
        exact = kind.category == "instrument"
        right = claim.quantity == len(here) if exact else _compare(claim, len(here))
    else:
        areas = [f.values["area_mm2"] for f in here if "area_mm2" in f.values]
        if not areas:
            return Judged(claim=claim, verdict="unsupported")
        right = any(_compare(claim, area) for area in [*areas, sum(areas)])
    verdict: Verdict = "supported" if right else "contradicted"
    return Judged(claim=claim, verdict=verdict, findings=tuple(here))


def _same_side(said: str, true: str | None) -> bool | None:
    """Whether a side holds a finding's; None when the record does not say, or says one of both."""
    if true is None or (said == "bilateral" != true):
        return None
    return true in (said, "bilateral")


def _same_layer(said: str, own: str | None, case: Case) -> bool | None:
    """Whether a layer is a finding's own, or that of the image; None when neither is recorded."""
    known = [own] if own else layers_in(case.slab or "")
    return said == known[0] if len(known) == 1 else None


def _matching(claim: Claim, case: Case) -> tuple[list[Finding], bool]:
    """Findings of the claim's kind, place and severity; and whether others might be."""
    here: list[Finding] = []
    # An image of one layer does not show another.
    unsure = claim.layer is not None and _same_layer(claim.layer, None, case) is False
    for finding in case.findings:
        if claim.kind not in (finding.kind, finding.attributes.get("target")):
            continue
        place = True
        if claim.zone is not None:
            place = same_place(claim.zone, finding.zone or Zone(), case.laterality)
        elif claim.side is not None:
            place = _same_side(claim.side, finding.attributes.get("side"))
        if place is not False and claim.layer is not None:
            layer = _same_layer(claim.layer, finding.attributes.get("layer"), case)
            place = layer and place
        graded = claim.severity is None or finding.severity == claim.severity
        ungraded = claim.severity is not None and finding.severity is None
        if place and graded:
            here.append(finding)
        elif place is not False and (place is None or ungraded):
            unsure = True
    return here, unsure
