"""The claims of one answer, read, judged and counted by kind and by place."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, get_args

from retia.claims import (
    ActionClaim,
    Agreement,
    Judged,
    agreement,
    consistent,
    extract,
    judge,
    judge_claim,
    judge_text,
    parse_answer,
    phase_in,
    stage_in,
)
from retia.claims.applicable import applicable
from retia.claims.places import same_place
from retia.errors import UserError
from retia.records import Case, Claim, Sentence
from retia.taxonomy import read_vocabulary

Facet = Literal["kind", "quadrant", "ring", "side", "organ"]
FACETS: tuple[Facet, ...] = get_args(Facet)
"""By what claims are told apart. `organ` is the case's, the others are the claim's."""

NOTHING = Agreement()


class Share(NamedTuple):
    """A count and what it is a share of."""

    part: float
    of: float


@dataclass(frozen=True, kw_only=True)
class ClaimRow:
    """One answer; what could not be measured is empty, and the reason stands there."""

    case: Case
    text: str
    cluster: str
    sentences: tuple[Sentence, ...] = ()
    """What it states, each sentence with its verdict."""
    claims: tuple[Judged, ...] = ()
    """Each firm claim once, with its verdict."""
    total: Agreement = NOTHING
    facets: dict[Facet, dict[str, Agreement]] = field(default_factory=dict)
    hedged: Agreement = NOTHING
    shares: dict[str, Share] = field(default_factory=dict)
    """What the answer adds to each rate; absent where it does not apply."""
    misplaced: int = 0
    undecided: int = 0
    clashes: tuple[str, ...] = ()
    """Kinds that are both affirmed and denied."""
    unjudged: str | None = None
    """Why its claims could not be held against the case."""
    unsettled: str | None = None
    """Why the answer could not be held against its own reasons."""

    @property
    def judged_by_truth(self) -> bool:
        """Whether its claims could be held against the case."""
        return self.unjudged is None


def read_claims(case: Case, text: str, cluster: str) -> ClaimRow:
    """Read and judge the claims of one answer."""
    row = ClaimRow(case=case, text=text, cluster=cluster)
    try:
        known = read_vocabulary(case.modality).kinds
    except UserError:
        reason = f"no vocabulary for {case.modality}"
        return replace(row, unjudged=reason, unsettled=reason)
    sentences, judgement = judge_text(text, case)
    firm = _once(j for j in judgement.judged if not j.claim.hedged)
    hedged = _once(j for j in judgement.judged if j.claim.hedged)
    clashes = clashing([j.claim for j in firm], case.laterality)
    conflict, unsettled = _conflict(text, case.modality)
    shares = {"clash": Share(bool(clashes), bool(firm))}
    if conflict is not None:
        shares["conflict"] = Share(conflict, 1)
    row = replace(row, clashes=clashes, unsettled=unsettled, shares=shares)
    if not (known and applicable(case)):
        return replace(row, unjudged="nothing is annotated that its claims could be held against")
    settled = judge([j.claim for j in firm], case)
    present, misplaced = _presences([j.claim for j in firm if j.claim.kind in known], case)
    absent = [
        j.verdict
        for j in firm
        if j.claim.kind in known and not j.claim.polarity and not isinstance(j.claim, ActionClaim)
    ]
    shares |= {
        "hallucination": _denied(present),
        "over_denial": _denied(absent),
        "hedged": Share(len(hedged), len(hedged) + len(firm)),
    }
    return replace(
        row,
        sentences=tuple(sentences),
        claims=settled.judged,
        total=agreement(settled, case),
        facets=_facets(settled.judged, settled.truth, settled.named, case),
        hedged=_counted(hedged),
        shares=shares,
        misplaced=misplaced,
        undecided=present.count("unsupported"),
    )


def _once(judged: Iterable[Judged]) -> list[Judged]:
    """Each claim once, whatever sentences it stands in."""
    return list({replace(j.claim, span=None): j for j in reversed(list(judged))}.values())[::-1]


def _denied(verdicts: Sequence[str]) -> Share:
    """Those that the truth denies, of those that it can decide."""
    denied = verdicts.count("contradicted")
    return Share(denied, denied + verdicts.count("supported"))


def _counted(judged: Sequence[Judged], found: int = 0, items: int = 0) -> Agreement:
    verdicts = [j.verdict for j in judged]
    return Agreement(
        supported=verdicts.count("supported"),
        contradicted=verdicts.count("contradicted"),
        unsupported=verdicts.count("unsupported"),
        found=found,
        items=items,
    )


def _presences(claims: Iterable[Claim], case: Case) -> tuple[list[str], int]:
    """Verdicts of the claims that something is there, and how many denied ones are elsewhere.

    Number, area and degree are left out: three microaneurysms where there are five are miscounted,
    not made up.
    """
    bare = dict.fromkeys(
        Claim(kind=c.kind, zone=c.zone, side=c.side)
        for c in claims
        if c.polarity and not isinstance(c, ActionClaim)
    )
    verdicts = {claim: judge_claim(claim, case).verdict for claim in bare}
    there = {f.kind for f in case.findings} | {f.attributes.get("target") for f in case.findings}
    misplaced = [c for c, verdict in verdicts.items() if verdict == "contradicted"]
    return list(verdicts.values()), sum(claim.kind in there for claim in misplaced)


def _facets(
    judged: Sequence[Judged],
    truth: frozenset[tuple[str, str | None]],
    named: frozenset[tuple[str, str | None]],
    case: Case,
) -> dict[Facet, dict[str, Agreement]]:
    """Counts by kind, by place, and by the organ that the image is of.

    A ring or a side is no part of a truth item: nothing can be missed there.
    """
    organ = case.labels.get("organ") if read_vocabulary(case.modality).organs else None
    values: dict[Facet, list[tuple[str | None, Judged]]] = {
        "kind": [(j.claim.kind, j) for j in judged],
        "quadrant": [(j.claim.zone and j.claim.zone.quadrant, j) for j in judged],
        "ring": [(j.claim.zone and j.claim.zone.ring, j) for j in judged],
        "side": [(j.claim.side, j) for j in judged],
        "organ": [(organ, j) for j in judged],
    }
    items: dict[Facet, list[tuple[str | None, tuple[str, str | None]]]] = {
        "kind": [(item[0], item) for item in truth],
        "quadrant": [(item[1], item) for item in truth],
        "organ": [(organ, item) for item in truth],
    }
    found: dict[Facet, dict[str, Agreement]] = {}
    for facet in FACETS:
        claimed, wanted = values[facet], items.get(facet, [])
        for name in {n for n, _ in (*claimed, *wanted) if n}:
            own = [item for n, item in wanted if n == name]
            found.setdefault(facet, {})[name] = _counted(
                [j for n, j in claimed if n == name], sum(i in named for i in own), len(own)
            )
    return found


def _conflict(text: str, modality: str) -> tuple[bool | None, str | None]:
    """Whether an answer contradicts its own reasons, or why that cannot be said."""
    vocabulary = read_vocabulary(modality)
    if not (vocabulary.stages or vocabulary.phases):
        return None, f"{modality} has neither stages nor phases"
    answer = parse_answer(text, modality=modality)
    if answer is None:
        return None, "no answer can be read"
    settle = phase_in if vocabulary.phases else stage_in
    if settle(answer.answer, modality) is None:
        return None, "the answer names no stage or phase"
    reasons = extract(" ".join((answer.caption, *answer.reasoning)), modality)
    # As in `consistent`: a stage rests on findings, a phase on anything that is said.
    firm = [c for c in reasons if not c.hedged]
    if not any(vocabulary.phases or c.kind in vocabulary.kinds for c in firm):
        return None, "the reasons claim nothing"
    return not consistent(answer, modality), None


def clashing(claims: Sequence[Claim], laterality: str | None) -> tuple[str, ...]:
    """Kinds that claims both affirm and deny, in the same place and to the same degree.

    Two stages, or two phases, that are both affirmed clash too.
    """
    pairs = itertools.combinations(claims, 2)
    return tuple(dict.fromkeys(one.kind for one, other in pairs if _clash(one, other, laterality)))


def _clash(one: Claim, other: Claim, laterality: str | None) -> bool:
    if one.kind != other.kind or isinstance(one, ActionClaim) != isinstance(other, ActionClaim):
        return False
    if one.kind in ("stage", "phase") and one.polarity and other.polarity:
        graded = {one.severity, other.severity} - {None}
        return one.stage != other.stage or len(graded) > 1
    if one.polarity == other.polarity:
        return False
    seen, unseen = (one, other) if one.polarity else (other, one)
    if unseen.severity not in (None, seen.severity) or unseen.stage != seen.stage:
        return False
    if isinstance(seen, ActionClaim) and isinstance(unseen, ActionClaim):
        return seen.verb == unseen.verb and unseen.target in (None, seen.target)
    if unseen.side is not None and seen.side not in (unseen.side, "bilateral"):
        return False
    if unseen.layer not in (None, seen.layer):
        return False
    if unseen.zone is None:
        return True
    return seen.zone is not None and same_place(unseen.zone, seen.zone, laterality) is True
