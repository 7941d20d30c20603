"""The question kinds, each with its answer, typed gold, region and evidence.

One function a question kind: `(case, rng) -> Turn`, or None where this case cannot be asked.
No question holds its answer; a question may take for granted that something is there only where
it asks for its box.
"""

import random
from collections.abc import Callable

from retia.claims.evidence import evidence_of
from retia.claims.verdicts import AREA_TOLERANCE
from retia.instructions.facts import (
    LOCATED,
    fact_of,
    facts_of,
    findings_of,
    name_of,
)
from retia.instructions.reasons import why_turn
from retia.instructions.regions import box_turn, compare_turn, describe_turn, region_turn
from retia.instructions.turn import Turn
from retia.instructions.wording import (
    absent,
    area_text,
    be_of,
    capital,
    place_text,
    present,
    what_text,
)
from retia.records import Case, Gold


def presence_turn(case: Case, kind: str, there: bool, rng: random.Random) -> Turn:
    """Ask whether a kind is there."""
    name = name_of(kind, case.modality, plural=kind == "microaneurysm")
    be = be_of(kind)
    question = rng.choice([f"{be.capitalize()} there {name}?", f"{be.capitalize()} {name} seen?"])
    found = findings_of(case, kind)
    if there:
        sentence = present(fact_of(case, kind), rng.choice, case.modality).text
    else:
        sentence = absent([kind], rng.choice, case.modality)
    return Turn(
        question_kind="presence",
        question=question,
        answer=f"{'Yes' if there else 'No'}. {sentence}",
        gold=Gold(type="yes_no", value="yes" if there else "no"),
        evidence=((), evidence_of(found)),
    )


def count_turn(case: Case, rng: random.Random) -> Turn | None:
    """Ask how many microaneurysms there are."""
    found = findings_of(case, "microaneurysm")
    if not found and "microaneurysm" not in case.looked_for:
        return None
    question = rng.choice(
        ["How many microaneurysms are there?", "How many microaneurysms are seen?"]
    )
    if found:
        words = what_text(fact_of(case, "microaneurysm"), case.modality)
        answer = f"There {'is' if len(found) == 1 else 'are'} {words}."
    else:
        answer = absent(["microaneurysm"], rng.choice, case.modality)
    return Turn(
        question_kind="count",
        question=question,
        answer=answer,
        gold=Gold(type="number", value=float(len(found)), tolerance=0.0),
        evidence=(evidence_of(found),),
    )


def locate_turn(case: Case, rng: random.Random) -> Turn | None:
    """Ask in which quadrants a kind is seen; in none is an answer too."""
    kinds = [
        kind
        for kind in LOCATED
        if (found := findings_of(case, kind)) and all(f.zone and f.zone.quadrant for f in found)
    ]
    lacking = [k for k in LOCATED if k in case.looked_for and not findings_of(case, k)]
    if lacking and (not kinds or rng.random() < 0.25):
        kind = rng.choice(lacking)
        return _locate(case, kind, absent([kind], rng.choice, case.modality), ())
    if not kinds:
        return None
    kind = rng.choice(kinds)
    fact = fact_of(case, kind)
    name = name_of(kind, case.modality, plural=kind == "microaneurysm")
    be = be_of(kind)
    return _locate(case, kind, f"{capital(name)} {be} seen{place_text(fact.places)}.", fact.places)


def _locate(case: Case, kind: str, answer: str, places: tuple[str, ...]) -> Turn:
    name = name_of(kind, case.modality, plural=kind == "microaneurysm")
    be = be_of(kind)
    return Turn(
        question_kind="locate",
        question=f"In which quadrants {be} {name} seen?",
        answer=answer,
        gold=Gold(type="set", value=places),
        evidence=(evidence_of(findings_of(case, kind)),),
    )


def faz_turn(case: Case, rng: random.Random) -> Turn | None:
    """Ask for the area of the FAZ."""
    area = case.measure("faz_area_mm2")
    if area is None:
        return None
    fact = next(f for f in facts_of(case) if f.kind == "faz_area_mm2")
    value = round(area, 2)
    return Turn(
        question_kind="faz_area",
        question=rng.choice(["How large is the FAZ?", "What is the FAZ area?"]),
        answer=f"The FAZ area is {area_text(area)}.",
        gold=Gold(
            type="number", value=value, tolerance=round(AREA_TOLERANCE * area, 3), unit="mm²"
        ),
        evidence=(fact.evidence,),
    )


QUESTIONS: dict[str, Callable[[Case, random.Random], Turn | None]] = {
    "count": count_turn,
    "locate": locate_turn,
    "describe": describe_turn,
    "box": box_turn,
    "region": region_turn,
    "faz_area": faz_turn,
    "compare": compare_turn,
    "why": why_turn,
}
ORDER = (
    "faz_area",
    "presence",
    "locate",
    "count",
    "compare",
    "describe",
    "box",
    "region",
    "stage",
    "why",
)
"""Turns follow the reader's path: FAZ, perfusion and vessels, regions, the stage, its reason."""
