"""Kinds that are said as the state of a thing: "the FAZ is enlarged", "a ragged, widened FAZ".

A thing has states that mean a kind, and opposites that deny it. Both orders are read: the state
right before its thing, and states after it up to the next thing or kind that is named.
"""

import functools
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retia.claims.things import THINGS

_NOT = re.compile(
    r"\b(?:not(?!\s+(?:only|just|merely))|no longer|no|none|never|neither|nor|without|lacks?|"
    r"free of|"
    r"isn't|aren't|wasn't|doesn't|don't|nothing|lost (?:its|the|their)|loss of (?:its|the))\b"
)
_NOBODY = re.compile(r"\b(?:no|none of(?: the)?)\s+(?:(?!evidence|sign)\w+\s+)?$")
_OR = re.compile(r"\s*,?\s*(?:or|nor|/)\s+(?:\w+ly )?")
_PIECE = re.compile(r"[,;:]|\b(?:and|but)\b")
_TURN = re.compile(r";|\b(?:while|whereas)\b")
# After "but" a state goes on with the thing only when next to nothing stands between.
_BUT = re.compile(
    r"\b(?:but|though|although|yet)\b(?!\s+(?:(?:not|for|of|as to|it|its|is|are|has|have|with|an?|"
    r"in|\w+ly|"
    r"margins?|borders?|outlines?|"
    r"contours?|edges?|shape|size)\s+)*$)"
)
_NEXT_TO = re.compile(
    r"\b(?:in|of|within|along|around|at|near|from|by|with|for|on|"
    r"to|into|entered|entering|fills|filling)\s+(?:the\s+)?(?:[\w-]+\s+){0,2}$"
)
_PART = (
    r"(?:margins?|borders?|outlines?|contours?|edges?|shape|size|area|ring|rim|boundar(?:y|ies))"
)
# Between a state and the thing right after it, and between two states before it.
_TO_THING = re.compile(
    rf"[\s-]+(?:{_PART}\s+)?(?:(?:of|in|to|from|at)\s+)?(?:(?:the|its|this|all|both|some|"
    rf"several)\s+)?"
    r"(?:(?!(?:in|of|with|by|and|or|is|are|was|were|has|but|for|at|on|from|to|near|no|"
    r"not)\b)[\w-]+\s+){0,2}"
)
_TO_STATE = re.compile(
    r"\s*(?:,|,?\s*and|,?\s*or|,?\s*nor|/|&)\s*(?:\w+ly\s+)?(?:(?:an?|the)\s+)?|\s+"
)
REACH = 110
"""Characters after a thing within which its states are read."""


@dataclass(frozen=True)
class StateMention:
    """A state named in a folded sentence."""

    start: int
    end: int
    kind: str
    denied: bool | None
    """None: the words around it decide."""


@dataclass(frozen=True)
class StateLexicon:
    """Patterns of one vocabulary."""

    things: re.Pattern[str]
    states: dict[str, re.Pattern[str]]
    """Per group of `things`: its states; the groups are `y<i>` and, for opposites, `n<i>`."""
    kinds: dict[str, tuple[str, ...]]
    """Per group of `things`: kinds, by the number of their state group."""


@functools.cache
def read_states(kinds: frozenset[str]) -> StateLexicon:
    """Compile the things and states that mean any of these kinds."""
    things, states, names = [], {}, {}
    for i, (thing, entries) in enumerate(THINGS):
        own = [entry for entry in entries if entry[0] in kinds]
        if not own:
            continue
        group = f"t{i}"
        things.append(rf"(?P<{group}>{thing})")
        # Opposites first: "within normal limits" is longer than any state in it.
        parts = [rf"(?P<n{j}>{no})" for j, (_, _, no) in enumerate(own)]
        parts += [rf"(?P<y{j}>{yes})" for j, (_, yes, _) in enumerate(own)]
        states[group] = re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})(?![\w-])")
        names[group] = tuple(kind for kind, _, _ in own)
    pattern = rf"(?<![\w-])(?:{'|'.join(things) or '(?!)'})(?![\w-])"
    return StateLexicon(re.compile(pattern), states, names)


def state_mentions(
    sentence: str, lexicon: StateLexicon, named: Sequence[tuple[int, int, str]]
) -> list[StateMention]:
    """All states of things in a folded sentence.

    Args:
        sentence: Folded.
        lexicon: From `read_states`.
        named: Start, end and kind of what the sentence calls by its name.
    """
    starts = [start for start, _, _ in named]
    things = []
    for m in lexicon.things.finditer(sentence):
        # Names do not overlap: only the last that begins before the thing's end can hold it.
        at = bisect_left(starts, m.end()) - 1
        other = at >= 0 and named[at][1] > m.start() and named[at][:2] != m.span()
        if not other or named[at][2] in lexicon.kinds[m.lastgroup or ""]:
            things.append(m)
    found: list[StateMention] = []
    for i, thing in enumerate(things):
        at, start = bisect_left(starts, thing.end()) - 1, thing.start()
        if at >= 0 and named[at][1] > start:  # the "FAZ" of "irregular FAZ"
            at, start = at - 1, named[at][0]
        left = max(things[i - 1].end() if i else 0, named[at][1] if at >= 0 else 0)
        found += _before(sentence, lexicon, thing, left, start)
    taken = {at for m in found for at in range(m.start, m.end)}
    for i, thing in enumerate(things):
        at = bisect_left(starts, thing.end())
        others = [start for start, _, _ in named[at : at + 3]]
        others += [other.start() for other in things[i + 1 : i + 4]]
        ends = [e for e in others if not _NEXT_TO.search(sentence, thing.end(), e)]
        limit = min([thing.end() + REACH, len(sentence), *ends])
        for mention in _after(sentence, lexicon, thing, limit):
            if taken.isdisjoint(range(mention.start, mention.end)):
                found.append(mention)
                # "The density of the plexus is preserved": said of the density alone.
                taken.update(range(mention.start, mention.end))
    return found


def _before(
    sentence: str, lexicon: StateLexicon, thing: re.Match[str], left: int, start: int
) -> list[StateMention]:
    group = thing.lastgroup or ""
    left = max(left, start - REACH)
    states = list(lexicon.states[group].finditer(sentence, left, start))
    mentions: list[StateMention] = []
    at, gap = start, _TO_THING if start == thing.start() else _TO_STATE
    for state in reversed(states):
        if gap.fullmatch(sentence, state.end(), at) is None:
            break
        kind, opposite = _meaning(state, lexicon.kinds[group])
        end = thing.end() if gap is _TO_THING else state.end()
        denied = None
        if opposite:
            denied = _NOT.search(sentence, max(left, state.start() - 25), state.start()) is None
        mentions.append(StateMention(state.start(), end, kind, denied))
        at, gap = state.start(), _TO_STATE
    return mentions[::-1]


def _after(
    sentence: str, lexicon: StateLexicon, thing: re.Match[str], limit: int
) -> Iterator[StateMention]:
    group = thing.lastgroup or ""
    turn = _TURN.search(sentence, thing.end(), limit)
    limit = turn.start() if turn else limit
    at, was_denied = thing.end(), False
    nobody = _NOBODY.search(sentence, max(0, thing.start() - 30), thing.start()) is not None
    for state in lexicon.states[group].finditer(sentence, thing.end(), limit):
        kind, opposite = _meaning(state, lexicon.kinds[group])
        if _BUT.search(sentence, at, state.start()):
            return
        if sentence[at : state.start()].isspace() and at == thing.end() and not opposite:
            # "FAZ enlargement", "FAZ enlarged": as a name would be.
            yield StateMention(thing.start(), state.end(), kind, None)
            at = state.end()
            continue
        pieces = [m.end() for m in _PIECE.finditer(sentence, at, state.start())]
        said_not = _NOT.search(sentence, max([at, *pieces]), state.start()) is not None
        goes_on = was_denied and _OR.fullmatch(sentence, at, state.start()) is not None
        was_denied = said_not or goes_on or nobody
        yield StateMention(state.start(), state.end(), kind, was_denied != opposite)
        at = state.end()


def _meaning(state: re.Match[str], kinds: tuple[str, ...]) -> tuple[str, bool]:
    """Kind of a state, and whether it is the opposite."""
    group = state.lastgroup or ""
    return kinds[int(group[1:])], group[0] == "n"
