"""Facts to sentences: short, regular, in the closed vocabulary of the taxonomy.

Every sentence written here is read back by `retia.claims` without loss; a test holds both
together. `pick` chooses among phrasings.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retia.anatomy import RINGS
from retia.instructions.facts import Fact, name_of

Pick = Callable[[Sequence[str]], str]
"""Chooses one of several phrasings."""

_RING_NAMES = (*RINGS, "periphery")


@dataclass(frozen=True)
class Told:
    """A sentence and the evidence it rests on."""

    text: str
    evidence: tuple[str, ...] = ()


def tell(facts: Sequence[Fact], pick: Pick, modality: str = "octa") -> list[Told]:
    """Say all facts, section by section: FAZ, perfusion, vessels.

    Args:
        facts: From `facts_of`.
        pick: Chooses the phrasing of each sentence.
        modality: Whose names are used.
    """
    told = _tell_faz([f for f in facts if f.section == "faz"], pick)
    for section in ("perfusion", "vessels"):
        own = [f for f in facts if f.section == section]
        told += [present(f, pick, modality) for f in own if f.present]
        absent_kinds = [f.kind for f in own if not f.present]
        if absent_kinds:
            told.append(Told(absent(absent_kinds, pick, modality)))
    return told


def _tell_faz(facts: Sequence[Fact], pick: Pick) -> list[Told]:
    area = next((f for f in facts if f.kind == "faz_area_mm2"), None)
    large = next((f for f in facts if f.kind == "faz_enlargement"), None)
    odd = next((f for f in facts if f.kind == "faz_irregularity"), None)
    told = []
    state = None if large is None else ("enlarged" if large.present else "not enlarged")
    evidence = tuple(dict.fromkeys(id for f in (area, large) if f for id in f.evidence))
    if area and area.value is not None:
        size = area_text(area.value)
        if state is None:
            text = f"The FAZ area is {size}."
        else:
            text = pick(
                [
                    f"The FAZ area is {size} and it is {state}.",
                    f"The FAZ is {state}, with an area of {size}.",
                ]
            )
        told.append(Told(text, evidence))
    elif state:
        told.append(Told(f"The FAZ is {state}.", evidence))
    if odd:
        told.append(Told(f"The FAZ is {'irregular' if odd.present else 'regular'}.", odd.evidence))
    return told


def present(fact: Fact, pick: Pick, modality: str = "octa") -> Told:
    """Say that a kind is there, with severity or count, and where."""
    what = what_text(fact, modality)
    where = "" if fact.section == "faz" else place_text(fact.places)
    comma = "," if fact.kind == "microaneurysm" and len(fact.places) > 1 else ""
    texts = [
        f"There {be(fact)} {what}{comma}{where}.",
        f"{capital(what)} {be(fact)} seen{where}.",
    ]
    return Told(pick(texts), fact.evidence)


def be(fact: Fact) -> str:
    """The verb of a fact: `is` or `are`."""
    many = fact.kind == "tortuosity" or (fact.kind == "microaneurysm" and fact.count != 1)
    return "are" if many else "is"


def be_of(kind: str) -> str:
    """The verb of a kind in general: `are` for what is named in the plural."""
    return "are" if kind in ("microaneurysm", "tortuosity") else "is"


def what_text(fact: Fact, modality: str = "octa") -> str:
    """Words for what is there: `severe capillary dropout`, `5 microaneurysms`, `IRMA`."""
    if fact.kind == "microaneurysm":
        return f"{fact.count} {name_of(fact.kind, modality, plural=fact.count != 1)}"
    name = name_of(fact.kind, modality)
    return f"{fact.severity} {name}" if fact.severity else name


def absent(kinds: Sequence[str], pick: Pick, modality: str = "octa", where: str = "") -> str:
    """Say that kinds were looked for and are not there."""
    names = [_bare(kind, modality) for kind in kinds]
    listed = join([f"no {name}" for name in names])
    if len(kinds) > 1:
        return f"{capital(listed)} are seen{where}."
    verb = be_of(kinds[0])
    return pick([f"There {verb} {listed}{where}.", f"{capital(listed)} {verb} seen{where}."])


def _bare(kind: str, modality: str) -> str:
    name = name_of(kind, modality, plural=kind == "microaneurysm")
    return name.removeprefix("an ").removeprefix("a ")


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


def join(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]


def area_text(area_mm2: float) -> str:
    """An area as it is written: two decimals."""
    return f"{area_mm2:.2f} mm²"


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def eye_text(laterality: str | None) -> str:
    """Name of the eye: `a right eye`, `a left eye`, or `an eye`."""
    return {"OD": "a right eye", "OS": "a left eye"}.get(laterality or "", "an eye")
