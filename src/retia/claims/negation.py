"""Whether a mention is denied or doubted by the words around it.

All functions read folded text (`sentences.fold`) of one sentence: what stands before the
mention, or what stands after it up to the next mention. After NegEx (Chapman et al. 2001,
J Biomed Inform 34:301): cues, what ends their reach, and phrases that only look like cues.
"""

import re

_NUMBER = (
    r"\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|"
    r"half|an? (?:dozen|handful|few|couple)"
)
_DENY = (
    r"(?:absent|missing|negatives?|not (?:seen|present|visible|found|detected))(?: \w+)?\s*:|"
    r"(?:doubts?|doubted|not (?:convinced|persuaded)) (?:that|whether|if|by)(?: (?:this|these|"
    r"those|it|they|"
    r"there) (?:is|are|was|were|represents?))?|"
    r"no longer|no|not|without|never|neither|nor|non|nil|lacks?|lacking|lack of|absence of|free of|"
    r"free from|clear of|devoid of|spared (?:from|of|by)|negative for|ruling out|rules? out|"
    r"ruled out|excludes?|excluding|rather than|instead of|"
    rf"(?<!other )than(?!\s+(?:{_NUMBER}|expected|normal|usual|average|before)\b)|"
    r"cannot|isn't|aren't|don't|doesn't|didn't|wasn't|weren't|can't|couldn't|none of|nothing|"
    r"nowhere|fails? to|failed to|unable to|denies|denied|resolution of|disappearance of|"
    r"mistaken (?:at first |initially |first )?for|misread as|"
    r"what (?:\w+ ){0,3}?(?:looks?|looked|seems?|seemed|appears?|appeared) (?:\w+ ){0,3}?(?:like|"
    r"to be)|mimic(?:s|king)?|simulat(?:es|ing)|"
    r"(?:first|initially|originally) (?:read|thought|taken|interpreted|reported|regarded|labelled|"
    r"described|suspected|called)(?: as| to be| for)?|hardly any|(?:argu\w+|speaks?|speaking|"
    r"militates?|evidence|and) against"
)
_UNSURE = (
    r"(?:cannot|can not|could not|can't|couldn't|not) (?:\w+ )?(?:be |make )?(?:sure|certain) "
    r"(?:of|about|that)"
)
# Phrases that hold a cue and deny nothing.
_PSEUDO = re.compile(
    rf"\b(?:{_UNSURE}|not (?:only|just|merely|necessarily)|no (?:doubt|question|surprise|fewer|"
    rf"less|"
    r"more than)|"
    r"without (?:doubt|question)|(?:more|less) (?:likely|probabl[ey]) than|not (?:free of|"
    r"free from|without|devoid of|lacking|clear of|"
    rf"fewer than|less than|more than)(?: (?:{_NUMBER}))?|"
    r"(?:cannot|can not|can't|could not|does not|do not|not|doesn't) (?:\w+ly )?(?:be )?(?:exclude|"
    r"rule out|excluding|ruling out|excluded|ruled out)|"
    r"(?:no|not|without) (?:\w+ )?(?:change|changes|progression|increase|decrease|difference|"
    r"growth|"
    r"worsening|improvement)(?! to\b)(?: (?:in|of|from))?|not (?:changed|progressed(?! to\b)|"
    r"increased|"
    r"grown|worsened|"
    r"improved|resolved|enlarging)|not (?:yet )?(?:treated|confined|limited|restricted)|"
    r"nothing (?:else|other|but|more)|no (?:\w+ ){0,2}(?:other than|except|but|apart from|besides|"
    r"beyond))\b"
)
# A cue's own verb or noun: "does not show", "no area that suggests", "cannot see".
_OWN = re.compile(
    # "No indication that the disease has become".
    r"\s+(?:\w+\s+)?(?:indication|evidence|sign|suggestion|reason|hint|proof)s?\s+(?:that|"
    r"to (?:think|"
    r"believe|assume)(?: that)?)\s+(?:\w+\s+){0,4}?(?:is|are|has|have|was|were)\b(?:\s+(?:become|"
    r"reached|"
    r"progressed to|turned|now|any|an?|the|been|developed))*"
    r"|(?:\s+(?:\w+ly|yet|i|we|one|to|be|been|there|is|are|any|of the|clear|definite|convincing|"
    r"obvious|further|other|additional))*"
    r"\s+(?:show|reveal|see|seen|demonstrat|find|detect|have|has|contain|identif|observ|display|"
    r"exhibit|harbou?r|suggest|indicat|appreciat|discern|recogni[sz]|make out|spot|notic|depict|"
    r"confirm|support|amount|qualify|fulfil|meet|report|visuali[sz])\w*(?:\s+(?:to|for|as|out))?\b"
    r"|\s+(?:\w+\s+){1,3}?(?:that|which|to|would)\s+(?:\w+ )?(?:suggest|show|indicat|represent|be|"
    r"explain|account|imply|mean)\w*\b"
    r"|\s+(?:is|are|was|were) (?:there )?(?:any|a)\b|\s+(?:that|those|one|the picture) of\b"
    r"|\s+(?:visible|evident|apparent|discernible|recogni[sz]able|present)\b(?=\s)"
    r"|\s+(?:to|that) (?:suggest|indicate|support|show|imply)\w*\b"
    # "Neither eye shows".
    r"|(?:\s+(?!(?:but|and|yet|which|that|while|seen|found|present)\b)\w+){1,3}?\s+(?:shows?|"
    r"reveals?|"
    r"contains?|displays?|exhibits?|harbou?rs?|has|have)\b"
)
# Between the denying word and what it denies: anything but a new statement.
_VERBS = (
    r"is|are|was|were|has|have|shows?|showing|seen|present|visible|found|there|but|while|whereas|"
    r"although|though|however|because|so|hence|thus|therefore|which|that|it|only|this|these|"
    r"remains?|leaves?|lies?|accompan\w+|arises?|"
    r"(?<!not )yet|turned|turns|proved|proves|actually|really|represents?|accounts?|makes?|"
    r"contains?|speaks?(?! against)|points?|favou?rs?|supports?|allows?|means?|touch\w*|holds?|"
    r"except|apart|aside|save|besides|with|plus|noted|evident|reveals?|"
    r"demonstrates?|consistent|compatible|suggest\w*|indicat\w+|argues?|due|leaving|merely|just"
)
# "No injury to the bowel": the bowel is there.
_EVENT = r"\b(?:bleeding|leak\w*|injury|damage|contact|traction)\s+(?:from|of|at|to|with|on|near)\b"
_BREAK = re.compile(rf"\b(?:{_VERBS}|longer)\b|{_EVENT}|[,;:(]|\s-\s")
_LIST_BREAK = re.compile(rf"\b(?:{_VERBS})\b|{_EVENT}|[;:(]|\s-\s")
_COORDINATED_BREAK = re.compile(
    rf"\b(?:{_VERBS}|mild|moderate|severe|\d+|{_NUMBER}|several|many|some|few|multiple|numerous|"
    r"view|screen|frame|sight|scattered|occasional|extensive|widespread|diffuse|patchy|marked|"
    r"single|isolated|yes)\b|[;:(+]|,\s+(?:minor|minimal|slight|small|trace|subtle|faint|basal|"
    r"bibasal)\b|"
    r"\s-\s|(?:,|\band|,\s*and)\s+(?:an?|the|its)\b|"
    # "No bleeding from the liver": the liver is there.
    r"^\s*(?:(?:\w+ )?from|to|at|near|on|in|around|over|under|behind|between|along)\s+"
    r"(?:(?:an?|the|its)\s+)?$"
)
_OR_AHEAD = re.compile(rf"(?:(?!\b(?:{_VERBS})\b)[^;:(.]){{0,90}}?\b(?:or|nor)\b")
THAN = re.compile(rf"\bthan\b(?!\s+(?:{_NUMBER}|expected|normal|usual|average)\b)")
"""After it stands what something is compared with; not in "more than five"."""
_CUE = re.compile(rf"(?<![\w-])(?:{_DENY})(?![\w-])")
_BE = (
    r"(?:is|are|was|were|can|could|do|does|did|has been|have been|had been|appears?|remains?|"
    r"seems?|"
    r"looks?|has|have|had|having|having been|being|proved|may)"
)
_SEEN = (
    r"seen|present|visible|detect\w*|found|identif\w*|evident|apparent|appreciat\w*|noted|"
    r"observed?|"
    r"demonstrat\w*|discern\w*|recogni[sz]\w*|encountered|met|reached|achieved|obtained|secured?|"
    r"shown|made out|visuali[sz]ed|there|convincing\w*|confirmed|established|recorded|reported|"
    r"revealed|documented|complete[d]?|satisfied|attained|performed|used|exist|exists|occur|"
    r"occurred|a (?:feature|finding|concern)|in (?:the )?(?:\w+ )?(?:field|view|use|frame|picture|"
    r"image|scan)|on (?:the )?(?:screen|image|scan)|part of|among|any|suspected|suggested|"
    r"supported|"
    r"involved|adequate|satisfactory|here|yet|given|warranted|justified|depicted|introduced|"
    r"appear|look|enough|one|made|upheld"
)
_ADVERBS = (
    r"(?:(?:\w+ly|be|been|all|both|also|currently|yet|at all|as yet|otherwise|now|still|again)\s+)*"
)
_GONE = (
    r"absent|missing|lacking|unlikely|excluded|ruled out|rejected|negative|nil|none|gone|resolved|"
    r"wanting|disappeared|cleared|incomplete|pending|outstanding|lacked|denied|insecure|unmet|zero|"
    r"vanished|healed|subsided|faded|(?:re)?absorbed|settled|regressed|out of the question|"
    r"discounted|refuted|dismissed|improbable|inconceivable|implausible|hardly conceivable|"
    r"avoided|prevented|averted|(?:out of|"
    r"off) (?:the )?(?:view|frame|sight|field|screen)"
)
# Before a verb that denies: no other verb, and commas only around an aside.
_ASIDE = (
    r"(?:,\s{4,}|,\s*(?:(?:(?:once|still|earlier|so|both|as|although|though) [^,;]{1,60})?(?=,)|"
    r"however|though|in contrast|by contrast|on the other hand|in turn|too|moreover|"
    r"fortunately|if any|at present|for now|as yet|so far|(?:which|that) [^,;]{1,60}),)?"
)
_REACH = rf"(?:(?!\b{_BE}\b)[^,;]){{0,120}}?"
_AFTER = re.compile(
    rf"^{_ASIDE}{_REACH}{_ASIDE}\s*\b(?:{_BE}\s+{_ADVERBS}(?:not|never|nowhere|no longer)|cannot|"
    r"isn't|aren't|wasn't|weren't|can't|couldn't|hasn't|haven't|didn't)"
    rf"(?:\s*(?:$|[.,;!)]|\b(?:but|and)\b)|\s+{_ADVERBS}(?:to be )?(?:{_SEEN})\b)"
    rf"|^{_ASIDE}{_REACH}{_ASIDE}\s*\b{_BE}\s+{_ADVERBS}(?:thought |considered |felt |deemed )?"
    rf"(?:{_GONE})\b"
    r"|^\s*[:=(]?-?\s*[:=(]\s*(?:(?:grade|score|level|degree)\s*:?\s*)?(?:none|absent|no|not|0|"
    r"negative|nil|neg|cleared|resolved|gone|"
    r"excluded|lacking|missing|-)(?!\w|\.\d)"
    r"|^\s+(?:grade|score|count)\s*[:=]?\s*(?:0|nil|none)(?![\d/]|\.\d)"
    r"|^\s+(?:all |both )?(?:lacking|missing|incomplete|pending|resolved|cleared|gone|"
    r"(?:out of|off) (?:the )?(?:view|frame|sight|field|"
    r"screen)|improbable|nil|none|neg|absent|negative|excluded|ruled out|unlikely|"
    rf"not\s+{_ADVERBS}(?:{_SEEN}))\b(?!\s+(?:for|of|in that)\b)|^\s+not\s*(?:$|[.,;!])"
    r"|^\s*\(?-(?:ve)?\)?\s*(?:[,;.)]|$)"
    r"|^[^,;]{0,80}?\bby (?:its|their) absence\b|^[^,;]{0,80}?\b(?:disappeared|resolved|"
    r"vanished|cleared up|healed|faded away|subsided|regressed completely)\b"
    # "Were looked for and not found", "wondered about spots, but I could not confirm any".
    rf"|^[^;]{{0,80}}?\b(?:and|but)\s+(?:(?:i|we|they|it|this|these|that|she|he)\s+)?(?:{_BE}\s+|"
    rf"could\s+)?"
    rf"{_ADVERBS}(?:not|never)\s+(?:be |been )?(?:find|see|confirm|detect|identify|found|seen|"
    r"confirmed|detected|identified|borne out)\b(?:\s+(?:any|them|it|one|this|these|either|here|"
    r"there|"
    r"today|now))*\s*(?:$|[.,;!])"
    r"|^[^;]{0,80}?,\s*(?:but |and )?(?:none|nil|nothing) (?:of (?:them|it|this) )?(?:today|now|"
    r"left|"
    r"remains?|remaining|seen|visible|present|any more|anymore|at present|currently|found|"
    r"confirmed)\b"
    # "Only one structure proven so far, thus not achieved", "to call it so, and there are none".
    rf"|^[^;]{{0,80}}?,\s*(?:and )?(?:thus|so|hence|therefore)\s+(?:{_BE}\s+)?not\s+"
    rf"{_ADVERBS}(?:{_SEEN})\b"
    r"|^[^;]{0,80}?,\s*(?:and|but)\s+there (?:is|are|was|were)\s+none\s*(?:$|[.,;!])"
    r"|^[^,;]{0,40}?\b(?:in vain|without success)\b|^\s*,\s*(?:none|nothing)\s+(?:could|can|was|"
    r"were|is|are|has|"
    r"have)\b"
    # "The apparent dropout is a projection artefact."
    r"|^[^,;]{0,40}?\b(?:is|are|was|were|proved to be|turned out to be|represents?|"
    r"due to)\s+(?:\w+ly )?(?:(?:an?|the|"
    r"only|merely|just|due to)\s+)?(?:\w+ ){0,2}?(?:artefacts?|artifacts?|shadows?|shadowing)\b"
    # "Of tufts there is no trace", "seen neither here nor there", "two of three criteria met".
    r"|^[^,;]{0,60}?\b(?:there (?:is|are|was|were)|i (?:see|find|found|saw)|we (?:see|find|found|"
    r"saw)|"
    r"shows?|has|had)\s+(?:no|not a|not the slightest)\s+(?:trace|sign|evidence|hint|"
    r"indication)s?\b(?!\s+of)"
    rf"|^{_REACH}\b{_BE}\s+{_ADVERBS}(?:{_SEEN})\s+(?:neither|nowhere|in neither|in none|in no|"
    rf"at no)\b"
    r"|^\s*[:(,-]?\s*(?:only )?(?:one|two|1|2) (?:out )?of (?:the )?(?:three|3)\b"
)
_BARE_AFTER = re.compile(
    r"^\s+(?:nil|none|neg|absent|lacking|missing|negative|excluded|ruled out|unlikely|not)\b|"
    r"^\s*[:=(-]"
)
_NOT_EXCLUDED = re.compile(
    r"(?:cannot|can not|could not|can't|couldn't|not)(?: be)? (?:\w+ly )?(?:be )?"
    r"(?:excluded?|ruled? out|dismissed|discounted)"
)
_DOUBT = (
    r"possible|possibly|possibility|suspected|suspicious|suspicion|probable|probably|likely|questionable|"
    r"perhaps|maybe|may|might|could|suggests?|suggestive|suggesting|doubtful|equivocal|suspect|"
    r"query|presumed|presumably|concern|concerning|worrisome|versus|vs|uncertain|borderline|"
    r"consistent with|compatible with|in keeping with|favou?red|hint"
)
_DOUBT_BEFORE = re.compile(
    rf"(?:\b(?:{_DOUBT}|{_UNSURE})\b|\?\w*|(?<!in )(?<!on )\beither\b(?! (?:eye|side|"
    rf"half)))(?:[\s-]+[\w-]+){{0,4}}\s*$"
)
_DOUBT_AFTER = re.compile(
    r"^[^,;]{0,120}?\b(?:possible|possibly|suspected|probable|probably|likely|questionable|perhaps|"
    r"maybe|may|might|could|suggests?|suggested|doubtful|equivocal|uncertain|favou?red|considered|"
    r"presumed|borderline)\b|^\s*\(?\?|^\s*(?:versus|vs|v)\b"
)


_GONE_BEFORE = re.compile(r"\b(?:(?<!not )(?:regressed|resolved|vanished))\s+$")


def denied_before(before: str, rest: str = "") -> bool:
    """Whether the words before a mention deny it (`no`, `without`, `rather than`...).

    Args:
        before: What stands between the last mention and this one.
        rest: What stands after it in the sentence: in "no tears, holes or haemorrhages" it tells
            that the commas are those of one list.
    """
    if _GONE_BEFORE.search(before):
        return True
    before = _PSEUDO.sub(lambda m: "#" * len(m.group()), before)
    cues = list(_CUE.finditer(before))
    if not cues:
        return False
    cue = cues[-1]
    own = _OWN.match(before, cue.end())
    start = own.end() if own else cue.end()
    if _BREAK.search(before, start) is None:
        return True
    if _LIST_BREAK.search(before, start) or "," not in before[start:]:
        return False
    return _OR_AHEAD.match(before[start:] + "x" + rest[:90]) is not None


def denial_goes_on(between: str) -> bool:
    """Whether the denial of one mention reaches the next: `no A, B or C`."""
    return _COORDINATED_BREAK.search(between) is None


def denied_after(after: str, shared: bool = False) -> bool:
    """Whether the words after a mention deny it (`is not seen`, `are absent`, `: none`).

    Args:
        after: The words after a mention, or after the last of a list.
        shared: Whether other mentions stand between: then only a verb counts, for in
            "dropout, IRMA: none" each word has its own.
    """
    if _NOT_EXCLUDED.search(after) or (shared and _BARE_AFTER.match(after)):
        return False
    return _AFTER.search(after) is not None


def doubted(before: str, after: str) -> bool:
    """Whether a mention is hedged (`possible`, `may`, `cannot be excluded`...)."""
    for text in (before[-60:], after):
        found = _NOT_EXCLUDED.search(text)
        if found and "," not in text[: found.start()]:
            return True
    return bool(_DOUBT_BEFORE.search(before[-90:]) or _DOUBT_AFTER.search(after))
