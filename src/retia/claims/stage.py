"""The stage that a text settles on.

"Not PDR but NPDR" says NPDR; "non-proliferative" contains "proliferative" and means the opposite.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from retia.claims.context import asserted
from retia.claims.negation import denied_after, denied_before, doubted
from retia.claims.sentences import fold, sentence_spans
from retia.taxonomy import read_vocabulary

_EYE = (
    r"\s+(?:eye|retina|macula|fundus|scan|image|subject|stage|result|control|study|angiogra\w+|"
    r"octa?|"
    r"examination|exam|photograph|picture|appearances?|(?:micro)?vasculature|"
    r"(?:vascular |capillary )?(?:pattern|architecture))\b"
)
_NAMED_EYE = re.compile(_EYE)
_OF_ANYTHING = ("healthy", "normal", "unremarkable", "within normal limits", "wnl")
# `healthy`, `normal` and the like are about the eye only when no other noun follows ...
_ABOUT_EYE = (
    rf"(?={_EYE}"
    r"|\s*[.,;:!?\"')\]}]|\s*$|\s+(?:and|but|because|as|since|rather|or|not|than|in|for|to|with|on|"
    r"overall|throughout)\b)"
)
# ... and it is not said of, or compared with, something else: what may stand before it.
_SUBJECT = (
    r"eyes?|retinas?|fundus|fundi|scans?|images?|stage|results?|answer|diagnosis|it|this|that|"
    r"angiogra\w+|"
    r"study|examination|exam|octa?|grade|class|label|patient|he|she|everything|all|findings?|"
    r"picture|"
    r"appearances?|photographs?|which|who|assessment|conclusion|impression|summary|here|"
    r"overall|both|"
    r"od|os|re|le|one|subject|control|reading|report"
)
_BEFORE_NORMAL = re.compile(
    rf"(?:^|[.,;!(\"'\[{{]|\b(?:{_SUBJECT})\s*[:=-]|\b(?:{_SUBJECT}|an?|the|and|or|nor|neither|"
    rf"not|no|as|be|completely|entirely|wholly|but|"
    rf"rather|than|either|of an?|perfectly)|\b(?:{_SUBJECT})"
    r"(?:\s+(?!plexus|layer|disc|arcade|vessel|vein|macula)\w+)?"
    r"\s+(?:is|are|was|were|"
    r"looks?|appears?|seems?|remains?)(?:\s+(?:still|not|quite|\w+ly|thus|therefore|otherwise|"
    r"within))?"
    r"|^\W*(?:is|looks?|appears?|seems?|remains?))\s*$"
)
_NOT_NORMAL = re.compile(
    r"\b(?<!rather )than\s+$|"
    r"\b(?:than|unlike|like|(?:compared|relative|comparison) (?:with|to)) (?:\w+ )?(?:an?|"
    r"the)\s+$|\botherwise\s+$|"
    r"\b(?:apart from|except|other than|aside from|save for)\b"
)
_NO_RETINOPATHY = (
    r"(?:no|without|absence of|free of|free from|clear of|negative for)(?:\s+(?:visible|clear|"
    r"any|definite|sign|apparent|"
    r"evident|obvious))?(?:\s+(?:signs?|evidence|features?|trace|indication)\s+of)?(?:\s+any)?\s+"
    r"(?:diabetic\s+)?(?:retinopathy|dr)(?![\w-])(?! (?:beyond|other|apart|except|besides))"
    r"|^\W*nothing (?:pathological|abnormal)(?=(?: (?:is|was|can be|could be))?"
    r"(?: (?:seen|found|detected|visible))?(?: (?:on|in) (?:this|the) (?:scan|image|eye|"
    r"photograph|angiogram))?\s*(?:$|[.,;!]))"
    r"|(?:no|without|free of|free from|absence of)\s+(?:(?:visible|clear|definite|obvious|evident|"
    r"apparent|further)\s+)?(?:(?:signs?|evidence|features?|trace|indication)\s+"
    r"of\s+)?(?:any\s+)?(?:diabetic|microvascular|pathological|microangiopathic)\s+(?:retinal\s+|"
    r"eye\s+|vascular\s+)?"
    r"(?:changes?|lesions?|disease|damage|pathology|involvement|microangiopathy)(?! (?:other|"
    r"apart|except|beyond))"
    r"|(?:(?:diabetic\s+)?(?:retinopathy|dr)|diabetic (?:retinal )?(?:changes|lesions))\s*(?::|is|"
    r"was|are)?\s*(?:absent|none|nil|negative|"
    r"not (?:seen|present|"
    r"found|detected|evident|visible))(?!\w)"
    r"|(?<!other than )(?:no|without)\s+(?:\w+ )?(?:abnormalit(?:y|ies)|pathology|"
    r"abnormal findings?|lesions? at all)(?=\s*(?:$|seen\b|found\b|detected\b|visible\b|"
    r"noted\b|evident\b|identified\b|"
    r"[.,]|(?:is|are|was|"
    r"were|can be|could be|has been|in|on|of (?:the|this))\b(?! (?:other|apart|except|beyond|"
    r"outside))))"
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
        about = _ABOUT_EYE if name in _OF_ANYTHING else ""
        parts.append(rf"(?P<n{i}>{words}){about}")
        stages[f"n{i}"] = stage
    return re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})(?![\w])"), stages


def stage_mentions(sentence: str, modality: str = "octa") -> list[Naming]:
    """All stages named in one folded sentence, in order."""
    pattern, stages = _pattern(modality)
    found = [
        m
        for m in pattern.finditer(sentence)
        if m.group() not in _OF_ANYTHING
        or _of_the_eye(m.group(), sentence[: m.start()][-80:], sentence[m.end() :][:20])
    ]
    return namings(sentence, [(m.start(), m.end(), stages[m.lastgroup or "none"]) for m in found])


def _of_the_eye(word: str, before: str, after: str) -> bool:
    """Whether `healthy`, `normal` or the like between these words speaks of the whole eye."""
    if word not in ("healthy", "normal") and re.search(r"[,(]\s*$", before):
        return False  # "vessel density 48 %, within normal limits"
    whole = _BEFORE_NORMAL.search(before) or _NAMED_EYE.match(after)
    return whole is not None and _NOT_NORMAL.search(before) is None


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
        denied = bool(
            denied_before(before, sentence[end : end + 90]) or denied_after(after) or goes_on
        )
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
        for mention in stage_mentions(asserted(folded[start:end]), modality):
            if mention.denied:
                continue
            if mention.hedged:
                hedged = mention.id
            else:
                firm = mention.id
    return firm or hedged
