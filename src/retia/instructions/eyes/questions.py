"""The question kinds of eyes, each with its answer, typed gold, region and evidence.

One function a question kind: `(case, voice) -> Turn`, or None where this case cannot be asked.
No question holds its answer; a question may take for granted that something is there only where
it asks for its box.
"""

from collections.abc import Callable

import retia.instructions.eyes.phrases as phrases
from retia.claims.evidence import evidence_of, measure_evidence
from retia.claims.verdicts import AREA_TOLERANCE
from retia.instructions.balance import AT, IS, LESS
from retia.instructions.eyes.facts import (
    Section,
    fact_of,
    facts_of,
    findings_of,
    located_kinds,
    name_of,
    places_of,
)
from retia.instructions.eyes.norms import PERCENTILE_OF
from retia.instructions.eyes.reasons import change_turn, why_turn
from retia.instructions.eyes.regions import box_turn, compare_turn, describe_turn, region_turn
from retia.instructions.eyes.wording import (
    EXACT,
    SEVERAL,
    Told,
    Voice,
    absent,
    bare_name,
    be_of,
    capital,
    general_name,
    number_word,
    place_text,
    present,
    stage_told,
    tell_faz,
    tell_section,
    usual_text,
)
from retia.instructions.turn import Turn, spoken
from retia.records import Case, Claim, Gold
from retia.taxonomy import read_vocabulary


def planned_turn(case: Case, key: str, there: bool, voice: Voice) -> Turn:
    """Ask a planned question by yes or no; `key` is one of a `Balance`."""
    if AT in key:
        return perfusion_at_turn(case, key.partition(AT)[2], there, voice)
    if IS in key:
        return why_turn(case, key.partition(IS)[2], there, voice)
    if LESS in key:
        return change_turn(case, key.partition(LESS)[2], there, voice)
    return presence_turn(case, key, there, voice)


def presence_turn(case: Case, kind: str, there: bool, voice: Voice) -> Turn:
    """Ask whether a kind is there."""
    be = be_of(kind)
    question = voice.ask(phrases.PRESENCE).format(
        be=be,
        Be=be.capitalize(),
        name=general_name(kind, case.modality),
        bare=bare_name(kind, case.modality),
    )
    if there:
        told = present(fact_of(case, kind), voice.say, case.modality)
    else:
        told = absent([kind], voice.say, case.modality)
    return _yes_no("presence", question, there, told)


def perfusion_at_turn(case: Case, place: str, there: bool, voice: Voice) -> Turn:
    """Ask whether there is capillary dropout in a quadrant."""
    kind, where = "capillary_dropout", place_text([place]).removeprefix(" in ")
    found = tuple(f for f in findings_of(case, kind) if places_of((f,)) == (place,))
    if there:
        told = present(fact_of(case, kind, found), voice.say, case.modality)
    else:
        told = absent([kind], voice.say, case.modality, place)
    return _yes_no("perfusion", voice.ask(phrases.PERFUSION_AT).format(place=where), there, told)


def _yes_no(kind: str, question: str, there: bool, told: Told) -> Turn:
    return Turn(
        question_kind=kind,
        question=question,
        gold=Gold(type="yes_no", value="yes" if there else "no"),
        **spoken([Told("Yes." if there else "No."), told]),
    )


def count_turn(case: Case, voice: Voice) -> Turn | None:
    """Ask how many microaneurysms there are: exact up to five, then at least how many."""
    kind = "microaneurysm"
    found = findings_of(case, kind)
    if not found and kind not in case.looked_for:
        return None
    count = len(found)
    bound = 0 if count <= EXACT else (EXACT if count <= SEVERAL else SEVERAL)
    if not found:
        told = absent([kind], voice.say, case.modality)
    else:
        number = number_word(bound) if bound else voice.say((str(count), number_word(count)))
        name = name_of(kind, case.modality, plural=count != 1)
        form = voice.say(phrases.PRESENT)
        what = f"{'more than ' if bound else ''}{number} {name}"
        text = form.format(
            **{"is": "is" if count == 1 else "are", "what": what, "What": capital(what)}, where=""
        )
        claim = Claim(kind=kind, quantity=float(bound or count), comparator=">" if bound else "=")
        told = Told(text, evidence_of(found), (claim,))
    return Turn(
        question_kind="count",
        question=voice.ask(phrases.COUNT),
        # Whoever says no more than the bound is right too, and so is the exact number.
        gold=Gold(
            type="number", value=float(count), tolerance=float(count - bound if bound else 0)
        ),
        **spoken([told]),
    )


def locate_turn(case: Case, voice: Voice) -> Turn | None:
    """Ask in which quadrants a kind is seen; in none is an answer too."""
    known = located_kinds(case.modality)
    kinds = [
        kind
        for kind in known
        if (found := findings_of(case, kind)) and all(f.zone and f.zone.quadrant for f in found)
    ]
    lacking = [k for k in known if k in case.looked_for and not findings_of(case, k)]
    kind = voice.rng.choice(kinds or [""])
    if lacking and (not kinds or voice.rng.random() < 0.25):
        kind = voice.rng.choice(lacking)
    if not kind:
        return None
    fact = fact_of(case, kind)
    if fact.findings:
        told = present(fact, voice.say, case.modality, precise=False)
    else:
        told = absent([kind], voice.say, case.modality)
    name = general_name(kind, case.modality)
    return Turn(
        question_kind="locate",
        question=voice.ask(phrases.LOCATE).format(be=be_of(kind), name=name),
        gold=Gold(type="set", value=fact.places),
        **spoken([told]),
    )


def faz_area_turn(case: Case, voice: Voice) -> Turn | None:
    """Ask for the area of the FAZ."""
    told = tell_faz([f for f in facts_of(case) if f.kind == "faz_area_mm2"], voice.say)
    return _faz(case, "faz_area", voice.ask(phrases.FAZ_AREA), told)


def faz_turn(case: Case, voice: Voice) -> Turn | None:
    """Ask for all that can be said of the FAZ."""
    return _faz(case, "faz", voice.ask(phrases.FAZ), faz_told(case, voice))


def faz_told(case: Case, voice: Voice) -> list[Told]:
    """Size of the FAZ, where that lies among healthy eyes, and its shape."""
    facts = [f for f in facts_of(case) if f.section == "faz"]
    return tell_faz(facts, voice.say, case.measure(PERCENTILE_OF["faz_area_mm2"]))


def _faz(case: Case, kind: str, question: str, told: list[Told]) -> Turn | None:
    area = case.measure("faz_area_mm2")
    if area is None:
        return None
    tolerance = round(AREA_TOLERANCE * area, 3)
    gold = Gold(type="number", value=round(area, 2), tolerance=tolerance, unit="mm²")
    return Turn(question_kind=kind, question=question, gold=gold, **spoken(told))


def perfusion_turn(case: Case, voice: Voice) -> Turn | None:
    """Ask for the perfusion; the gold is where it is lost."""
    kind = "capillary_dropout"
    found = findings_of(case, kind)
    if kind not in case.looked_for or any(f.zone is None or not f.zone.quadrant for f in found):
        return None
    facts = [f for f in facts_of(case) if f.kind == kind]
    told = [present(f, voice.say, case.modality, precise=False) for f in facts if f.present]
    told = told or [absent([kind], voice.say, case.modality)]
    return Turn(
        question_kind="perfusion",
        question=voice.ask(phrases.PERFUSION),
        gold=Gold(type="set", value=places_of(found)),
        **spoken([*told, *density_told(case, voice)]),
    )


def density_told(case: Case, voice: Voice) -> list[Told]:
    """The vessel density and where it lies among healthy eyes; nothing where that is unknown."""
    density = case.measure("vessel_density")
    share = case.measure(PERCENTILE_OF["vessel_density"])
    if density is None or share is None:
        return []
    value = f"{density:.2f}"
    text = voice.say(phrases.DENSITY).format(value=value, usual=f", {usual_text(share, voice.say)}")
    claim = Claim(kind="vessel_density", quantity=float(value))
    return [Told(text, measure_evidence(case, "vessel_density"), (claim,))]


def vessels_turn(case: Case, voice: Voice) -> Turn | None:
    """Ask which abnormalities of vessels there are, beside OCTA which lesions; none is one too."""
    section: Section = "vessels"
    facts = [f for f in facts_of(case) if f.section == section]
    if not facts:
        return None
    names = tuple(name_of(f.kind, case.modality) for f in facts if f.present)
    return Turn(
        question_kind=section,
        question=voice.ask(phrases.VESSELS if case.modality == "octa" else phrases.LESIONS),
        gold=Gold(type="set", value=names),
        **spoken(tell_section(facts, voice.say, case.modality)),
    )


def grade_turn(case: Case, voice: Voice) -> Turn | None:
    """Ask for the grade, or the stage where a stage has no grade."""
    if case.stage is None or (case.stage == "npdr" and case.grade is None):
        return None
    told = stage_told(case, ("{stage}",), voice.say)
    return Turn(
        question_kind="grade",
        question=voice.ask(phrases.GRADE),
        gold=Gold(type="text", value=told.text),
        **spoken([Told(f"{capital(told.text)}.", meaning=told.meaning)]),
    )


def report_turn(case: Case, voice: Voice) -> Turn | None:
    """Ask for a full report: FAZ, perfusion, vessels, stage."""
    if case.stage is None:
        return None
    told = faz_told(case, voice)
    for section in ("perfusion", "vessels"):
        facts = [f for f in facts_of(case) if f.section == section]
        told += tell_section(facts, voice.say, case.modality)
        told += density_told(case, voice) if section == "perfusion" else []
    return Turn(
        question_kind="report",
        question=voice.ask(phrases.REPORT),
        gold=Gold(type="stage", value=read_vocabulary(case.modality).stage_name(case.stage)),
        **spoken([*told, stage_told(case, phrases.CONCLUSION, voice.say)]),
    )


QUESTIONS: dict[str, Callable[[Case, Voice], Turn | None]] = {
    "faz": faz_turn,
    "faz_area": faz_area_turn,
    "perfusion": perfusion_turn,
    "vessels": vessels_turn,
    "locate": locate_turn,
    "count": count_turn,
    "compare": compare_turn,
    "describe": describe_turn,
    "box": box_turn,
    "region": region_turn,
    "grade": grade_turn,
    "report": report_turn,
}
ORDER = (
    *("faz_area", "faz", "perfusion", "vessels", "presence", "locate", "count", "compare"),
    *("describe", "box", "region", "report", "stage", "grade", "why", "change"),
)
"""Turns follow the reader's path: FAZ, perfusion and vessels, regions, the stage, its reason."""
