"""What instruments are said to do: instrument, verb, target.

Read clause by clause: `the grasper is retracting the gallbladder`, `a hook dissects the cystic duct
and the omentum`, `the liver is retracted by the irrigator`, `uses the hook to cut`.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retia.claims.lexicon import Mention, read_lexicon
from retia.claims.negation import denied_before
from retia.claims.sentences import fold
from retia.records import Claim
from retia.records.record import record
from retia.taxonomy import Term, read_procedure

# "The clips" and "each cut" are things; so are those that something is done to or with.
_THING_BEFORE = re.compile(
    r"\b(?:an?|the|this|these|those|each|every|any|no|two|three|metal|with|of)\s+$"
)
_BY = re.compile(r"\b(?:by|with|using)\s+(?:an?\s+|the\s+|another\s+|two\s+)?$")
_JOIN = re.compile(r"\s*(?:,|and|,\s*and|or)\s*(?:an?|the|another|further|two|one)?\s*")
_NOT = re.compile(r"\b(?:not|never|no longer|without|isn't|aren't|doesn't|don't)\b")


@record
class ActionClaim(Claim):
    """An instrument (`kind`) does something (`verb`), to something where `target` is given."""

    verb: str
    target: str | None = None


@dataclass(frozen=True)
class _Word:
    """A verb, instrument or target where it stands."""

    start: int
    end: int
    part: str
    id: str


def action_claims(
    sentence: str, span: tuple[int, int], mentions: Sequence[Mention], modality: str
) -> list[Claim]:
    """All actions that a folded sentence states.

    Args:
        sentence: Folded; phases are blanked out.
        span: Where it stands in the text.
        mentions: The kinds that the sentence names.
        modality: A surgical procedure.
    """
    words = _words(sentence, mentions, modality)
    places = [i for i, word in enumerate(words) if word.part == "instrument"]
    claims: list[Claim] = []
    for number, at in enumerate(places):
        after = _clause(sentence, words, places, number)
        done = [] if _passive(sentence, words[at]) else list(_active(sentence, words[at], after))
        if not done:
            start = places[number - 1] + 1 if number else 0
            done = list(_before(sentence, words[start:at], words[at]))
        before = sentence[words[places[number - 1]].end if number else 0 : words[at].start]
        nobody = denied_before(before[-90:])
        claims += [
            ActionClaim(
                kind=words[at].id,
                verb=verb,
                target=target,
                polarity=not (denied or nobody),
                span=span,
            )
            for verb, target, denied in done
        ]
    return claims


def _clause(
    sentence: str, words: Sequence[_Word], places: Sequence[int], number: int
) -> list[_Word]:
    """The words after an instrument that are its own, or shared (`a grasper and a hook hold`)."""
    end = number + 1
    while end < len(places) and _JOIN.fullmatch(
        sentence[words[places[end - 1]].end : words[places[end]].start]
    ):
        end += 1
    stop = places[end] if end < len(places) else len(words)
    return list(words[places[end - 1] + 1 : stop])


def _passive(sentence: str, instrument: _Word) -> bool:
    return _BY.search(sentence[: instrument.start]) is not None


def _active(
    sentence: str, instrument: _Word, after: Sequence[_Word]
) -> Iterator[tuple[str, str | None, bool]]:
    """Each verb after an instrument with each target after that verb."""
    for i, word in enumerate(after):
        if word.part != "verb":
            continue
        targets = []
        for following in after[i + 1 :]:
            if following.part == "verb":
                break
            targets.append(following.id)
        denied = _NOT.search(sentence[instrument.end : word.start]) is not None
        yield from ((word.id, target, denied) for target in targets or [None])


def _before(
    sentence: str, before: Sequence[_Word], instrument: _Word
) -> Iterator[tuple[str, str | None, bool]]:
    """The verb before `by the grasper`, with what it is done to on either side of it."""
    verbs = [i for i, word in enumerate(before) if word.part == "verb"]
    if not verbs or not _passive(sentence, instrument):
        return
    at = verbs[-1]
    # "The duct, not the artery, is clipped by": only what stands right before the verb denies it.
    start = max(before[at - 1].end if at else 0, sentence.rfind(",", 0, before[at].start))
    denied = _NOT.search(sentence, start, before[at].start) is not None
    targets = [word.id for word in before[:at] if word.part == "target"]
    targets += [word.id for word in before[at + 1 :] if word.part == "target"]
    yield from ((before[at].id, target, denied) for target in targets or [None])


def _words(sentence: str, mentions: Sequence[Mention], modality: str) -> list[_Word]:
    instruments = read_lexicon(modality).instruments
    targets = read_procedure(modality).targets
    found = [
        _Word(m.start, m.end, "instrument" if m.kind in instruments else "target", m.kind)
        for m in mentions
        if m.kind in instruments or m.kind in targets
    ]
    pattern, verbs = _verbs(modality)
    for m in pattern.finditer(sentence):
        inside = any(w.start < m.end() and m.start() < w.end for w in found)
        if not inside and not _THING_BEFORE.search(sentence[: m.start()]):
            found.append(_Word(m.start(), m.end(), "verb", verbs[m.group()]))
    return sorted(found, key=lambda word: word.start)


@functools.cache
def _verbs(modality: str) -> tuple[re.Pattern[str], dict[str, str]]:
    """A pattern over all forms of all verbs, and the verb of each form."""
    forms = {
        form: id for id, term in read_procedure(modality).verbs.items() for form in _forms(term)
    }
    ordered = sorted(forms, key=len, reverse=True)
    pattern = rf"(?<![\w-])(?:{'|'.join(map(re.escape, ordered)) or '(?!)'})(?![\w-])"
    return re.compile(pattern), forms


def _forms(verb: Term) -> set[str]:
    """Forms of a verb: `retract`, `retracts`, `retracted`, `retracting`, and of its synonyms."""
    words = {fold(word) for word in (verb.id, verb.name, *verb.synonyms)}
    stems = {word.removesuffix("ing") for word in words if word.endswith("ing")}
    regular = {stem + ending for stem in stems for ending in ("ed", "s", "es", "e", "")}
    return words | {f"{fold(verb.id)}s"} | regular
