"""Whether a mention is denied, doubted or only imagined, by the words around it.

All functions read folded text (`sentences.fold`) of one sentence: what stands before the
mention, or what stands after it up to the next mention.
"""

import re

_DENY = (
    r"no|not|without|never|neither|nor|non|lacks?|lacking|lack of|absence of|free of|free from|"
    r"negative for|rules? out|ruled out|ruling out|excludes?|excluding|rather than|instead of|"
    r"than(?!\s+(?:\d|one|two|three|four|five|six|seven|eight|nine|ten)\b)|"
    r"isn't|aren't|don't|doesn't|none of"
)
# Between the denying word and what it denies: anything but a new statement.
_BREAK = re.compile(
    r"\b(?:is|are|was|were|has|have|shows?|seen|present|visible|found|there|but|while|whereas|"
    r"although|however|because|so|hence|thus|therefore|which|that|it|only|longer)\b|[,;:]"
)
_COORDINATED_BREAK = re.compile(
    r"\b(?:is|are|was|were|has|have|shows?|seen|present|visible|found|there|but|with|while|whereas|"
    r"although|however|because|so|hence|thus|therefore|which|that|it|mild|moderate|severe|\d+|"
    r"one|two|three|four|five|six|seven|eight|nine|ten|several|many|some|few)\b|[;:]"
)
_CUE = re.compile(rf"(?<![\w-])(?:{_DENY})(?![\w-])")
_VERB = r"(?:is|are|was|were|can|could|has been|have been|appears?|remains?|seems?)"
_AFTER = re.compile(
    rf"^(?:(?!\b{_VERB}\b)[^,;])*\b{_VERB}\s+(?:\w+\s+)?"
    r"(?:not\b(?!\s+(?:only|mild|moderate|severe|excluded|ruled out|be excluded|be ruled out))"
    r"|absent\b|missing\b|lacking\b|unlikely\b|excluded\b|ruled out\b|rejected\b)"
    r"|^(?:(?!\b(?:is|are|was|were)\b)[^,;])*\bcannot be (?:seen|found|detected|identified)"
    r"|^\s*[:=(-]\s*(?:none|absent|no|not|0|negative)\b(?!\.\d)"
    r"|^\s+(?:absent|not\s+(?:seen|present|visible|detected|found|identified))\b"
)
_NOT_EXCLUDED = re.compile(
    r"(?:cannot|can not|could not|not)(?: be)? (?:fully )?(?:excluded|ruled out)"
)
_DOUBT = (
    r"possible|possibly|suspected|suspicious|suspicion of|probable|probably|likely|questionable|"
    r"perhaps|maybe|may|might|could|suggests?|suggestive|suggesting|doubtful|equivocal"
)
_DOUBT_BEFORE = re.compile(rf"\b(?:{_DOUBT})\b(?:[\s-]+[\w-]+){{0,4}}\s*$")
_DOUBT_AFTER = re.compile(rf"^[^,;]*?\b(?:{_DOUBT})\b")
_IMAGINED = re.compile(
    r"\b(?:would|if|whether)\b"
    # Advice, as taxonomies give it: what to do or to watch for, not what is seen.
    r"|^\W*(?:next|goal|check|pitfall|action)\s*:|\bnext (?:phase|step)\b"
)


def denied_before(before: str) -> bool:
    """Whether the words before a mention deny it (`no`, `without`, `rather than`...)."""
    cues = list(_CUE.finditer(before))
    if not cues:
        return False
    cue = cues[-1]
    if cue.group() == "not" and re.match(r"\s+only\b", before[cue.end() :]):
        return False
    return _BREAK.search(before, cue.end()) is None


def denial_goes_on(between: str) -> bool:
    """Whether the denial of one mention reaches the next: `no A, B or C`."""
    return _COORDINATED_BREAK.search(between) is None


def denied_after(after: str) -> bool:
    """Whether the words after a mention deny it (`is not seen`, `are absent`, `: none`)."""
    return _AFTER.search(after) is not None and _NOT_EXCLUDED.search(after) is None


def doubted(before: str, after: str) -> bool:
    """Whether a mention is hedged (`possible`, `may`, `cannot be excluded`...)."""
    if _NOT_EXCLUDED.search(after) and "," not in after[: _NOT_EXCLUDED.search(after).start()]:  # type: ignore[union-attr]
        return True
    return bool(_DOUBT_BEFORE.search(before) or _DOUBT_AFTER.search(after))


def imagined(sentence: str) -> bool:
    """Whether a sentence speaks of what would, should or will be, not of what is."""
    return _IMAGINED.search(sentence) is not None
