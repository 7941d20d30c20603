"""The stage that a text settles on.

"Not PDR but NPDR" says NPDR; "non-proliferative" contains "proliferative" and means the opposite.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from retia.claims.negation import denied_after, denied_before, doubted, imagined
from retia.claims.sentences import fold, sentence_spans
from retia.taxonomy import read_vocabulary

# `healthy` and `normal` are about the eye only when no other noun follows ...
_ABOUT_EYE = (
    r"(?=\s+(?:eyes?|retinas?|macula|fundus|scan|image|subject|stage|result|control)\b"
    r"|\s*[.,;:!?\"')\]}]|\s*$|\s+(?:and|but|because|as|since|rather|or|not|than)\b)"
)
# ... and no other thing was just said to be so.
_ABOUT_THING = re.compile(
    r"\b(?:faz|zone|density|calibre|caliber|vessels?|perfusion|capillar\w+|size|flow|area|contour)"
    r"\s+(?:is|are|was|were|looks?|appears?|seems?)\s+(?:\w+\s+)?$"
)
_NO_RETINOPATHY = (
    r"(?:no|without|absence of|free of)(?:\s+(?:visible|clear|any))?"
    r"(?:\s+(?:signs?|evidence|features?)\s+of)?(?:\s+any)?\s+(?:diabetic\s+)?(?:retinopathy|dr)"
)


@dataclass(frozen=True)
class Naming:
    """A stage (or a phase, see `phase.py`) named in a text, and whether it is meant."""

    start: int
    end: int
    id: str
    denied: bool
    hedged: bool


@functools.cache
def _pattern(modality: str) -> tuple[re.Pattern[str], dict[str, str]]:
    """One pattern over all names, longest first, and the stage of each group."""
    names = [
        (fold(name), stage)
        for stage, words in read_vocabulary(modality).stages.items()
        for name in words
    ]
    # A vocabulary without stages names none: `(?!)` never matches.
    healthy = _NO_RETINOPATHY if names else "(?!)"
    parts, stages = [rf"(?P<none>{healthy})"], {"none": "healthy"}
    for i, (name, stage) in enumerate(sorted(names, key=lambda pair: -len(pair[0]))):
        words = re.escape(name).replace(r"\-", r"[-\s]?").replace(r"\ ", r"[\s-]+")
        about = _ABOUT_EYE if name in ("healthy", "normal") else ""
        parts.append(rf"(?P<n{i}>{words}){about}")
        stages[f"n{i}"] = stage
    return re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})(?![\w])"), stages


def stage_mentions(sentence: str, modality: str = "octa") -> list[Naming]:
    """All stages named in one folded sentence, in order."""
    pattern, stages = _pattern(modality)
    found = [
        m
        for m in pattern.finditer(sentence)
        if m.group() not in ("healthy", "normal") or not _ABOUT_THING.search(sentence[: m.start()])
    ]
    return namings(sentence, [(m.start(), m.end(), stages[m.lastgroup or "none"]) for m in found])


def namings(sentence: str, found: Sequence[tuple[int, int, str]]) -> list[Naming]:
    """Whether each of the names found in a folded sentence is denied or hedged.

    Args:
        sentence: Folded.
        found: Start, end and id of each name, in order.
    """
    named: list[Naming] = []
    for i, (start, end, id) in enumerate(found):
        before = sentence[found[i - 1][1] if i else 0 : start]
        after = sentence[end : found[i + 1][0] if i + 1 < len(found) else len(sentence)]
        goes_on = i > 0 and named[-1].denied and re.fullmatch(r"\s+(?:or|nor)\s+", before)
        denied = bool(denied_before(before) or denied_after(after) or goes_on)
        named.append(
            Naming(start=start, end=end, id=id, denied=denied, hedged=doubted(before, after))
        )
    return named


def stage_in(text: str, modality: str = "octa") -> str | None:
    """Read the stage that a text settles on.

    The last stage that is affirmed counts; denied stages never do, hedged ones only when no
    other is affirmed. Questions and sentences about what would be are passed over.

    Returns:
        The stage's id, or None when no stage is affirmed.
    """
    folded = fold(text)
    firm: str | None = None
    hedged: str | None = None
    for start, end in sentence_spans(folded):
        sentence = folded[start:end]
        if sentence.endswith("?") or imagined(sentence):
            continue
        for mention in stage_mentions(sentence, modality):
            if mention.denied:
                continue
            if mention.hedged:
                hedged = mention.id
            else:
                firm = mention.id
    return firm or hedged
