"""Which words of a sentence speak of this image, now, as it is.

Advice, conditions, purposes, earlier examinations, other eyes, what is so in general and what could
not be judged claim nothing. Such words are blanked out, so that all others keep their positions.
After ConText (Harkema et al. 2009, J Biomed Inform 42:839): a trigger, and how far it reaches.
All patterns read folded text (`sentences.fold`); every gap in them is bounded, for the time.
"""

import itertools
import re

_PICTURE = (
    r"(?:scans?|visits?|exam\w*|stud(?:y|ies)|imaging|reports?|angiogra\w+|images?|radiographs?|"
    r"films?|ct|mri|octas?|photo\w*|records?|notes?|letters?)"
)
_OTHER_EYE = r"(?:fellow|other|contralateral|opposite|second|companion) eye"
_EARLIER = r"(?:previous|prior|earlier|former|last|baseline|outside|old)"
_TIME = r"(?:years?|months?|weeks?|days?|time|spring|summer|autumn|winter)"

# "Has to be confirmed", "awaits exclusion": nobody says that it is there.
_TO_BE_SHOWN = (
    r"(?:has|have|had|is|are|remains?|still)(?: still| yet)? to be (?:\w+ly )?(?:confirm|exclud|"
    r"ruled|"
    r"prov|establish|clarif|verif|check|assess|evaluat|determin|demonstrat|achiev|obtain|secured|"
    r"reached|met|made|seen|shown|identif|document)\w*|(?:needs?|requires?|awaits?|deserves?|"
    r"warrants?) (?:further |urgent |an? |to be )?(?:confirm|exclu|clarif|verif)\w+|"
    r"to be (?:excluded|ruled out|confirmed|clarified|verified|prove[dn])"
)

_EDGE = re.compile(
    r"[,;:()]|\s-\s|\b(?:but|while|whereas|although|though|however|yet|now|today|currently)\b"
)
_EDGE_OR_AND = re.compile(rf"{_EDGE.pattern}|\band\b")

_WHOLE = re.compile(
    # Headings, as reports and taxonomies write them.
    r"^\W*(?:next|goal|check|pitfalls?|action|plan|advice|recommendations?|technique|protocol|"
    r"indications?|clinical (?:history|details|question|information|indication)|history|comparison|"
    r"reason for [\w ]{1,20}|question|request|task|reminder|teaching point|note to \w+)\s*[:.]"
    r"|\b(?:next (?:phase|step)|whether)\b|\bwould\b(?!\s+(?:like|prefer|wish|suggest|recommend|"
    r"advise|propose|grade|classify|stage|say|call|describe|regard|rate|read|estimate)\b)"
    r"|\bif\b[^;]{0,120}\bwould\b|\bwould\b[^;]{0,120}\bif\b"
    # Conditions that begin a sentence.
    r"|^\W*(?:if(?! any)|unless|suppos\w+|assuming|in case|in the event|once|whenever|"
    r"when in doubt|"
    r"as soon as|should (?!(?:\w+ ){0,3}(?:note|mention)))\b"
    # Commands.
    r"|^\W*(?:please|do not|don't|never|always|avoid|consider|recommend|suggest|advise|refer|"
    r"repeat|"
    r"monitor|ensure|make sure|remember|exclude|rule out|look (?:for|out)|watch|beware|"
    r"screen|search|arrange|obtain|perform|continue|correlate|convert|call|stop|ask|discuss|"
    r"review|reassess|keep|confirm|tell|inspect|check|verify|identify|evaluate|assess|mind|expose|"
    r"protect|leave|treat|schedule|book|compare|clip|cut|divide|dissect|"
    r"retract|grasp|coagulate|aspirate|irrigate|lift|pull|"
    r"press|place|use|apply|look(?! at))\b(?!-|\s*(?:,|(?:is|are|was|were|appliers?|applicator|of|"
    r"in|on|"
    r"across|and cut|(?:\w+ )?shows?)\b))"
    # What is so in general.
    r"|\b(?:is|are)\s+(?:\w+ ){0,2}?(?:an?|the|one of the|among the)\s+(?:\w+\s+){0,3}(?:sign|"
    r"hallmark|feature|cause|definition|marker|precursor|indicator|manifestation|criterion|"
    r"complication|consequence|risk factor|biomarker)s?\s+(?:of|for|in)\b"
    r"|\b(?:is|are)\s+(?:\w+ly )?(?:defined|known|thought|believed|classified|called|termed|"
    r"characteri[sz]ed)\s+(?:as|to|by|with|when)\b"
    r"|^\W*(?!the |this |these |those |there |an? |his |her |"
    r"its )[\w-]+(?: [\w-]+){0,3} (?:(?:are|is) "
    r"(?:\w+ ){0,2}(?:deposits?|outpouchings?|infarct\w*|bulges?|swellings?|accumulations?|"
    r"channels|"
    r"dilat\w+|vessels|capillaries|leaks?) (?:left|caused|of|from|that|which|due|where|between|"
    r"with|in)|"
    r"(?:represent|reflect|signify|denote|mean|arise|result|stem|develop|precede|occur|"
    r"consist)s? "
    r"(?:from|when|if|in|of|before|after|an?|the|as)|forms? (?:from|when|if|in|before|after|as)|"
    r"(?:are|is) (?:caused|produced) by)\b"
    r"|^\W*(?!the |this |these |those |there |an? |his |her |its |"
    r"no )[\w-]+(?: [\w-]+){0,3} (?:usually|"
    r"typically|commonly|often|generally|frequently|rarely|seldom|always|characteristically|"
    r"can) (?!seen|noted|be|see|make|recogni)"
    r"|^\W*(?:patients|people|eyes|those|anyone|diabetics) (?:with|without|who)\b"
    r"|^\W*when (?:[\w-]+ ){1,4}?(?:appears?|occurs?|develops?|forms?|arises?|grows?|worsens?|"
    r"progress(?:es)?|(?:is|are) (?:seen|found|present|suspected))\b"
    # "In proliferative disease new vessels may bleed."
    r"|^\W*in (?!(?:this|the|these|those|his|her|its|our|my|both|each|all|keeping|either|one|"
    r"two)\b)"
    r"(?:[\w-]+ ){0,3}(?:disease|retinopathy|patients|eyes|diabetes|diabetics|cases|operations|"
    r"people|adults|children|surgery|cholecystectomy)\b(?=[^;]{0,80}\b(?:may|can|will|might|are|"
    r"is)\b)"
    r"|\b(?:by definition|in general|generally speaking|in the literature|guidelines?|textbooks?|"
    r"(?<!than )in (?:young|old|older|healthy|some|many|most|diabetic|normal) (?:eyes|patients|"
    r"people|subjects|adults|"
    r"individuals|children)|in diabetics|in people with|in patients with)\b"
    r"|\b(?:usually|typically|commonly|often|frequently|generally|can|may|will|"
    r"tends? to)\s+(?:arise|occur|bleed|contract|"
    r"develop|precede|appear|lead|cause|result|progress|accompany|form|mimic|be (?:mistaken|missed|"
    r"confused|associated|caused|difficult|subtle))s?\b"
)
# From the trigger to the end of the sentence.
_ONWARD = re.compile(
    r"\b(?:(?:to|and) (?:exclude|rule out|look for|check for|confirm|screen for|watch for|see if|"
    r"monitor for|assess for|evaluate for|assess|evaluate)|r/o|for (?:exclusion|detection|"
    r"assessment|"
    r"evaluation|monitoring|surveillance) of|watch(?:ing)? for|look(?:ing)? for|search(?:ing)? for|"
    r"in search of|screen(?:ed|ing)? for|monitor(?:ing)? for|with a view to|in order to|so as to|"
    r"(?:to |and )?(?:(?<!not )mak(?:e|ing) (?:quite )?(?:sure|certain) (?:of|that|about)|"
    r"be (?:sure|certain) (?:of|that)|ensur(?:e|ing)|guarantee)|"
    r"would (?:like|prefer|wish|suggest|recommend|advise|propose)|unless|in case (?:of|there)|"
    r"in the event (?:of|that)|provided that|lest|to (?:avoid|prevent)|"
    r"i (?:would )?(?:recommend|suggest|advise)|recommend(?:ing)?|advis(?:e|ing)|please|"
    r"refer(?:red|ral)? (?:for|with|because)|asked (?:about|for)|risk (?:of|for)|danger of|"
    r"which (?:can|usually|typically)|depends? on|as (?:seen|is typical|is common) in|"
    r"(?:limit|preclude|hamper|hinder|degrade|prevent|impair|obscure)(?:s|d|ing)?\s+(?:the |any )?"
    r"(?:assessment|evaluation|grading|judg\w+|interpretation|detection|exclusion|view|"
    r"visuali[sz]ation|measurement))\b"
    r"|(?<!as )\bif\b(?!\s+(?:any|anything|ever|not|present at all)\b)"
)
# From the start of its piece, where its subject stands, to the end of the sentence.
_SUBJECT = re.compile(
    rf"\b(?:should|must|ought to|needs? (?:to be|to)|{_TO_BE_SHOWN}|"
    r"(?:is|are|was|were|be) (?:recommended|advised|"
    r"suggested|indicated|advisable|warranted|mandatory|planned|scheduled|discussed|explained|"
    r"requested|arranged)|(?:recommended|advised|suggested) (?:in|within|after|at|for|annually)|"
    r"will (?:be|have|need|return|review|undergo|continue)|"
    rf"follow[\s-]?up(?! (?:{_PICTURE} )?(?:\w+ly )?(?:shows?|demonstrates?|reveals?|confirms?))|"
    r"suggests? (?:\w+ ){0,2}"
    r"(?:review|repeat|imaging|referral|scan|ct|mri|ultrasound|monitoring|biopsy|correlation)|"
    r"(?:was|were|has been|have been) (?:\w+ )?(?:treated|asked|referred|counselled|informed|"
    r"told))\b"
)
# "There is a nodule that has to be confirmed by CT": it is seen.
_RELATIVE = re.compile(r"\b(?:that|which)\s+$")
# The piece of the sentence around it.
_PIECE = re.compile(
    r"\b(?:history of|h/o|past|known (?:case|history)|family history|father|mother|brother|sister|"
    rf"{_OTHER_EYE}|had\b(?! (?:not )?(?:been |an? )?(?:achieved|obtained|secured|reached|met))|"
    rf"{_EARLIER} (?:\w+ )?(?:{_PICTURE}|{_TIME}|appointments?|operations?|surgery|treatment|laser|"
    rf"procedure)|{_TIME} (?:ago|earlier|before)|(?:in|since) (?:19|20)\d\d|status[\s-]post|s/p|"
    r"before (?:treatment|laser|surgery|injections?)|at baseline|formerly|used to|underwent|"
    r"treated (?:for|with|in|by))\b"
)
# The same, for what nobody could tell.
_UNKNOWN = re.compile(
    r"\b(?:cannot|can not|could not|can't|couldn't|(?:is|are|was|were) not|not|non|un)[\s-]?"
    r"(?:be )?(?:(?:\w+ly|further|well|possible to(?: be)?) )?(?:assess|evaluat|judg|grad(?!ually)|"
    r"comment|interpret|measur|scor|determin|quantif|say|tell|told|analy[sz]|rat(?:ed|able)|"
    r"classif|staged)\w*"
    r"|\bno (?:comment|statement|conclusion|judg\w+)\b|\bimpossible to\b"
    r"|\b(?:assessment|evaluation|grading|visuali[sz]ation|interpretation) (?:of|for)\b"
    r"(?=[^;]{0,120}\b(?:limited|impossible|hampered|precluded|hindered|compromised|not possible|"
    r"poor|unreliable|restricted|degraded)\b)"
    r"|\b(?:non-?diagnostic|insufficient|inadequate|too \w+) (?:for|to)\b"
)
# Only these words: what is said beside them stands.
_WORDS = re.compile(
    rf"\b(?:compared|in comparison|relative|in contrast|as opposed|similar|unlike)(?: (?:with|"
    rf"to))?\s+"
    rf"(?:the |his |her |its |a )?(?:(?:{_EARLIER}|{_OTHER_EYE}|baseline|(?:19|20)\d\d)\b"
    rf"(?: (?:\w+ )?(?:{_PICTURE}|{_TIME}|one)\b)?)(?: (?:of|from|in|"
    rf"on) [\w./]{{0,12}}\s?[\w./]{{0,8}}\d{{2,4}})?"
    rf"|\bsince (?:the )?{_EARLIER}(?: (?:{_PICTURE}|{_TIME})\b)?"
    rf"|\b(?:noted|seen|described|reported|present|found|visible|known|documented|"
    rf"shown)? ?(?:on |at |in |"
    rf"from |during )?(?:(?:the |his |her )?{_EARLIER} (?:{_PICTURE}|{_TIME})|(?:19|"
    rf"20)\d\d)(?=[^,;]{{0,60}}\b(?:has|have|is|are|"
    r"persists?|remains?|now|no longer)\b)"
    r"|\b(?:previously|already|formerly) (?:seen|noted|described|known|reported|documented|"
    r"identified|demonstrated)\b"
)


_BUT_FOR = re.compile(
    r"^[^;]{0,120}\b(?:were it not for|had it not been for|if it were not for|if it was not for|"
    r"were there not|but for)\b"
)
"""What comes before it is unreal, what comes after it is there."""


def imagined(sentence: str) -> bool:
    """Whether a folded sentence speaks of what would or should be, or of what is in general."""
    return _WHOLE.search(sentence) is not None


def asserted(sentence: str) -> str:
    """A folded sentence with everything blanked out that claims nothing of this image as it is.

    Returns:
        A text of the same length, blank where a question, a condition or the like stood.
    """
    if found := _BUT_FOR.search(sentence):
        sentence = _blank(sentence, 0, found.end())
    if sentence.endswith("?") or imagined(sentence):
        return " " * len(sentence)
    sentence = _WORDS.sub(lambda m: " " * len(m.group()), sentence)
    if found := _ONWARD.search(sentence):
        start = found.start()
        if found.group() in ("if", "unless", "please"):
            start = _piece_start(sentence, start, _EDGE)
        sentence = _blank(sentence, start, len(sentence))
    if found := _SUBJECT.search(sentence):
        relative = _RELATIVE.search(sentence, 0, found.start())
        start = (
            relative.start() if relative else _piece_start(sentence, found.start(), _EDGE_OR_AND)
        )
        sentence = _blank(sentence, start, len(sentence))
    for trigger in (_PIECE, _UNKNOWN):
        sentence = _without_pieces(sentence, trigger)
    return sentence


def _without_pieces(sentence: str, trigger: re.Pattern[str]) -> str:
    if trigger.search(sentence) is None:
        return sentence
    edges = [0, *(m.end() for m in _EDGE.finditer(sentence)), len(sentence)]
    for start, end in itertools.pairwise(edges):
        if trigger.search(sentence, start, end):
            sentence = _blank(sentence, start, end)
    return sentence


def _piece_start(sentence: str, at: int, edge: re.Pattern[str]) -> int:
    return max((m.end() for m in edge.finditer(sentence, 0, at)), default=0)


def _blank(sentence: str, start: int, end: int) -> str:
    return sentence[:start] + " " * (end - start) + sentence[end:]
