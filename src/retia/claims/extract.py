"""Text to claims: what each sentence states, in the closed vocabulary of a modality.

Questions and sentences about what would be state nothing. What the vocabulary has no word for is
no claim: the extractor is precise, not complete.
"""

import re
from dataclasses import replace

from retia.claims.actions import action_claims
from retia.claims.context import asserted
from retia.claims.lexicon import (
    COMPARATORS,
    COMPARE,
    NUMBER,
    NUMBER_WORDS,
    SQUARE_MM,
    Lexicon,
    Mention,
    read_lexicon,
)
from retia.claims.negation import (
    THAN,
    denial_goes_on,
    denied_after,
    denied_before,
    doubted,
)
from retia.claims.parser import answer_sentences, parse_answer
from retia.claims.phase import phase_mentions
from retia.claims.places import layers_in, places_in
from retia.claims.sentences import fold, sentence_spans
from retia.claims.stage import stage_mentions
from retia.records import Answer, Claim, Zone

_CONNECTOR = re.compile(
    r"\s*(?:,|and|or|nor|as well as|, and|, or|, nor|/)\s*(?:(?!but|with|plus|is|are|was|were|"
    r"not)[\w-]+)?\s*"
)
_JOINED = re.compile(r"\b(?:and|or|nor|well)\b|/")
# Kinds that may stand between a measure and its number: they speak of the same thing.
_SAME = {"vessel_density": "reduced_density"}
_WHERE = (
    r"(?=\s+(?:in|at|on|within|outside|elsewhere|around|nasal|temporal|superior|inferior|above|"
    r"below))"
)
_ELSEWHERE = re.compile(
    rf",\s*(?:but |and )?(?:none|nil|no others?|not){_WHERE}|\s(?:but|and) (?:not|none){_WHERE}"
)
_NOT_ITS_OWN = re.compile(
    r"\s(?:is|are|was|were|has|have)\s+(?:not|never|no longer)\s+(?:\w+ly\s+|been\s+)?$"
)
_EVERYWHERE = ("kind", "polarity", "hedged", "side", "span")
"""Of a claim what holds in every layer it names."""
_PHRASE_END = re.compile(r"[,;:(]")
_STAGE_GRADE = re.compile(r"\b(mild|moderate|severe)\s+$")
_OR_ELSE = re.compile(r"\s*,?\s*(?:or|versus|vs)\b")
_ONLY = re.compile(r"\s+(?:only|alone)\b")
_NEW_LEAD = re.compile(
    rf";|\bbut\b(?!\s+(?:not|none|nil|no others?){_WHERE})|\b(?:while|whereas|however)\b"
)
_COUNT = "|".join(sorted(map(re.escape, NUMBER_WORDS), key=len, reverse=True))
_COUNT_BEFORE = re.compile(
    rf"(?:^|[\s(])(?:(?P<cmp>{COMPARE})\s*)?(?<![\d.])(?P<n>\d+|{_COUNT})\s+"
    r"(?!mm|cm\b|µm|um\b|dd\b|dis[ck]\b|%|per ?cent|o'clock|(?:hours?|days?|weeks?|months?|"
    r"years?)\b)(?:[a-z]+[\s-]+){0,2}$"
)
_COUNT_AFTER = re.compile(
    rf"^(?: count)?\s*(?:is|are|:|=|\()\s*(?:(?P<cmp>{COMPARE})\s*)?(?P<n>\d+|{_COUNT})\b"
    r"(?!\s*(?:\.\d|mm|µm|%|o'clock|(?:per|in each|in every)\b))"
)
_AREA_AFTER = re.compile(rf"^[^,;]*?(?P<cmp>{COMPARE})?\s*(?P<n>{NUMBER})\s*{SQUARE_MM}")


def extract(text: str, modality: str = "octa") -> list[Claim]:
    """Read all claims of a plain text, in order; spans are of whole sentences.

    Args:
        text: Sentences. For a JSON answer see `extract_answer` and `claims_of`.
        modality: Whose vocabulary is read.
    """
    lexicon, folded = read_lexicon(modality), fold(text)
    claims: list[Claim] = []
    for start, end in sentence_spans(folded):
        claims += _sentence_claims(asserted(folded[start:end]), (start, end), lexicon, modality)
    return claims


def extract_answer(answer: Answer, modality: str = "octa") -> list[Claim]:
    """Read all claims of an answer; spans are of `" ".join(answer_sentences(answer))`."""
    return extract(" ".join(answer_sentences(answer)), modality)


def claims_of(completion: str, modality: str = "octa") -> list[Claim]:
    """Read all claims of a completion, whether it is a JSON answer or plain text."""
    answer = parse_answer(completion, strict=True, modality=modality)
    return extract(completion, modality) if answer is None else extract_answer(answer, modality)


def statements(completion: str, modality: str = "octa") -> list[str]:
    """The sentences of a completion, whether it is a JSON answer or plain text."""
    answer = parse_answer(completion, strict=True, modality=modality)
    if answer is not None:
        return answer_sentences(answer)
    return [completion[a:b] for a, b in sentence_spans(completion)]


def _sentence_claims(
    sentence: str, span: tuple[int, int], lexicon: Lexicon, modality: str
) -> list[Claim]:
    claims: list[Claim] = []
    for m in phase_mentions(sentence, modality):
        claims.append(
            Claim(kind="phase", stage=m.id, polarity=not m.denied, hedged=m.hedged, span=span)
        )
        # "Dissection of the gallbladder" names a phase, and no gallbladder.
        sentence = sentence[: m.start] + " " * (m.end - m.start) + sentence[m.end :]
    mentions = lexicon.mentions(sentence)
    claims += _measure_claims(sentence, span, lexicon, mentions)
    if mentions:
        claims += _kind_claims(sentence, span, lexicon, mentions)
    if lexicon.instruments:
        claims += action_claims(sentence, span, mentions, modality)
    for m in stage_mentions(sentence, modality):
        grade = _STAGE_GRADE.search(sentence[: m.start])
        claims.append(
            Claim(
                kind="stage",
                stage=m.id,
                polarity=not m.denied,
                hedged=m.hedged,
                severity=grade[1] if grade else None,
                span=span,
            )
        )
    return claims


def _measure_claims(
    sentence: str, span: tuple[int, int], lexicon: Lexicon, mentions: list[Mention]
) -> list[Claim]:
    claims = []
    for pattern, measure, unit in lexicon.measures:
        for m in pattern.finditer(sentence):
            others = (x for x in mentions if not x.kind.startswith(_SAME.get(measure, "faz_")))
            if any(m.start() <= x.start and x.end <= m.end() for x in others):
                continue
            claims.append(
                Claim(
                    kind=measure,
                    layer=_layer_of_measure(sentence, m) if lexicon.places else None,
                    quantity=float(m["n"]) / (100 if m.groupdict().get("percent") else 1),
                    comparator=COMPARATORS.get(m["cmp"] or "", "="),  # type: ignore[arg-type]
                    unit=unit,
                    span=span,
                )
            )
    return claims


def _layer_of_measure(sentence: str, found: re.Match[str]) -> str | None:
    """The one layer that a measure is given for: in its words, after its number, or before it."""
    after = _PHRASE_END.split(sentence[found.end() :], maxsplit=1)[0]
    *_, before = _PHRASE_END.split(sentence[: found.start()])
    for text in (found.group(), after, before):
        layers = layers_in(text)
        if layers:
            return layers[0] if len(layers) == 1 else None
    return None


def _kind_claims(
    sentence: str, span: tuple[int, int], lexicon: Lexicon, mentions: list[Mention]
) -> list[Claim]:
    leads, afters = _gaps(sentence, mentions)
    # "Three in the nasal half, none in the temporal half."
    parts = [_ELSEWHERE.split(after, maxsplit=1) for after in afters]
    afters, nowhere = [p[0] for p in parts], [p[1] if p[1:] else "" for p in parts]
    # What leads to a new statement ("dropout, but IRMA") joins nothing.
    links = [
        None if lead else _CONNECTOR.fullmatch(after)
        for after, lead in zip(afters, leads[1:], strict=True)
    ]
    denied = _denials(sentence, mentions, afters, links)
    spots = [_spots(after, lexicon) for after in afters]
    for i in reversed(range(len(mentions) - 1)):
        # "Dropout and IRMA in the nasal half": both are there.
        if not spots[i] and links[i]:
            spots[i] = [(None, zone) for _, zone in spots[i + 1]]
    layers = _layers(sentence, mentions, leads, afters, links, lexicon)
    spared = _layers(sentence, mentions, leads, afters, links, lexicon, spared=True)
    first_lead = _zones(leads[0], lexicon)
    claims: list[Claim] = []
    doubt = False
    for i, mention in enumerate(mentions):
        before = sentence[mentions[i - 1].end if i else 0 : mention.start]
        lead = _zones(leads[i], lexicon) if i else first_lead
        where = spots[i] or [(None, zone) for zone in lead or first_lead]
        own = _mention_claims(mention, denied[i], before, afters[i], where, lexicon, span)
        if doubt and _OR_ELSE.match(before):
            # "Either atelectasis or pneumonia": both are in doubt.
            own = [replace(claim, hedged=True) for claim in own]
        doubt = any(claim.hedged for claim in own)
        claims += _in_layers(own, layers[i] + spared[i] if denied[i] else layers[i])
        none = Claim(kind=mention.kind, polarity=False, span=span)
        if spared[i] and not denied[i]:
            # "In the deep plexus, sparing the superficial one."
            claims += _in_layers([none], spared[i])
        if nowhere[i]:
            zones = _zones(nowhere[i], lexicon)
            there = layers_in(nowhere[i]) if lexicon.places else []
            if zones or there or not denied[i]:
                placed = [replace(none, zone=zone) for zone in zones or [None]]
                claims += _in_layers(placed, there)
    return claims


def _gaps(sentence: str, mentions: list[Mention]) -> tuple[list[str], list[str]]:
    """Per mention: the words that lead up to it, and the words after it that are its own."""
    leads, afters = [sentence[: mentions[0].start]], []
    for i, mention in enumerate(mentions):
        end = mentions[i + 1].start if i + 1 < len(mentions) else len(sentence)
        gap = sentence[mention.end : end]
        if i + 1 < len(mentions) and mentions[i + 1].denied is not None:
            gap = _NOT_ITS_OWN.sub("", gap)  # "the gallbladder was not perforated"
        turn = list(_NEW_LEAD.finditer(gap))
        cut = turn[-1].start() if turn else len(gap)
        afters.append(THAN.split(gap[:cut])[0])
        leads.append(gap[cut:])
    return leads, afters


def _denials(
    sentence: str,
    mentions: list[Mention],
    afters: list[str],
    links: list[re.Match[str] | None],
) -> list[bool]:
    shared, lists = _shared_afters(afters, links), False
    denied: list[bool] = []
    for i, mention in enumerate(mentions):
        before = sentence[mentions[i - 1].end if i else 0 : mention.start]
        if mention.denied is not None:
            denied.append(mention.denied)
            lists = False
            continue
        lists = lists and denial_goes_on(before) and not _ONLY.match(afters[i])
        rest = sentence[mention.end : mention.end + 90]
        lists = lists or denied_before(before, rest)
        after, own = shared[i]
        denied.append(lists or denied_after(after, shared=not own))
    return denied


def _shared_afters(afters: list[str], links: list[re.Match[str] | None]) -> list[tuple[str, bool]]:
    """Per mention: the words after the list it stands in, and whether they are its own."""
    shared = [(after, True) for after in afters]
    joined = False
    for i in reversed(range(len(afters) - 1)):
        if links[i]:
            joined = joined or _JOINED.search(afters[i]) is not None
            shared[i] = (shared[i + 1][0], joined and shared[i + 1][1])
        else:
            joined = False
    return shared


def _zones(text: str, lexicon: Lexicon) -> list[Zone]:
    return list(dict.fromkeys(p.zone for p in places_in(text))) if lexicon.places else []


def _spots(after: str, lexicon: Lexicon) -> list[tuple[str | None, Zone]]:
    """Places after a mention, each with the severity last said before it."""
    if not lexicon.places:
        return []
    words = re.compile(rf"\b(?:{lexicon.grades})\b")
    severities = [(m.start(), m.group()) for m in words.finditer(after)]
    return [
        (next((w for at, w in reversed(severities) if at < p.start), None), p.zone)
        for p in places_in(after)
    ]


def _layers(
    sentence: str,
    mentions: list[Mention],
    leads: list[str],
    afters: list[str],
    links: list[re.Match[str] | None],
    lexicon: Lexicon,
    spared: bool = False,
) -> list[list[str]]:
    """Layers of each mention: in its own words, after it, or in what leads up to it."""
    if not lexicon.places or not layers_in(sentence, spared):
        return [[] for _ in mentions]
    own = [layers_in(sentence[m.start : m.end], spared) for m in mentions]
    behind = [layers_in(after, spared) for after in afters]
    for i in reversed(range(len(mentions) - 1)):
        if links[i] and not behind[i]:
            behind[i] = behind[i + 1]
    ahead = [layers_in(lead, spared) for lead in leads[: len(mentions)]]
    return [o or b or a or ahead[0] for o, b, a in zip(own, behind, ahead, strict=True)]


def _in_layers(claims: list[Claim], layers: list[str]) -> list[Claim]:
    """Claims in the layers that are named; which of several places lies in which is not read."""
    if not layers:
        return claims
    if len(layers) > 1 and len(claims) > 1:
        first = Claim(**{key: getattr(claims[0], key) for key in _EVERYWHERE})
        return claims + [replace(first, layer=layer) for layer in layers]
    return [replace(claim, layer=layer) for layer in layers for claim in claims]


def _mention_claims(
    mention: Mention,
    denied: bool,
    before: str,
    after: str,
    where: list[tuple[str | None, Zone]],
    lexicon: Lexicon,
    span: tuple[int, int],
) -> list[Claim]:
    severity = mention.severity or _severity(before, after, bool(where), lexicon)
    shared = {
        "kind": mention.kind,
        "hedged": doubted(before, after),
        "side": _side(before, after, lexicon),
        "span": span,
    }
    count = _count(before, after)
    if count == (0.0, "="):
        denied, count = True, None
    shared["polarity"] = not denied
    area = None if mention.kind.startswith("faz_") else _AREA_AFTER.search(after)
    numbers: list[dict[str, object]] = []
    if count and not denied:
        numbers.append({"quantity": count[0], "comparator": count[1]})
    if area and not denied:
        comparator = COMPARATORS.get(area["cmp"] or "", "=")
        numbers.append({"quantity": float(area["n"]), "comparator": comparator, "unit": "mm²"})
    zones = [{"zone": zone, "severity": word or severity} for word, zone in where]
    if len(zones) == 1 and numbers:
        return [Claim(**shared, **zones[0], **n) for n in numbers]  # type: ignore[arg-type]
    claims = [Claim(**shared, severity=severity, **n) for n in numbers]  # type: ignore[arg-type]
    if zones:
        return claims + [Claim(**shared, **z) for z in zones]  # type: ignore[arg-type]
    return claims or [Claim(**shared, severity=severity)]  # type: ignore[arg-type]


def _severity(before: str, after: str, placed: bool, lexicon: Lexicon) -> str | None:
    words = lexicon.grades
    said = re.search(rf"\b({words})(?:\s+(?!to\b|and\b)[\w-]+)?\s+$", before)
    if said:
        return said[1]
    later = re.search(rf"^[^,;]*?\b(?:is|are|was|were)\s+(not\s+)?(?:\w+ly\s+)?({words})\b", after)
    if later and not later[1] and not (placed and places_in(after[: later.start(2)]) == []):
        return later[2]
    return None


def _side(before: str, after: str, lexicon: Lexicon) -> str | None:
    """The side of the body that a mention is given: before it in its phrase, or else after it."""
    if lexicon.sides is None:
        return None
    pattern, sides = lexicon.sides
    own = re.split(r"[,;:]", before)[-1]
    ahead = re.split(r"[,;:]", after)[0]
    said = [*pattern.findall(own)[-1:], *pattern.findall(ahead)]
    return sides[said[0]] if said else None


def _count(before: str, after: str) -> tuple[float, str] | None:
    m = _COUNT_BEFORE.search(before)
    if m is None:
        m = _COUNT_AFTER.search(after)
    if m is None:
        return None
    number = float(m["n"]) if m["n"].isdigit() else float(NUMBER_WORDS[m["n"]])
    word = m.groupdict().get("cmp")
    return number, COMPARATORS.get(word or "", "=")
