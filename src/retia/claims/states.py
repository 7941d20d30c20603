"""Kinds that are said as the state of a thing: "the FAZ is enlarged", "a ragged, widened FAZ".

A thing has states that mean a kind, and opposites that deny it. Both orders are read: the state
right before its thing, and states after it up to the next thing or kind that is named.
"""

import functools
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SIZE = (
    r"abnormally large|abnormal (?:in )?size|size (?:is |was )?abnormal|enlarged|widened|wide|"
    r"wider|large|larger|big|bigger|expanded|increased|oversized|"
    r"enlargement|widening|expansion|increase|doubled|tripled|(?<=neither )size|"
    r"(?<=neither the )size"
)
_NORMAL_SIZE = (
    r"normal[\s-]?siz(?:ed?|ing)|(?:of )?(?:normal|ordinary|usual|average|regular|"
    r"expected) size|normal in (?:\w+ and )?size|"
    r"size (?:is |was |appears )?(?:within normal(?: limits)?|normal|unremarkable)|"
    r"size(?= and shape (?:is |are )?(?:both )?(?:normal|unremarkable))|"
    r"within (?:the )?normal (?:limits|range)|undilated|of (?:normal|usual|regular) dimensions?"
)
_SHAPE = (
    r"irregular|irregularity|irregularities|jagged|ragged|disrupted|disruption|broken|breaks?|"
    r"interrupted|interruption|distorted|distortion|eroded|erosion|notched|notching|"
    r"ill[\s-]defined|"
    r"acircular|non-?circular|asymmetric(?:al)?|scalloped|frayed|uneven|indented|discontinuous|"
    r"discontinuity|moth-eaten|deformed|misshapen|lobulated|incomplete|gaps?|fragmented|bumpy|"
    r"angular|(?<=nor )shape|"
    r"(?<=nor the )shape"
)
_EVEN = (
    r"regular|round|rounded|well[\s-]rounded|circular|smooth|intact|well[\s-](?:defined|"
    r"demarcated|preserved|"
    r"circumscribed)|sharply (?:defined|demarcated)|unbroken|continuous|undisrupted|uninterrupted|"
    r"normal (?:in )?(?:shape|outline|contour|configuration)|(?<=normal size and )shape|"
    r"(?<=normal in size and )shape|(?<=size and )shape (?:is |are )?(?:both )?(?:normal|"
    r"unremarkable)"
)
_LESS = (
    r"reduced|reduction|decreased?|decreasing|diminished|diminution|low|lower|lowered|subnormal|"
    r"depressed|loss|impaired|falls?|fallen|fall|dropped|drops|drop|down|decline|declined|"
    r"deficient|sparse|attenuated|poor|deficit"
)
_WINDING = (
    r"tortuous|tortuosity|winding|corkscrew|coiled|kinked|kinking|twisted|serpentine|convoluted|"
    r"sinuous|meandering|undulating|snaking"
)
_WIDTH = (
    r"dilated|dilatation|dilation|narrowed|narrowing|narrow|widened|widening|wide|thin|thinned|"
    r"thinning|enlarged|distended|engorged|beaded|beading|ectatic|ectasia|constricted|thickened"
)
_UNEVEN_WIDTH = (
    r"irregular|irregularity|irregularities|variable|variations?|varies|changed|altered|uneven|"
    r"increased|reduced|abnormal|fluctuat\w+|changes|non-?uniform|inconsistent|alterations?"
)
_GONE = (
    r"lost|missing|dropped out|gone|obliterated|occluded|non[\s-]?perfused|unperfused|not perfused|"
    r"wiped out|closed"
)
_WHOLE = (
    r"intact|complete|preserved|continuous|unbroken|uninterrupted|(?:well|fully|completely|"
    r"normally|"
    r"evenly) (?:perfused|preserved|filled)"
)
_SHIFTED = r"shifted|displaced|deviated|pushed|shifts?"
_CENTRAL = r"central|centred|centered|maintained|preserved|in place|undisplaced|midline"

# Thing, then (kind, words that mean it, words that deny it); longer things come first.
_THINGS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        r"(?:peri|para)?foveal (?:capillary )?(?:ring|arcade|margin|border|outline)s?|"
        r"terminal capillary ring",
        (("faz_irregularity", _SHAPE, _EVEN),),
    ),
    (
        r"faz|foveal avascular (?:zone|area)|avascular (?:zone|area)",
        (("faz_enlargement", _SIZE, _NORMAL_SIZE), ("faz_irregularity", _SHAPE, _EVEN)),
    ),
    (
        r"(?:(?:vessel|vascular|capillary|microvascular|perfusion|flow)[\s-])?densit(?:y|ies)|vd",
        (
            (
                "reduced_density",
                _LESS,
                r"normal|preserved|maintained|unremarkable|within (?:the )?normal (?:limits|range)|"
                r"intact|adequate|conserved|good",
            ),
        ),
    ),
    (
        r"(?:(?:vessel|vascular|venous|arteriolar|venular)[\s-])?(?:calib(?:re|er)s?|diameters?)",
        (
            (
                "calibre_change",
                _UNEVEN_WIDTH,
                r"normal|uniform|even|regular|constant|preserved|unremarkable|consistent",
            ),
        ),
    ),
    (
        r"capillary (?:bed|network|mesh(?:work)?|plexus|plexuses|web|lattice|architecture|pattern)|"
        r"(?:capillary |macular |retinal )?perfusion|plexus|plexuses|retina",
        (("capillary_dropout", _GONE, _WHOLE),),
    ),
    (
        r"vessels?|capillar(?:y|ies)|arterioles?|venules?|veins?|arter(?:y|ies)|vasculature|"
        r"arcades?",
        (
            ("tortuosity", _WINDING, r"straight|non-?tortuous"),
            ("calibre_change", _WIDTH, r"(?!)"),
            ("venous_beading", r"beaded|beading|sausage-like", r"(?!)"),
            ("capillary_dropout", _GONE, _WHOLE),
        ),
    ),
    (
        r"cardiac (?:silhouette|shadow|size|contour)|cardiomediastinal silhouette|"
        r"cardiothoracic ratio|heart(?: size| shadow)?",
        (
            (
                "cardiomegaly",
                rf"{_SIZE}|globular|dilated",
                rf"{_NORMAL_SIZE}|normal|unremarkable",
            ),
        ),
    ),
    (
        r"ventricles|lateral ventricles?|ventricular system",
        (
            (
                "hydrocephalus",
                rf"{_SIZE}|dilated|dilatation|distended|ballooned",
                rf"{_NORMAL_SIZE}|normal",
            ),
        ),
    ),
    (
        r"(?:lymph )?nodes",
        (("lymphadenopathy", rf"{_SIZE}|bulky", rf"{_NORMAL_SIZE}|normal"),),
    ),
    (r"midline(?: structures?)?|septum pellucidum", (("midline_shift", _SHIFTED, _CENTRAL),)),
    (r"bowel(?: loops?)?", (("bowel_obstruction", r"obstructed", r"(?!)"),)),
    (r"lobe|lungs?", (("atelectasis", r"collapsed|collapse|atelectatic", r"(?!)"),)),
    (r"aorta|aortic root", (("aneurysm", r"aneurysmal", r"(?!)"),)),
    (
        r"ribs?|clavicles?|vertebrae?|femur|radius|hip",
        (("fracture", r"fractured|broken", r"(?!)"),),
    ),
    (
        r"maculae?|fovea|foveal centre",
        (("macular_oedema", r"thickened|swollen|o?edematous|thickening", r"dry"),),
    ),
    (
        r"anatomy",
        (
            (
                "unclear_anatomy",
                r"unclear|obscured|uncertain|difficult|distorted|hard to (?:make out|define)",
                r"clear|clearly \w+|well[\s-]defined|identified|delineated|unambiguous",
            ),
        ),
    ),
    (
        r"gallbladder|gall bladder",
        (
            (
                "bile_spill",
                r"perforated|perforation|torn|ruptured|breached|punctured|holed",
                r"(?!)",
            ),
        ),
    ),
    (
        r"bile|stones",
        (("bile_spill", r"spilled|spilt|spillage|spills?|spilling|escap\w+", r"(?!)"),),
    ),
    (
        r"clips",
        (
            (
                "clips_secure",
                r"secure|securely \w+|in place|firmly \w+|well[\s-](?:placed|seated)|holding|firm",
                r"loose|slipped|insecure|dislodged|displaced|slipping",
            ),
        ),
    ),
    (
        r"bleeding|bleed|ooze|bleeder|haemorrhage|hemorrhage",
        (
            ("hemostasis_achieved", r"controlled|stopped|arrested|under control", r"uncontrolled"),
            ("bleeding_minor", r"minor|slight|small|trivial|mild|scant|minimal|tiny", r"(?!)"),
            (
                "bleeding_major",
                r"brisk|major|massive|heavy|severe|profuse|arterial|torrential|significant",
                r"(?!)",
            ),
        ),
    ),
)

_NOT = re.compile(
    r"\b(?:not(?!\s+(?:only|just|merely))|no longer|no|never|neither|nor|without|lacks?|free of|"
    r"isn't|aren't|wasn't|doesn't|don't|nothing|lost (?:its|the)|loss of (?:its|the))\b"
)
_NOBODY = re.compile(r"\b(?:no|none of(?: the)?)\s+(?:(?!evidence|sign)\w+\s+)?$")
_OR = re.compile(r"\s*,?\s*(?:or|nor|/)\s+(?:\w+ly )?")
_PIECE = re.compile(r"[,;:]|\b(?:and|but)\b")
_TURN = re.compile(r";|\b(?:while|whereas)\b")
# After "but" a state goes on with the thing only when next to nothing stands between.
_BUT = re.compile(
    r"\b(?:but|though|although|yet)\b(?!\s+(?:(?:not|it|its|is|are|has|have|with|an?|in|\w+ly|"
    r"margins?|borders?|outlines?|"
    r"contours?|edges?|shape|size)\s+)*$)"
)
_NEXT_TO = re.compile(
    r"\b(?:in|of|within|along|around|at|near|from|by|with|for|on|"
    r"to)\s+(?:the\s+)?(?:[\w-]+\s+){0,2}$"
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
    for i, (thing, entries) in enumerate(_THINGS):
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
        other = at >= 0 and named[at][1] > m.start()
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
