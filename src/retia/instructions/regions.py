"""Questions about parts of the image: quadrants and boxes.

As in `questions.py`: `(case, rng) -> Turn`, or None where this case cannot be asked.
"""

import random
from dataclasses import replace

from retia.anatomy import describe_zone
from retia.claims.boxes import overlap_of_smaller
from retia.claims.evidence import evidence_of
from retia.instructions.facts import (
    LOCATED,
    facts_of,
    findings_of,
    name_of,
    place_of,
    quadrants_of,
)
from retia.instructions.turn import Turn
from retia.instructions.wording import absent, capital, join, place_text, what_text
from retia.records import Case, Finding, Gold

BOXED = ("capillary_dropout", "neovascularization", "irma")
"""Kinds of a size that a box can show."""
CLEARLY_MORE = 1.5
"""A quadrant is said to have more only with this many times the area of the other."""


def describe_turn(case: Case, rng: random.Random) -> Turn | None:
    """Ask what a quadrant shows."""
    if not case.looked_for:
        return None
    quadrant = rng.choice(quadrants_of(case.laterality))
    inside = tuple(f for f in case.findings if place_of(f) == quadrant and f.kind in LOCATED)
    if any(f.zone is None or f.zone.quadrant is None for f in case.findings if f.kind in LOCATED):
        return None  # nobody knows whether those lie here
    question = rng.choice(
        [f"Describe the {quadrant} quadrant.", f"What does the {quadrant} quadrant show?"]
    )
    if inside:
        things = [
            what_text(fact, case.modality)
            for fact in facts_of(_only(case, inside))
            if fact.present and fact.findings
        ]
        answer = f"The {quadrant} quadrant shows {join(things)}."
    else:
        kinds = [k for k in LOCATED if k in case.looked_for]
        if not kinds:
            return None
        answer = absent(kinds, rng.choice, case.modality, where=place_text([quadrant]))
    names = tuple(name_of(k, case.modality) for k in dict.fromkeys(f.kind for f in inside))
    return Turn(
        question_kind="describe",
        question=question,
        answer=answer,
        gold=Gold(type="set", value=names),
        evidence=(evidence_of(inside),),
    )


def box_turn(case: Case, rng: random.Random) -> Turn | None:
    """Ask for the box of the largest finding of a kind."""
    boxed = [f for f in case.findings if f.box_px and f.kind in BOXED]
    if not boxed:
        return None
    kind = rng.choice(sorted({f.kind for f in boxed}))
    largest = max((f for f in boxed if f.kind == kind), key=_box_area)
    several = sum(f.kind == kind for f in boxed) > 1
    name = name_of(kind, case.modality)
    what = f"the largest area of {name}" if several else f"the {name}"
    box = _whole_pixels(largest)
    return Turn(
        question_kind="box",
        question=rng.choice([f"Where is {what}? Give the box.", f"Give the box of {what}."]),
        answer=_box_text(box),
        gold=Gold(type="box", value=",".join(map(str, box)), tolerance=0.5),
        roi_px=largest.box_px,
        evidence=(evidence_of((largest,)),),
    )


def region_turn(case: Case, rng: random.Random) -> Turn | None:
    """Ask what lies in a box that holds findings of one kind only."""
    boxed = [f for f in case.findings if f.box_px and f.kind in BOXED]
    clear = [f for f in boxed if _alone(f, case)]
    if not clear:
        return None
    kind = rng.choice(sorted({f.kind for f in clear}))
    finding = rng.choice([f for f in clear if f.kind == kind])
    graded = f"{finding.severity} " if kind == "capillary_dropout" and finding.severity else ""
    what = graded + name_of(kind, case.modality)
    place = describe_zone(finding.zone)
    return Turn(
        question_kind="region",
        question=f"What lies in the box {_box_text(_whole_pixels(finding))}?",
        answer=f"{capital(what)} is seen{' in ' + place if place else ''}.",
        gold=Gold(type="choice", value=name_of(kind, case.modality)),
        roi_px=finding.box_px,
        evidence=(evidence_of((finding,)),),
    )


def compare_turn(case: Case, rng: random.Random) -> Turn | None:
    """Ask which of two quadrants has more capillary dropout."""
    area = dict.fromkeys(quadrants_of(case.laterality), 0.0)
    dropout = findings_of(case, "capillary_dropout")
    for finding in dropout:
        place = place_of(finding)
        if place not in area or "area_mm2" not in finding.values:
            return None
        area[place] += finding.values["area_mm2"]
    pairs = [
        (more, less)
        for more in area
        for less in area
        if area[more] > 0 and area[more] >= CLEARLY_MORE * area[less] and more != less
    ]
    if not pairs:
        return None
    more, less = rng.choice(pairs)
    first, second = rng.sample([more, less], 2)
    return Turn(
        question_kind="compare",
        question=f"Which quadrant has more capillary dropout, {first} or {second}?",
        answer=f"There is more capillary dropout in the {more} quadrant.",
        gold=Gold(type="choice", value=more),
        evidence=(evidence_of(tuple(f for f in dropout if place_of(f) in (more, less))),),
    )


def _only(case: Case, findings: tuple[Finding, ...]) -> Case:
    return replace(case, findings=findings, looked_for=(), measures=())


def _box_area(finding: Finding) -> float:
    x0, y0, x1, y1 = finding.box_px or (0, 0, 0, 0)
    return (x1 - x0) * (y1 - y0)


def _alone(finding: Finding, case: Case) -> bool:
    others = (f for f in case.findings if f.box_px and f.kind != finding.kind)
    others = (f for f in others if not f.kind.startswith("faz_"))
    return all(overlap_of_smaller(finding.box_px, f.box_px) < 0.3 for f in others)  # type: ignore[arg-type]


def _whole_pixels(finding: Finding) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = (round(v) for v in finding.box_px or (0, 0, 0, 0))
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)


def _box_text(box: tuple[int, int, int, int]) -> str:
    return f"[{', '.join(map(str, box))}]"
