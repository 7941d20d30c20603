"""The taxonomy's words as patterns, made once per modality."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from retia.claims.sentences import fold
from retia.claims.states import StateLexicon, read_states, state_mentions
from retia.claims.things import FAZ
from retia.taxonomy import Kind, read_procedure, read_vocabulary

_COUNTED = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    *("nineteen", "twenty"),
)
NUMBER_WORDS = {word: n for n, word in enumerate(_COUNTED)} | {"a single": 1, "single": 1}

COMPARATORS = {
    "no more than": "<=",
    "not more than": "<=",
    "at most": "<=",
    "at the most": "<=",
    "a maximum of": "<=",
    "maximally": "<=",
    "up to": "<=",
    "at least": ">=",
    "at the least": ">=",
    "a minimum of": ">=",
    "no fewer than": ">=",
    "no less than": ">=",
    "not fewer than": ">=",
    "not less than": ">=",
    "about": "~",
    "approximately": "~",
    "around": "~",
    "roughly": "~",
    "~": "~",
    "more than": ">",
    "greater than": ">",
    "upwards of": ">=",
    "in excess of": ">",
    "exceeding": ">",
    "exceeds": ">",
    "exceed": ">",
    "exceeded": ">",
    "larger than": ">",
    "bigger than": ">",
    "over": ">",
    "above": ">",
    "fewer than": "<",
    "less than": "<",
    "smaller than": "<",
    "under": "<",
    "below": "<",
    "\u2265": ">=",
    ">=": ">=",
    "\u2264": "<=",
    "<=": "<=",
    ">": ">",
    "<": "<",
}
SQUARE_MM = r"(?:mm\s?²|mm2\b|mm\^2|sq(?:uare|\.)? ?(?:mm|millimet(?:er|re)s?))"
NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)"
COMPARE = "|".join(map(re.escape, sorted(COMPARATORS, key=len, reverse=True)))

# What has a kind's word in it and means something else, by modality.
_OTHERWISE = {
    "octa": ("vessel-free", "capillary-free zone", "vessel-free zone", "avascular zone"),
    "radiology": (
        *("mass effect", "pericardial effusion", "joint effusion", "thyroid nodule"),
        *("vertebral collapse", "vertebral body collapse", "collapse of the vertebra"),
        *("mediastinal shift", "tracheal shift", "shift of the mediastinum"),
        *("bone mass", "muscle mass", "soft tissue mass effect", "stone age"),
    ),
}


# "A cystic duct and artery", "a preretinal or vitreous haemorrhage".
_JOINED_AFTER = re.compile(r"(?:\s+(?:and|or|nor)\s+(?:the\s+)?|/)(\w+)")
_USUAL = r"(?:normal|ordinary|physiological|usual|within normal limits|unremarkable)"
_ORDINARY_BEFORE = re.compile(rf"\b(?<!not ){_USUAL}\s+(?:\w+\s+)?$")
_ORDINARY_AFTER = re.compile(
    rf"(?:\s*:|\s+(?:is|are|was|were|appears?|remains?))?\s*(?:{_USUAL}|not (?:increased|abnormal|"
    r"excessive|marked|raised))\b"
)
_HEADING = re.compile(r"\W*([a-z]+)\s*:")
_ONES = re.compile(r"\b([a-z]+) ones?\b")
_WORD = re.compile(r"[a-z]+")
_JOINED_BEFORE = re.compile(r"(?<![\w-])([\w-]+)(?:\s+(?:and|or|nor)\s+(?:an?\s+)?|/)$")


@dataclass(frozen=True)
class Mention:
    """A kind named in a folded sentence."""

    start: int
    end: int
    kind: str
    denied: bool | None = None
    """Set where the mention itself says so; None: the words around it decide."""
    severity: str | None = None


@dataclass(frozen=True)
class Lexicon:
    """Patterns of one modality."""

    names: re.Pattern[str]
    kinds: dict[str, str]
    """Names without blanks and hyphens, each with its kind; empty for what means another thing."""
    severities: tuple[str, ...]
    states: StateLexicon
    """Kinds that are said as the state of a thing."""
    measures: tuple[tuple[re.Pattern[str], str, str], ...]
    """(pattern with groups `cmp` and `n`, measure, unit)."""
    places: bool
    """Whether `nasal` and `left` are places: of the retina only."""
    graded: re.Pattern[str]
    """A severity right before a state: `moderately enlarged`."""
    sides: tuple[re.Pattern[str], dict[str, str]] | None = None
    """Words for the sides of the body, and the side of each; None where there are none."""
    instruments: frozenset[str] = frozenset()
    """Kinds that can do something; empty outside surgery."""

    @property
    def grades(self) -> str:
        """The severities as alternatives of a pattern; `(?!)`, which never matches, for none."""
        return "|".join(self.severities) or "(?!)"

    def kind_of(self, name: str) -> str | None:
        """The kind that a folded name calls, in the singular or with an `s`; None for none."""
        key = _key(name)
        return self.kinds.get(key, self.kinds.get(key[:-1]) if key.endswith("s") else None)

    def mentions(self, sentence: str) -> list[Mention]:
        """All kinds named in a folded sentence, in order, none overlapping another."""
        found = []
        for m in self.names.finditer(sentence):
            kind = self.kind_of(m[1])
            if not kind or (found and m.start() < found[-1].end):
                continue
            # "An MA-free retina" denies by itself.
            free = m.group().endswith("free")
            denied = free or (kind == "tortuosity" and _ordinary(sentence, m)) or None
            before = _JOINED_BEFORE.search(sentence, max(0, m.start() - 40), m.start())
            alone = before and (not found or found[-1].end <= before.start(1))
            if before and alone and (other := self.kind_of(f"{before[1]} {m[1].split()[-1]}")):
                found.append(Mention(before.start(1), before.end(1), other, denied))
            found.append(Mention(m.start(), m.end(), kind, denied))
            after = _JOINED_AFTER.match(sentence, m.end())
            if after and (other := self.kind_of(f"{m[1].split()[0]} {after[1]}")):
                found.append(Mention(after.start(1), after.end(1), other, denied))
        found = self._under_heading(sentence, found)
        spans = [(f.start, f.end, f.kind) for f in found]
        taken = {at for start, end, _ in spans for at in range(start, end)}
        for state in state_mentions(sentence, self.states, spans):
            if taken.isdisjoint(range(state.start, state.end)):
                grade = self.graded.search(sentence, max(0, state.start - 12), state.start)
                severity = grade[1] if grade else None
                found.append(Mention(state.start, state.end, state.kind, state.denied, severity))
        return sorted(found, key=lambda f: f.start)

    def _under_heading(self, sentence: str, found: list[Mention]) -> list[Mention]:
        """Mentions, where "exudates: hard none, soft two" and "but no soft ones" name kinds."""
        for m in _ONES.finditer(sentence):
            heads = [sentence[f.start : f.end].split()[-1] for f in found if f.end <= m.start()]
            if heads and (kind := self.kind_of(f"{m[1]} {heads[-1]}")):
                found = sorted([*found, Mention(m.start(), m.end(), kind)], key=lambda f: f.start)
        heading = _HEADING.match(sentence)
        if heading is None or not found or found[0].start != heading.start(1):
            return found
        taken = {at for f in found for at in range(f.start, f.end)}
        named = [
            Mention(m.start(), m.end(), kind)
            for m in _WORD.finditer(sentence, heading.end())
            if m.start() not in taken and (kind := self.kind_of(f"{m.group()} {heading[1]}"))
        ]
        return sorted([*found[1:], *named], key=lambda f: f.start) if named else found


def _ordinary(sentence: str, name: re.Match[str]) -> bool:
    """Whether the words around a property say that it is as it should be."""
    before = _ORDINARY_BEFORE.search(sentence, max(0, name.start() - 30), name.start())
    return before is not None or _ORDINARY_AFTER.match(sentence, name.end()) is not None


@functools.cache
def read_lexicon(modality: str) -> Lexicon:
    """Compile the patterns of a modality."""
    vocabulary = read_vocabulary(modality)
    entries = [(name, id) for id, kind in vocabulary.kinds.items() for name in kind_names(kind)]
    entries += event_names(modality)
    entries += [(fold(phrase), "") for phrase in _OTHERWISE.get(modality, ())]
    entries.sort(key=lambda pair: -len(pair[0]))
    severities = tuple(dict.fromkeys(w for k in vocabulary.kinds.values() for w in k.thresholds))
    graded = "|".join(severities) or "mild|moderate|severe"
    ids = frozenset(id for _, id in entries)
    return Lexicon(
        # A vocabulary without kinds finds nothing: `(?!)` never matches.
        names=re.compile(
            rf"(?<![\w-])({alternatives([flexible(name) for name, _ in entries]) or '(?!)'})"
            r"(?:[\s-]free\b(?! of| from)|-like)?(?![\w-])"
        ),
        kinds={_key(name): id for name, id in reversed(entries)},
        severities=severities,
        states=read_states(ids),
        measures=tuple(
            (pattern, id, unit)
            for id, (name, unit) in vocabulary.measures.items()
            for pattern in _measure_patterns(id, name, unit)
        ),
        places=bool(vocabulary.stages),
        graded=re.compile(rf"\b({graded})(?:ly)?\s+$"),
        sides=_sides(vocabulary.sides),
        instruments=frozenset(
            id for id, kind in vocabulary.kinds.items() if kind.category == "instrument"
        ),
    )


def alternatives(patterns: Sequence[str]) -> str:
    """Alternatives of a pattern, in their order, sorted out by their first letter for the time."""
    by_letter: dict[str, list[str]] = {}
    for pattern in patterns:
        by_letter.setdefault(pattern[0], []).append(pattern)
    return "|".join(
        f"(?={re.escape(letter)})(?:{'|'.join(own)})" for letter, own in by_letter.items()
    )


def _sides(words: dict[str, tuple[str, ...]]) -> tuple[re.Pattern[str], dict[str, str]] | None:
    sides = {fold(word): side for side, names in words.items() for word in names}
    if not sides:
        return None
    ordered = sorted(sides, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, ordered))})(?!\w)"), sides


def event_names(modality: str) -> list[tuple[str, str]]:
    """Words for the safety gates and red flags of a surgical procedure, folded, each with its id.

    Empty where the modality is no procedure.
    """
    if not read_vocabulary(modality).phases:
        return []
    procedure = read_procedure(modality)
    events = (*procedure.gates.values(), *procedure.red_flags.values())
    return [(fold(word), event.id) for event in events for word in (event.name, *event.synonyms)]


def kind_names(kind: Kind) -> list[str]:
    """All words for a kind, folded: id, name, plural and synonyms, without articles."""
    words = (kind.name, kind.plural, *kind.synonyms, kind.id.replace("_", " "))
    return list(dict.fromkeys(re.sub(r"^(?:an?|the) ", "", fold(w)) for w in words))


def _key(name: str) -> str:
    return re.sub(r"[\s-]+", "", name)


def flexible(name: str) -> str:
    """A pattern of a name: blanks and hyphens are one, and it may stand in the plural."""
    pattern = re.escape(name).replace(r"\-", r"[-\s]?").replace(r"\ ", r"[\s-]+")
    return pattern if name.endswith("s") or not name[-1].isalpha() else pattern + "s?"


def _measure_patterns(id: str, name: str, unit: str) -> tuple[re.Pattern[str], ...]:
    if id.startswith("faz_"):
        subject = FAZ
    elif id == "vessel_density":
        subject = (
            r"(?:(?:(?:vessel|vascular|capillary|perfusion|flow)[\s-])?densit(?:y|ies)|vd|pd|vad)"
        )
    else:
        subject = re.escape(fold(name))
    number = rf"(?P<cmp>{COMPARE})?\s*(?P<n>{NUMBER})\s*"
    if unit != "mm²":
        # A share is a percentage or has decimals: "density is low at 3 o'clock" gives none.
        number += (
            r"(?:(?P<percent>%|per ?cent)|(?<=\.\d)|(?<=\.\d\d)|(?<=\.\d{3}))(?!\d|\s*(?:mm|o'))"
        )
        return (re.compile(rf"\b{subject}\b(?:(?!{NUMBER}|;).){{0,60}}?{number}"),)
    gap = rf"(?:(?:(?!{NUMBER}|;).){{0,60}}?|[^;]{{0,90}}?\barea\b[^;\d]{{0,20}}?)"
    behind = rf"\b{subject}\b{gap}{number}{SQUARE_MM}"
    before = rf"\barea (?:of )?{number}{SQUARE_MM},? (?:the |this )?{subject}\b"
    return re.compile(behind), re.compile(before)
