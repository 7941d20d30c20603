"""Places in text: quadrants, halves, rings and clock hours; and layers of the retina's vessels."""

import re
from dataclasses import dataclass

from retia.claims.sentences import fold
from retia.records import Zone

_VERTICAL = {
    "superior": "superior",
    "upper": "superior",
    "inferior": "inferior",
    "lower": "inferior",
}
_VERTICAL |= {"supero": "superior", "infero": "inferior", "superiorly": "superior"}
_VERTICAL |= {"inferiorly": "inferior"}
_SIDE = {"temporal": "temporal", "nasal": "nasal", "left": "left", "right": "right"}
_SIDE |= {"temporally": "temporal", "nasally": "nasal"}
_RING = {"fovea": "fovea", "foveal": "fovea", "parafovea": "parafovea", "parafoveal": "parafovea"}
_RING |= {"perifovea": "perifovea", "perifoveal": "perifovea", "periphery": "periphery"}
_RING |= {"peripheral": "periphery"}


def _words(table: dict[str, str]) -> str:
    return "|".join(sorted(table, key=len, reverse=True))


_PLACE = re.compile(
    rf"\b(?:(?P<v1>{_words(_VERTICAL)})[\s-]?(?P<s1>{_words(_SIDE)})\b"
    rf"|(?P<s2>{_words(_SIDE)})[\s-](?P<v2>{_words(_VERTICAL)})\b"
    rf"|(?P<v3>{_words(_VERTICAL)})\b"
    rf"|(?P<s3>{_words(_SIDE)})\b(?!\s+eye)"
    rf"|(?P<ring>{_words(_RING)})\b(?!\s+avascular)"
    r"|(?P<clock>1[0-2]|[1-9])\s*o'?\s*clock)"
)
_LAYER_NAME = (
    r"(?:(?:capillary|vascular|retinal|vessel)\s+)*(?:plexus(?:es)?|layers?|slabs?|complex(?:es)?|"
    r"networks?|beds?|one\b|octa|angiogra\w+)"
)
_LAYERS = {
    layer: re.compile(
        # "In the superficial and the deep plexus": the name stands once, at the end.
        rf"\b(?:{words})(?=(?:[\s,/]+(?:and|or|nor|but|as|well|in|the|both|not|superficial|middle|"
        rf"intermediate|deep|\w+ly)\b){{0,6}}[\s/]+{_LAYER_NAME})|\b(?:{short})\b"
    )
    for layer, words, short in (
        ("superficial", "superficial", "scp|svp|svc|scl"),
        ("intermediate", "intermediate|middle", "icp"),
        ("deep", "deep", "dcp|dvp|dvc|dcl"),
    )
}
_SPARING = re.compile(
    r"\b(?:not|spar(?:es|ed|ing)|except|excepting|without)(?:\s+(?:for|in|of|the|at|within))*\s+$"
)
_SPARED = re.compile(
    rf"(?:\s+{_LAYER_NAME})?\s*(?:(?:is|are|was|were|remains?|appears?)\s+)?(?:\w+ly\s+)?"
    r"(?:spared|unaffected|uninvolved|not (?:affected|involved))\b"
)
_BOTH_LAYERS = re.compile(
    r"\b(?:both|either|neither) (?:of the )?(?:plexus(?:es)?|layers?|slabs?)\b"
)
_JOINS = re.compile(r"\s*(?:quadrant\s+of\s+the|quadrant\s+in\s+the|quadrant,?)?\s*$")


@dataclass(frozen=True)
class Place:
    """A place named in a text."""

    start: int
    end: int
    zone: Zone


def places_in(text: str) -> list[Place]:
    """All places named in a text, in order.

    A half ("the temporal side") is a zone whose quadrant is one word. A ring joins the quadrant
    it directly follows ("the superior-temporal parafovea").
    """
    folded = fold(text)
    places: list[Place] = []
    for m in _PLACE.finditer(folded):
        ring = m["ring"]
        if ring and places and _may_join(places[-1], folded[places[-1].end : m.start()]):
            last = places.pop()
            zone = Zone(ring=_RING[ring], quadrant=last.zone.quadrant, clock=last.zone.clock)
            places.append(Place(last.start, m.end(), zone))
            continue
        places.append(Place(m.start(), m.end(), _zone(m)))
    return places


def layers_in(text: str, spared: bool = False) -> list[str]:
    """All layers of the retina's vessels named in a text, each once, from the inner to the outer.

    A layer is named by its plexus, slab or the like (`the deep capillary plexus`, `DCP`): a deep
    haemorrhage names none.

    Args:
        text: Or a part of a sentence.
        spared: Whether those are meant that are left out (`but not in the SCP`, `the SCP is
            spared`), or all others.
    """
    folded = fold(text)
    if _BOTH_LAYERS.search(folded):
        return [] if spared else ["superficial", "deep"]
    return [
        layer
        for layer, words in _LAYERS.items()
        if any(_is_spared(folded, m) == spared for m in words.finditer(folded))
    ]


def _is_spared(folded: str, layer: re.Match[str]) -> bool:
    before = _SPARING.search(folded, max(0, layer.start() - 30), layer.start())
    return before is not None or _SPARED.match(folded, layer.end()) is not None


def _may_join(last: Place, between: str) -> bool:
    return last.zone.ring is None and bool(_JOINS.fullmatch(between))


def _zone(m: re.Match[str]) -> Zone:
    if m["ring"]:
        return Zone(ring=_RING[m["ring"]])
    if m["clock"]:
        return Zone(clock=int(m["clock"]))
    vertical = m["v1"] or m["v2"] or m["v3"]
    side = m["s1"] or m["s2"] or m["s3"]
    parts = [_VERTICAL[vertical]] if vertical else []
    parts += [_SIDE[side]] if side else []
    return Zone(quadrant="-".join(parts))


def same_place(said: Zone, true: Zone, laterality: str | None) -> bool | None:
    """Whether a named place holds a true one.

    The quadrant decides; a ring or a clock hour only where no quadrant is named. A half holds both
    of its quadrants. Left and right (in the image) become nasal and temporal by laterality.

    Returns:
        None when the truth does not say where it is.
    """
    if said.quadrant is not None:
        if true.quadrant is None:
            return None
        return _sides(said.quadrant, laterality) <= _sides(true.quadrant, laterality)
    if said.ring is not None:
        return None if true.ring is None else said.ring == true.ring
    if said.clock is not None:
        if true.clock is None:
            return None
        return (said.clock - true.clock) % 12 in (0, 1, 11)
    return True


def _sides(quadrant: str, laterality: str | None) -> set[str]:
    nasal = {"OD": "right", "OS": "left"}.get(laterality or "")
    parts = set(quadrant.split("-"))
    if nasal is not None:
        for side in parts & {"left", "right"}:
            parts = parts - {side} | {"nasal" if side == nasal else "temporal"}
    return parts
