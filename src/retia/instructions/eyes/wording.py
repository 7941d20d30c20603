"""Facts to sentences, in the closed vocabulary of the taxonomy.

Every sentence knows its evidence and the claims it was written from, and is read back by
`retia.claims` as just these; a test holds both together. `pick` chooses among phrasings.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import retia.instructions.eyes.phrases as phrases
from retia.anatomy import RINGS, describe_zone
from retia.instructions.eyes.facts import Fact, name_of
from retia.instructions.eyes.norms import usual_band
from retia.records import Case, Claim, Finding, Zone
from retia.taxonomy import read_vocabulary

Pick = Callable[[Sequence[str]], str]
"""Chooses one of several phrasings."""


@dataclass(frozen=True)
class Voice:
    """How one sample is worded."""

    rng: random.Random
    plain: bool = False
    """Whether answers keep to the first phrasing and questions to the first two."""

    def say(self, texts: Sequence[str]) -> str:
        """Choose the phrasing of a sentence."""
        return texts[0] if self.plain else self.rng.choice(texts)

    def ask(self, texts: Sequence[str]) -> str:
        """Choose the phrasing of a question."""
        return self.rng.choice(texts[:2] if self.plain else texts)


EXACT = 5
"""Up to here things are counted; beyond, the count is said in words."""
SEVERAL = 10
"""Up to here there are several, beyond there are many."""
SMALLEST_MM2 = 0.01
"""Smaller areas are not said: two decimals would make nothing of them."""
_NUMBERS = ("no", "one", "two", "three", "four", "five")
_RING_NAMES = (*RINGS, "periphery")
_PLURAL = ("microaneurysm", "tortuosity", "haemorrhage", "hard_exudate", "soft_exudate")
_PLURAL += ("preretinal_haemorrhage", "vitreous_haemorrhage", "fibrous_proliferation")
"""Kinds that are spoken of in the plural."""


@dataclass(frozen=True)
class Told:
    """A sentence, the evidence it rests on and what it says."""

    text: str
    evidence: tuple[str, ...] = ()
    meaning: tuple[Claim, ...] = ()


def tell(facts: Sequence[Fact], pick: Pick, modality: str = "octa") -> list[Told]:
    """Say all facts, section by section: FAZ, perfusion, vessels.

    Args:
        facts: From `facts_of`.
        pick: Chooses the phrasing of each sentence.
        modality: Whose names are used.
    """
    told = tell_faz([f for f in facts if f.section == "faz"], pick)
    for section in ("perfusion", "vessels"):
        told += tell_section([f for f in facts if f.section == section], pick, modality)
    return told


def tell_section(facts: Sequence[Fact], pick: Pick, modality: str) -> list[Told]:
    """Say what is present, the most important first, and then what is absent."""
    told = [present(f, pick, modality) for f in facts if f.present]
    lacking = [f.kind for f in facts if not f.present]
    return [*told, absent(lacking, pick, modality)] if lacking else told


def tell_faz(facts: Sequence[Fact], pick: Pick, usual: float | None = None) -> list[Told]:
    """Say size and shape of the FAZ.

    Args:
        facts: Of the section `faz`.
        pick: Chooses the phrasing of each sentence.
        usual: Share of healthy eyes whose FAZ is smaller; said where it is given.
    """
    area = next((f for f in facts if f.kind == "faz_area_mm2"), None)
    large = next((f for f in facts if f.kind == "faz_enlargement"), None)
    odd = next((f for f in facts if f.kind == "faz_irregularity"), None)
    told = []
    state = None if large is None else ("enlarged" if large.present else "not enlarged")
    evidence = tuple(dict.fromkeys(id for f in (area, large) if f for id in f.evidence))
    meaning = () if large is None else (Claim(kind=large.kind, polarity=large.present),)
    if area and area.value is not None:
        size = area_text(area.value)
        forms = phrases.FAZ_SIZE if state is None else phrases.FAZ_BOTH
        number = Claim(kind="faz_area_mm2", quantity=round(area.value, 2), unit="mm²")
        text = pick(forms).format(size=size, state=state)
        told.append(Told(text, evidence, (*meaning, number)))
        if usual is not None:
            told.append(Told(f"That is {usual_text(usual, pick)}.", evidence))
    elif state:
        told.append(Told(pick(phrases.FAZ_STATE).format(state=state), evidence, meaning))
    if odd:
        state = "irregular" if odd.present else "regular"
        meaning = (Claim(kind=odd.kind, polarity=odd.present),)
        told.append(Told(pick(phrases.FAZ_SHAPE).format(state=state), odd.evidence, meaning))
    return told


def usual_text(share: float, pick: Pick) -> str:
    """Words for where a measure lies among healthy eyes, of which `share` lie below it."""
    return pick(phrases.USUAL[usual_band(share, phrases.USUAL)])


def present(fact: Fact, pick: Pick, modality: str = "octa", precise: bool = True) -> Told:
    """Say that a kind is there, with severity or count, and where.

    Args:
        fact: What is present.
        pick: Chooses the phrasing.
        modality: Whose names are used.
        precise: Whether ring, clock hour and area may be said of a single finding.
    """
    is_faz = fact.kind.startswith("faz_")
    single = fact.findings[0] if precise and len(fact.findings) == 1 else None
    zones, wheres = _wheres(fact, single)
    where = pick(wheres)
    what, meaning = _counted(fact, modality, pick, precise)
    areas = [f.values["area_mm2"] for f in fact.findings if "area_mm2" in f.values]
    area = sum(areas)
    if precise and area >= SMALLEST_MM2 and len(areas) == len(fact.findings) and not is_faz:
        sized = pick((what, f"{what} of {area_text(area)}"))
        if sized != what:
            meaning += (Claim(kind=fact.kind, quantity=round(area, 2), unit="mm²"),)
        what = sized
    forms = (*phrases.PRESENT, *(phrases.PRESENT_AT if where else ()))
    text = pick(forms).format(
        **{"is": be(fact), "what": what, "What": capital(what)},
        where=where,
        Where=capital(where.strip()),
    )
    said = zones[wheres.index(where)]
    placed = tuple(Claim(kind=fact.kind, zone=zone, severity=fact.severity) for zone in said)
    meaning += placed or (Claim(kind=fact.kind, severity=fact.severity),)
    return Told(text, fact.evidence, meaning)


def _wheres(fact: Fact, single: Finding | None) -> tuple[list[tuple[Zone, ...]], list[str]]:
    """Ways to say where a fact is: the places of each, and its words."""
    if fact.section == "faz" or not fact.places:
        return [()], [""]
    zones = [tuple(map(_place_zone, fact.places))]
    wheres = [place_text(fact.places)]
    if single is not None and single.zone is not None and single.zone.quadrant:
        if single.zone.ring:
            zones.append((Zone(ring=single.zone.ring, quadrant=single.zone.quadrant),))
            wheres.append(f" in {describe_zone(single.zone)}")
        if single.zone.clock and fact.kind != "reduced_density":  # "density at 3" is a number
            zones.append((*zones[0], Zone(clock=single.zone.clock)))
            wheres.append(f"{wheres[0]} at {single.zone.clock} o'clock")
    return zones, wheres


def _place_zone(place: str) -> Zone:
    return Zone(ring=place) if place in _RING_NAMES else Zone(quadrant=place)


def _counted(fact: Fact, modality: str, pick: Pick, precise: bool) -> tuple[str, tuple[Claim, ...]]:
    """What is there, counted where it can be; and the claim of the count."""
    if fact.kind != "microaneurysm" or (fact.count > EXACT and not precise):
        return what_text(fact, modality), ()
    if fact.count > EXACT:
        words = what_text(fact, modality)
        bound = EXACT if fact.count <= SEVERAL else SEVERAL
        more = f"more than {number_word(bound)} {name_of(fact.kind, modality, plural=True)}"
        chosen = pick((words, more))
        claim = Claim(kind=fact.kind, quantity=float(bound), comparator=">")
        return chosen, (claim,) if chosen == more else ()
    name = name_of(fact.kind, modality, plural=fact.count != 1)
    count = pick((str(fact.count), number_word(fact.count)))
    return f"{count} {name}", (Claim(kind=fact.kind, quantity=float(fact.count)),)


def number_word(number: int) -> str:
    """A number up to ten in words."""
    return {10: "ten"}.get(number) or _NUMBERS[number]


def amount_word(count: int) -> str:
    """A count as it is said: exact up to `EXACT`, then `several` (to `SEVERAL`) or `many`."""
    return str(count) if count <= EXACT else ("several" if count <= SEVERAL else "many")


def be(fact: Fact) -> str:
    """The verb of a fact: `is` or `are`."""
    return "are" if fact.kind in _PLURAL and not _is_one(fact) else "is"


def _is_one(fact: Fact) -> bool:
    return fact.kind == "microaneurysm" and fact.count == 1


def be_of(kind: str) -> str:
    """The verb of a kind in general: `are` for what is named in the plural."""
    return "are" if kind in _PLURAL else "is"


def what_text(fact: Fact, modality: str = "octa") -> str:
    """Words for what is there: `severe capillary dropout`, `5 microaneurysms`, `IRMA`."""
    if fact.kind == "microaneurysm":
        return f"{amount_word(fact.count)} {name_of(fact.kind, modality, plural=not _is_one(fact))}"
    name = general_name(fact.kind, modality)
    return f"{fact.severity} {name}" if fact.severity else name


def general_name(kind: str, modality: str) -> str:
    """Name of a kind, in the plural where it is spoken of so."""
    return name_of(kind, modality, plural=kind in _PLURAL)


def absent(kinds: Sequence[str], pick: Pick, modality: str = "octa", place: str = "") -> Told:
    """Say that kinds were looked for and are not there.

    Args:
        kinds: At least one.
        pick: Chooses the phrasing.
        modality: Whose names are used.
        place: A quadrant or ring, where only that is meant.
    """
    names = [bare_name(kind, modality) for kind in kinds]
    if len(names) == 1:
        form, words = pick(phrases.ABSENT), {"is": be_of(kinds[0]), "name": names[0]}
        words |= {"Name": capital(names[0])}
    else:
        form = pick(phrases.ALL_ABSENT)
        words = {
            "Noes": capital(join([f"no {name}" for name in names])),
            "ors": join(names, "or"),
            "Ands": capital(join(names)),
        }
    text = form.format(**words, where=place_text([place] if place else []))
    zone = _place_zone(place) if place else None
    meaning = tuple(Claim(kind=kind, polarity=False, zone=zone) for kind in kinds)
    return Told(text, (), meaning)


def bare_name(kind: str, modality: str) -> str:
    """Name of a kind without an article."""
    return general_name(kind, modality).removeprefix("an ").removeprefix("a ")


def stage_told(case: Case, forms: Sequence[str], pick: Pick, **words: str) -> Told:
    """Say the stage of a case; `words` are those of the forms beside `stage`."""
    graded = f"{case.grade} " if case.grade else ""
    name = read_vocabulary(case.modality).stage_name(case.stage or "")
    text = pick(forms).format(stage=graded + name, **words)
    return Told(text, (), (Claim(kind="stage", stage=case.stage, severity=case.grade),))


def place_text(places: Sequence[str]) -> str:
    """Words for places: ` in the superior-nasal and inferior-nasal quadrants`; empty for none."""
    if not places:
        return ""
    quadrants = [p for p in places if p not in _RING_NAMES]
    rings = [f"the {p}" for p in places if p in _RING_NAMES]
    parts = []
    if quadrants:
        parts.append(f"the {join(quadrants)} quadrant{'s' if len(quadrants) > 1 else ''}")
    return " in " + join(parts + rings)


def join(parts: Sequence[str], word: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def area_text(area_mm2: float) -> str:
    """An area as it is written: two decimals."""
    return f"{area_mm2:.2f} mm²"


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def eye_text(laterality: str | None) -> str:
    """Name of the eye: `a right eye`, `a left eye`, or `an eye`."""
    return {"OD": "a right eye", "OS": "a left eye"}.get(laterality or "", "an eye")
