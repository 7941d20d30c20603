"""The taxonomy's words as patterns, made once per modality."""

import functools
import re
from dataclasses import dataclass

from retia.claims.sentences import fold
from retia.taxonomy import Kind, read_procedure, read_vocabulary

_COUNTED = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    *("nineteen", "twenty"),
)
NUMBER_WORDS = {word: n for n, word in enumerate(_COUNTED)} | {"a single": 1, "single": 1}

COMPARATORS = {
    "about": "~",
    "approximately": "~",
    "around": "~",
    "roughly": "~",
    "~": "~",
    "more than": ">",
    "over": ">",
    "above": ">",
    "fewer than": "<",
    "less than": "<",
    "under": "<",
    "below": "<",
}
SQUARE_MM = r"(?:mm\s?²|mm2\b|mm\^2|sq(?:uare|\.)? ?(?:mm|millimet(?:er|re)s?))"
NUMBER = r"\d+(?:\.\d+)?"
COMPARE = "|".join(re.escape(c) for c in COMPARATORS)

_FAZ = r"(?:faz|foveal avascular zone|avascular zone)"
# "The FAZ is enlarged" names a kind by subject and adjective: (subject, adjective, opposite, kind).
_PREDICATES = (
    (_FAZ, r"enlarged", r"of normal size", "faz_enlargement"),
    (_FAZ, r"irregular", r"regular", "faz_irregularity"),
    (r"vessel density", r"reduced", r"(?:normal|preserved)", "reduced_density"),
    (r"(?:vessels|capillaries)", r"tortuous", r"straight", "tortuosity"),
)


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
    """Group name to kind."""
    severities: tuple[str, ...]
    predicates: tuple[tuple[re.Pattern[str], str], ...]
    measures: tuple[tuple[re.Pattern[str], str, str], ...]
    """(pattern with groups `cmp` and `n`, measure, unit)."""
    places: bool
    """Whether `nasal` and `left` are places: of the retina only."""
    instruments: frozenset[str] = frozenset()
    """Kinds that can do something; empty outside surgery."""

    @property
    def grades(self) -> str:
        """The severities as alternatives of a pattern; `(?!)`, which never matches, for none."""
        return "|".join(self.severities) or "(?!)"

    def mentions(self, sentence: str) -> list[Mention]:
        """All kinds named in a folded sentence, in order, none overlapping another."""
        found = [
            Mention(m.start(), m.end(), self.kinds[m.lastgroup or ""])
            for m in self.names.finditer(sentence)
        ]
        for pattern, kind in self.predicates:
            for m in pattern.finditer(sentence):
                start, end = m.span("span")
                if not any(f.start < end and start < f.end for f in found):
                    denied = bool(m["not"]) != bool(m["opposite"])
                    found.append(Mention(start, end, kind, denied, m["severity"]))
        return sorted(found, key=lambda f: f.start)


@functools.cache
def read_lexicon(modality: str) -> Lexicon:
    """Compile the patterns of a modality."""
    vocabulary = read_vocabulary(modality)
    entries = [(name, id) for id, kind in vocabulary.kinds.items() for name in kind_names(kind)]
    entries += event_names(modality)
    entries.sort(key=lambda pair: -len(pair[0]))
    parts = [rf"(?P<k{i}>{flexible(name)})" for i, (name, _) in enumerate(entries)]
    severities = tuple(dict.fromkeys(w for k in vocabulary.kinds.values() for w in k.thresholds))
    graded = "|".join(severities) or "mild"
    predicates = tuple(
        (re.compile(pattern), kind)
        for subject, adjective, opposite, kind in _PREDICATES
        if kind in vocabulary.kinds
        for pattern in _predicate_patterns(subject, adjective, opposite, graded)
    )
    return Lexicon(
        # A vocabulary without kinds finds nothing: `(?!)` never matches.
        names=re.compile(rf"(?<![\w-])(?:{'|'.join(parts) or '(?!)'})(?![\w-])"),
        kinds={f"k{i}": id for i, (_, id) in enumerate(entries)},
        severities=severities,
        predicates=predicates,
        measures=tuple(
            (_measure_pattern(id, name, unit), id, unit)
            for id, (name, unit) in vocabulary.measures.items()
        ),
        places=bool(vocabulary.stages),
        instruments=frozenset(
            id for id, kind in vocabulary.kinds.items() if kind.category == "instrument"
        ),
    )


def event_names(modality: str) -> list[tuple[str, str]]:
    """Words for the safety gates and red flags of a surgical procedure, folded, each with its id.

    Empty where the modality is no procedure.
    """
    if not read_vocabulary(modality).phases:
        return []
    procedure = read_procedure(modality)
    events = (*procedure.gates.values(), *procedure.red_flags.values())
    return [(fold(word), event.id) for event in events for word in (event.name, *event.synonyms)]


def _predicate_patterns(
    subject: str, adjective: str, opposite: str, graded: str
) -> tuple[str, str]:
    """`The FAZ is enlarged`; the second adjective of `the FAZ is enlarged but not irregular`."""
    # Gaps are bounded: a student that repeats itself must not cost seconds.
    said = rf"(?:(?P<severity>{graded})(?:ly)? )?(?:{adjective}|(?P<opposite>{opposite}))\b"
    verb = r"\b(?:is|are|was|were|appears?|looks?|has been)\s+"
    return (
        rf"(?P<span>\b{subject}\b(?:(?!\b(?:but|while)\b)[^;]){{0,90}}?{verb}"
        rf"(?P<not>not |no longer )?(?:\w+ )??{said})",
        rf"\b{subject}\b[^;]{{0,90}}?{verb}[^;]{{0,60}}?"
        rf"(?P<span>\b(?:and|but)\s+(?P<not>not )?{said})",
    )


def kind_names(kind: Kind) -> list[str]:
    """All words for a kind, folded: id, name, plural and synonyms, without articles."""
    words = (kind.name, kind.plural, *kind.synonyms, kind.id.replace("_", " "))
    return list(dict.fromkeys(re.sub(r"^(?:an?|the) ", "", fold(w)) for w in words))


def flexible(name: str) -> str:
    """A pattern of a name: blanks and hyphens are one, and it may stand in the plural."""
    pattern = re.escape(name).replace(r"\-", r"[-\s]?").replace(r"\ ", r"[\s-]+")
    return pattern if name.endswith("s") or not name[-1].isalpha() else pattern + "s?"


def _measure_pattern(id: str, name: str, unit: str) -> re.Pattern[str]:
    subject = _FAZ if id.startswith("faz_") else re.escape(fold(name))
    unit_words = SQUARE_MM if unit == "mm²" else r"(?![\w.]*\s*(?:mm|%))"
    return re.compile(
        rf"\b{subject}\b(?:(?!{NUMBER}|;).){{0,60}}?(?P<cmp>{COMPARE})?\s*(?P<n>{NUMBER})\s*{unit_words}"
    )
