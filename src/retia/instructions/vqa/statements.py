"""Annotated questions as statements: `Is there air?` answered `no` says `There is no air`.

In:  a question with its annotated answer.
Out: one sentence in the annotator's own words; None where the grammar is not sure of it.

The grammar is precise and small. It turns words round and adds none but `not`, `no` and the labels
`Location of` and `Number of`; what it cannot parse it leaves out.
"""

import re
from functools import partial

from retia.records import Question

_compile = partial(re.compile, flags=re.IGNORECASE)

_PICTURE = (
    r"(?:(?:above|chest|abdominal|axial|ct|mr|mri)\s+)*"
    r"(?:image|picture|scan|film|radiograph|study|x-?\s?ray|cxr|ct|mri?|photo|section|slice)"
)
_SHOWN = r"(?:present|seen|visible|shown|noted|depicted|visuali[sz]ed|demonstrated|identified)"
_HERE = rf"(?:\s+(?:in|on|within)\s+(?:the|this)\s+{_PICTURE})?"
_STATE = (
    r"(?:ab)?normal(?:[ -]appearing)?|healthy|unhealthy|enlarged|dilated|thickened|calcified|"
    r"fractured|broken|midline|symmetric(?:al)?|asymmetric(?:al)?|clear|displaced|deviated|shifted|"
    r"compressed|well[ -](?:defined|circumscribed)|enhanced|enhancing|patent|open|distended|"
    r"inflamed|narrowed|elevated|flattened|blunted|collapsed|cystic|solid|homogen(?:e)?ous|"
    r"heterogen(?:e)?ous|infarcted|intact|intubated|effaced|obstructed|obscured|rotated|tortuous|"
    r"hyperinflated|hyperdense|hypodense|hyperintense|hypointense|unremarkable|abnormally \w+"
)
# One subject: no second clause, and nothing that weighs two things against each other.
_NOT_PLAIN = _compile(
    r"\b(?:or|more|less|than|both|only|same|other|another|else|which|that|who|if|would|could|"
    r"should|likely|suspect|you|it|they|he|she|these|those|equal|equivalent|multiple|many|several|"
    r"because|compared|all|well|also|still|now|surrounding|the the|with in|\w+ly)\b|[,;:()/]"
)
_AND = re.compile(r"\band\b")
_SINGULAR_S = re.compile(r"(?:ss|us|is|as|ascites|diabetes|series|thorax)$")
_PLACE_STARTS = re.compile(
    r"\s+(?:in|on|of|at|near|within|around|along|to|from|under|below|above|with|without|"
    r"surrounding|involving|located|present|suggesting|suggestive)\s+"
)

_THERE = _compile(
    rf"(?P<be>is/are|is|are)\s+(?:there|the re)\s+(?P<what>.+?)(?:\s+{_SHOWN})?{_HERE}"
)
_PRESENT = _compile(rf"(?P<be>is/are|is|are)\s+(?P<what>.+?)\s+{_SHOWN}{_HERE}")
_IS = _compile(rf"(?P<be>is/are|is|are)\s+(?P<what>the\s+.+?)\s+(?P<state>{_STATE}){_HERE}")
_LOOKS = _compile(rf"(?:does|do)\s+(?P<what>the\s+.+?)\s+(?:appear|look)\s+(?P<state>{_STATE})")
_SHOWS = _compile(
    rf"(?:does|do)\s+(?:the|this)\s+{_PICTURE}\s+"
    r"(?:show|contain|demonstrate|depict|display|include)\s+(?P<what>.+)"
)
_HAS = _compile(r"does\s+(?:the|this)\s+patient\s+have\s+(?P<what>.+)")
_SEE = _compile(rf"(?:do|can)\s+(?:you|we)\s+see\s+(?P<what>.+?){_HERE}")
_THIS_IS = _compile(r"is\s+this\s+(?P<what>(?:an?|the)\s+[\w\s-]+)")
_WHERE = _compile(
    r"(?:where\s+(?:is/are|is|are)|what\s+is\s+the\s+location\s+of)\s+"
    rf"(?P<what>the\s+[\w\s-]+?)(?:\s+located)?{_HERE}"
)
_HOW_MANY = _compile(
    rf"how\s+many\s+(?P<what>[\w\s-]+?)\s+(?:are\s+there|(?:are|can\s+be)\s+{_SHOWN}){_HERE}"
)


def statement_of(question: Question) -> str | None:
    """The sentence that a question and its annotated answer state, or None."""
    text = " ".join(question.text.split()).rstrip("?. ").strip()
    answer = " ".join(question.answer.split()).rstrip(".").strip()
    if question.kind == "yes_no":
        return _polar(text, answer.lower())
    for kind, pattern, label in (("text", _WHERE, "Location"), ("number", _HOW_MANY, "Number")):
        m = pattern.fullmatch(text) if question.kind == kind else None
        if m is not None and not _NOT_PLAIN.search(m["what"]):
            return f"{label} of {m['what']}: {answer}."
    return None


def _polar(text: str, answer: str) -> str | None:
    """The statement of a yes-or-no question."""
    if answer not in ("yes", "no"):
        return None
    yes = answer == "yes"
    for pattern, says in (
        (_THERE, _there),
        (_IS, _state),
        (_PRESENT, _present),
        (_LOOKS, _looks),
        (_SHOWS, _there),
        (_HAS, _has),
        (_SEE, _there),
        (_THIS_IS, _this_is),
    ):
        m = pattern.fullmatch(text)
        if m is not None:
            what = m["what"].strip()
            # "No A and B" may mean that one of them is there.
            if _NOT_PLAIN.search(what) or (not yes and _AND.search(what)):
                return None
            return says(m, what, yes)
    return None


def _there(m: re.Match[str], what: str, yes: bool) -> str | None:
    bare = re.sub(r"^(?:an?|any|some)\s+", "", what)
    if bare.startswith(("the ", "his ", "her ", "their ")):
        # "The spleen is seen": something known, so only whether it is in the picture.
        return f"{_capital(what)} {_be(what)} {'' if yes else 'not '}seen."
    be = (m.groupdict().get("be") or "is/are").lower()
    verb = _be(bare) if be == "is/are" else be
    if not yes:
        return f"There {verb} no {bare}."
    article = re.match(r"an?\s+", what)
    return f"There {verb} {article.group() if article else ''}{bare}."


def _present(m: re.Match[str], what: str, yes: bool) -> str | None:
    return _there(m, what, yes)


def _state(m: re.Match[str], what: str, yes: bool) -> str:
    be = _be(what) if m["be"].lower() == "is/are" else m["be"].lower()
    return f"{_capital(what)} {be} {'' if yes else 'not '}{m['state']}."


def _looks(m: re.Match[str], what: str, yes: bool) -> str:
    many = _be(what) == "are"
    if yes:
        return f"{_capital(what)} {'appear' if many else 'appears'} {m['state']}."
    return f"{_capital(what)} {'do' if many else 'does'} not appear {m['state']}."


def _has(m: re.Match[str], what: str, yes: bool) -> str:
    bare = re.sub(r"^(?:any|some)\s+", "", what)
    if yes:
        return f"The patient has {bare}."
    return f"The patient has no {re.sub(r'^an? ', '', bare)}."


def _this_is(m: re.Match[str], what: str, yes: bool) -> str:
    return f"This is {'' if yes else 'not '}{what}."


def _be(what: str) -> str:
    """`is` or `are`, by the noun before the first preposition."""
    head = _PLACE_STARTS.split(f" {what} ")[0].strip()
    plural = head.endswith("s") and not _SINGULAR_S.search(head)
    return "are" if plural else "is"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
