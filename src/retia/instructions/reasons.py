"""Why this stage and not the neighbouring one."""

import random

from retia.claims.evidence import evidence_of
from retia.instructions.facts import (
    LOCATED,
    fact_of,
    findings_of,
    name_of,
)
from retia.instructions.turn import Turn
from retia.instructions.wording import absent, be_of, capital, join, present
from retia.records import Case, Gold
from retia.taxonomy import read_vocabulary


def why_turn(case: Case, rng: random.Random) -> Turn | None:
    """Ask why it is this stage and not the neighbouring one."""
    vocabulary = read_vocabulary(case.modality)
    stages = list(vocabulary.stages)
    if case.stage not in stages:
        return None
    here = stages.index(case.stage)
    other = rng.choice([stages[i] for i in (here - 1, here + 1) if 0 <= i < len(stages)])
    reason = _reason(case, other, rng)
    if reason is None:
        return None
    text, values, evidence = reason
    this, that = vocabulary.stage_name(case.stage), vocabulary.stage_name(other)
    return Turn(
        question_kind="why",
        question=f"Why {this} and not {that}?",
        answer=f"{text} The stage is {this} and not {that}.",
        gold=Gold(type="set", value=values),
        evidence=(evidence, ()),
    )


def _reason(
    case: Case, other: str, rng: random.Random
) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
    vessels = findings_of(case, "neovascularization")
    if "pdr" in (case.stage, other):
        if case.stage == "pdr" and vessels:
            told = present(fact_of(case, "neovascularization"), rng.choice, case.modality)
            return told.text, ("neovascularization",), told.evidence
        if case.stage != "pdr" and not vessels and "neovascularization" in case.looked_for:
            text = absent(["neovascularization"], rng.choice, case.modality)
            return text, ("no neovascularization",), ()
        return None
    if case.stage == "healthy":
        if case.findings or not case.looked_for:
            return None
        kinds = [k for k in LOCATED if k in case.looked_for]
        names = tuple(f"no {name_of(k, case.modality)}" for k in kinds)
        return (absent(kinds, rng.choice, case.modality), names, ()) if kinds else None
    kinds = [k for k in read_vocabulary(case.modality).kinds if findings_of(case, k)]
    if not kinds:
        return None
    names = [name_of(k, case.modality, plural=k == "microaneurysm") for k in kinds]
    be = "are" if len(kinds) > 1 else be_of(kinds[0])
    return f"{capital(join(names))} {be} seen.", tuple(names), evidence_of(case.findings)
