"""Whether an answer follows from its own reasons, whatever the truth."""

from collections.abc import Iterable

from retia.claims.actions import ActionClaim
from retia.claims.extract import extract
from retia.claims.phase import phase_in
from retia.claims.stage import stage_in
from retia.records import Answer, Claim, Finding
from retia.taxonomy import read_procedure, read_vocabulary, stage_of


def consistent(answer: Answer, modality: str = "octa") -> bool | None:
    """Whether the answer follows from its own caption and reasoning.

    - A stage must be the one that the taxonomy's stage rule gives for what the reasoning names.
    - A surgical phase must not be contradicted by the reasoning: no other phase is named and this
      one is not denied, nothing is both seen and not seen, and every instrument does to every
      target only what the procedure knows it to do.

    Hedged claims count for nothing. A reasoning without a single claim supports no answer.

    Returns:
        None where it does not apply: the modality has neither stages nor phases, or a surgical
        answer names no phase (it answers another question) or more than one.
    """
    vocabulary = read_vocabulary(modality)
    text = " ".join((answer.caption, *answer.reasoning))
    claims = [c for c in extract(text, modality) if not c.hedged]
    if vocabulary.phases:
        phase = phase_in(answer.answer, modality)
        return None if phase is None else bool(claims) and _fits(phase, claims, modality)
    if not vocabulary.stages:
        return None
    stage = stage_in(answer.answer, modality)
    claims = [c for c in claims if c.kind in vocabulary.kinds]
    if not claims or stage is None:
        return False
    return stage_of(_as_findings(claims))[0] == stage


def _fits(phase: str, claims: Iterable[Claim], modality: str) -> bool:
    """Whether a phase may be claimed beside these claims, and they beside each other."""
    triplets = read_procedure(modality).triplets
    seen: set[str] = set()
    unseen: set[str] = set()
    for claim in claims:
        if claim.kind == "phase":
            if claim.polarity != (claim.stage == phase):
                return False
        elif isinstance(claim, ActionClaim):
            action = (claim.kind, claim.verb, claim.target or "")
            if claim.polarity and claim.target and action not in triplets:
                return False
        else:
            (seen if claim.polarity else unseen).add(claim.kind)
    return not seen & unseen


def _as_findings(claims: Iterable[Claim]) -> list[Finding]:
    return [
        Finding(id=f"said-{i}", kind=c.kind, source="model", severity=c.severity, zone=c.zone)
        for i, c in enumerate(claims)
        if c.polarity
    ]
