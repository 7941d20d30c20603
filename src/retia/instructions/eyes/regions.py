"""Questions about parts of the image: quadrants and boxes.

As in `questions.py`: `(case, voice) -> Turn`, or None where this case cannot be asked.
"""

from dataclasses import replace

import retia.instructions.eyes.phrases as phrases
from retia.anatomy import describe_zone
from retia.claims.boxes import intersection, overlap_of_smaller
from retia.claims.evidence import evidence_of
from retia.instructions.eyes.facts import (
    facts_of,
    findings_of,
    located_kinds,
    name_of,
    place_of,
    quadrants_of,
)
from retia.instructions.eyes.wording import (
    EXACT,
    Told,
    Voice,
    absent,
    be_of,
    capital,
    general_name,
    join,
    what_text,
)
from retia.instructions.turn import Turn, spoken
from retia.records import Case, Claim, Finding, Gold, Zone
from retia.records.case import Box

BOXED = ("capillary_dropout", "neovascularization", "irma")
"""Kinds of OCTA of a size that a box can show."""
EMPTY_PX = (10, 16, 24, 40)
"""Widths of boxes in which nothing lies: of a microaneurysm up to that of a dropout."""
EMPTY_SHARE = 0.2
"""How often an empty box is asked for rather than one of a lesion: about as often as each kind."""
SMALLEST_FIELD_PX = 256
"""Images are at least this large; an empty box does not leave them."""
PLACES_TRIED = 8
CLEARLY_MORE = 1.5
"""A quadrant is said to have more only with this many times the area of the other."""


def describe_turn(case: Case, voice: Voice) -> Turn | None:
    """Ask what a quadrant shows."""
    if not case.looked_for:
        return None
    known = located_kinds(case.modality)
    quadrant = voice.rng.choice(quadrants_of(case.laterality))
    inside = tuple(f for f in case.findings if place_of(f) == quadrant and f.kind in known)
    if any(f.zone is None or f.zone.quadrant is None for f in case.findings if f.kind in known):
        return None  # nobody knows whether those lie here
    if inside:
        told = _shown(case, quadrant, inside, voice)
    else:
        kinds = [k for k in known if k in case.looked_for]
        if not kinds:
            return None
        told = absent(kinds, voice.say, case.modality, quadrant)
    names = tuple(name_of(k, case.modality) for k in dict.fromkeys(f.kind for f in inside))
    return Turn(
        question_kind="describe",
        question=voice.ask(phrases.DESCRIBE).format(place=quadrant),
        gold=Gold(type="set", value=names),
        **spoken([told]),
    )


def _shown(case: Case, quadrant: str, inside: tuple[Finding, ...], voice: Voice) -> Told:
    facts = [f for f in facts_of(_only(case, inside)) if f.present and f.findings]
    things = join([what_text(fact, case.modality) for fact in facts])
    text = voice.say(phrases.SHOWS).format(place=quadrant, things=things)
    zone = Zone(quadrant=quadrant)
    meaning = [Claim(kind=f.kind, zone=zone, severity=f.severity) for f in facts]
    exact = [f for f in facts if f.kind == "microaneurysm" and f.count <= EXACT]
    meaning += [Claim(kind=f.kind, quantity=float(f.count)) for f in exact]
    return Told(text, evidence_of(inside), tuple(meaning))


def box_turn(case: Case, voice: Voice) -> Turn | None:
    """Ask for the box of the largest finding of a kind."""
    large = BOXED if case.modality == "octa" else located_kinds(case.modality)
    boxed = [f for f in case.findings if f.box_px and f.kind in large]
    if not boxed:
        return None
    kind = voice.rng.choice(sorted({f.kind for f in boxed}))
    largest = max((f for f in boxed if f.kind == kind), key=_box_area)
    several = sum(f.kind == kind for f in boxed) > 1
    name = name_of(kind, case.modality)
    what = f"the largest {'area of ' if kind in BOXED else ''}{name}" if several else f"the {name}"
    box = _whole_pixels(largest.box_px)
    return Turn(
        question_kind="box",
        question=voice.ask(phrases.BOX).format(what=what),
        gold=Gold(type="box", value=",".join(map(str, box)), tolerance=0.5),
        roi_px=largest.box_px,
        **spoken([Told(_box_text(box), evidence_of((largest,)))]),
    )


def region_turn(case: Case, voice: Voice) -> Turn | None:
    """Ask what lies in a box that holds findings of one kind only, or nothing."""
    boxed = [f for f in case.findings if f.box_px and f.kind in located_kinds(case.modality)]
    clear = [f for f in boxed if _alone(f, case)]
    kinds = sorted({f.kind for f in clear})
    kind = voice.rng.choice(kinds) if kinds else None
    empty = _empty_box(case, voice) if voice.rng.random() < EMPTY_SHARE else None
    if kind is None and empty is None:
        return None
    if kind is None or empty is not None:
        box, gold = empty, ()
        told = Told(voice.say(phrases.NOTHING))
    else:
        finding = voice.rng.choice([f for f in clear if f.kind == kind])
        box, gold = finding.box_px, (name_of(kind, case.modality),)
        told = _held(case, finding, voice)
    return Turn(
        question_kind="region",
        question=voice.ask(phrases.REGION).format(box=_box_text(_whole_pixels(box))),
        gold=Gold(type="set", value=gold),
        roi_px=box,
        **spoken([told]),
    )


def _held(case: Case, finding: Finding, voice: Voice) -> Told:
    kind, name = finding.kind, general_name(finding.kind, case.modality)
    graded = finding.severity if kind == "capillary_dropout" else None
    what = f"{graded} {name}" if graded else name
    place = describe_zone(finding.zone)
    text = voice.say(phrases.PRESENT).format(
        **{"is": be_of(kind), "what": what, "What": capital(what)},
        where=f" in {place}" if place else "",
    )
    claim = Claim(kind=kind, zone=_said_zone(finding) if place else None, severity=graded)
    return Told(text, evidence_of((finding,)), (claim,))


def _empty_box(case: Case, voice: Voice) -> Box | None:
    """A box of the size of some lesion that touches no finding, within their bounds.

    None where not every finding has a box, or none of a few places is free.
    """
    boxes = [f.box_px for f in case.findings if f.kind in located_kinds(case.modality)]
    known = [box for box in boxes if box is not None]
    if not case.looked_for or len(known) < len(boxes):
        return None
    size, ratio = voice.rng.choice(EMPTY_PX), voice.rng.uniform(0.7, 1.4)
    bound = max([SMALLEST_FIELD_PX, *(box[2] for box in known), *(box[3] for box in known)])
    for _ in range(PLACES_TRIED):
        x0, y0 = (round(voice.rng.uniform(0, bound - size)) for _ in "xy")
        box = (float(x0), float(y0), float(x0 + size), float(y0 + max(6, round(size * ratio))))
        if box[3] <= bound and not any(intersection(box, other) for other in known):
            return box
    return None


def _said_zone(finding: Finding) -> Zone:
    zone = finding.zone or Zone()
    return Zone(ring=zone.ring, quadrant=zone.quadrant)


def compare_turn(case: Case, voice: Voice) -> Turn | None:
    """Ask which of two quadrants has more capillary dropout, or more microaneurysms."""
    turns = [_compare(case, "capillary_dropout", voice), _compare(case, "microaneurysm", voice)]
    made = [turn for turn in turns if turn is not None]
    return voice.rng.choice(made) if made else None


def _compare(case: Case, kind: str, voice: Voice) -> Turn | None:
    """Dropout is compared by its area, microaneurysms by their number."""
    amount = dict.fromkeys(quadrants_of(case.laterality), 0.0)
    found = findings_of(case, kind)
    for finding in found:
        place = place_of(finding)
        size = finding.values.get("area_mm2") if kind == "capillary_dropout" else 1.0
        if place not in amount or size is None:
            return None
        amount[place] += size
    pairs = [
        (more, less)
        for more in amount
        for less in amount
        if amount[more] > 0 and amount[more] >= CLEARLY_MORE * amount[less] and more != less
    ]
    if not pairs:
        return None
    more, less = voice.rng.choice(pairs)
    first, second = voice.rng.sample([more, less], 2)
    what = general_name(kind, case.modality)
    text = voice.say(phrases.MORE[what[-1] == "s"]).format(what=what, more=more, less=less)
    inside = tuple(f for f in found if place_of(f) in (more, less))
    claim = Claim(kind=kind, zone=Zone(quadrant=more))
    return Turn(
        question_kind="compare",
        question=voice.ask(phrases.COMPARE).format(what=what, first=first, second=second),
        gold=Gold(type="choice", value=more),
        **spoken([Told(text, evidence_of(inside), (claim,))]),
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


def _whole_pixels(box: Box | None) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = (round(v) for v in box or (0, 0, 0, 0))
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)


def _box_text(box: tuple[int, int, int, int]) -> str:
    return f"[{', '.join(map(str, box))}]"
