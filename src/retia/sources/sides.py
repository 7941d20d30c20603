"""Findings and sides of the body that annotated questions tell.

In:  a case with questions and their annotated answers.
Out: the case with `attributes["side"]` of its findings, and with a finding for every kind of the
     vocabulary that a question affirms where no finding of the kind was annotated otherwise.

Only plain forms are read: `Is there a right-sided pleural effusion?` answered `yes`, `Where is the
mass?` answered `Left kidney`, `What is the pathology?` answered `Left apical pneumothorax`. What
names two sides, two kinds, or a side of something else tells nothing. A kind that a question
denies of the whole image (`Is there a pneumothorax?` answered `no`) was looked for.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from retia.records import Case, Finding, Question
from retia.taxonomy import read_vocabulary
from retia.taxonomy.surgery import fold

_THERE = re.compile(
    r"(?:is|are|is/are) (?:there|the re)\b|(?:can|do|does) .*\b(?:seen?|observed|show|contain|"
    r"have)\b"
)
_WHERE = re.compile(
    r"(?:where|(?:in |on )?(?:which|what) (?:side|lung|lobe|kidney|hemisphere|part)|"
    r"what is the location)\b"
)
_WHAT = re.compile(
    r"what (?:is|are|is/are) (?:the |wrong|abnormal)(?: ?(?:main |primary |major )?(?:pathology|"
    r"abnormality|abnormalities|diagnosis|finding|findings|disease|diseases|lesion|in|with|seen)\b"
    r"|$)|what (?:pathology|abnormality|disease|diseases) (?:is|are|is/are)\b"
)
_UNSURE = re.compile(
    r"\b(?:or|no|not|non|without|normal|possible|possibly|probable|likely|suspected|may|might|"
    r"absent|previous|old|more|less|than|rather|versus|vs|opposite|if|would|could)\b|\?.*\?"
)
_MANY = re.compile(r",|;|/|\band\b|&")
# Kinds of which there is one, in the middle; and what has a kind's word and is another thing.
_MIDDLE = frozenset({"cardiomegaly", "midline_shift", "hydrocephalus", "ascites"})
_OTHER = re.compile(
    r"\b(?:mass effect|fatty infiltration|(?:mediastinal|tracheal) shift|"
    r"shift of the (?:mediastinum|"
    r"trachea)|(?:pericardial|joint) effusion|thyroid nodules?|vertebral (?:body )?collapse|"
    r"(?:bone|muscle) mass)\b"
)
_PLAINLY = re.compile(
    r"(?:(?:is|are|is/are) there |can )(?:an? |any |evidence of (?:an? |any )?)?(?P<what>.+?)"
    r"(?: be (?:seen|observed))?"
    r"(?: (?:present|seen|visible|shown))?(?: (?:in|on) (?:the|this) (?:image|picture|scan|film|"
    r"radiograph|x ray|ct|mri))?"
)
# The side of something that is itself not meant: "to the left of the heart", "rightward shift".
_ELSEWHERE = re.compile(r"\b(?:to|from|towards?) the (?:left|right)\b|\b(?:left|right)ward\b")


@dataclass(frozen=True)
class Told:
    """What one question tells: a kind is there, on this side where it names one."""

    kind: str
    side: str | None
    question: str


def slug(words: str) -> str:
    """Words as an id: `Pelvic Cavity` becomes `pelvic_cavity`."""
    return re.sub(r"[\s_-]+", "_", words.strip().lower())


def kind_and_side(words: str) -> tuple[str, str | None]:
    """`Left Lung` as `lung` and `left`; a kind or an organ is named by the vocabulary's id."""
    vocabulary, name = read_vocabulary("radiology"), fold(words)
    ids = {**vocabulary.words("organs"), **vocabulary.words("kinds")}
    sides = vocabulary.words("sides")
    first, _, rest = name.partition(" ")
    if name not in ids and rest and first in sides:
        return ids.get(rest, slug(rest)), sides[first]
    return ids.get(name, slug(name)), None


def with_told(case: Case, *, bare_sides: bool) -> Case:
    """Add what the questions tell of kinds and sides.

    Args:
        case: With questions, and findings where the data set has boxes or masks.
        bare_sides: Whether a side without a noun (`Where is the mass?` `Left`) is one of the body.
            In SLAKE it is one of the picture.

    Returns:
        The case. One finding of a kind with one side told has this side; of several nobody can say
        which is meant. A kind that no finding shows is a new finding for each of its sides. What
        one question affirms and another denies is neither.
    """
    told: dict[str, list[Told]] = {}
    denied: set[str] = set()
    for number, question in enumerate(case.questions):
        named = question if question.id else replace(question, id=str(number))
        one = read_told(named, bare_sides=bare_sides)
        if one is not None:
            told.setdefault(one.kind, []).append(one)
        denied |= {kind for kind in [read_denied(question)] if kind}
    findings = list(case.findings)
    for kind, ones in told.items():
        if kind in denied:
            continue
        sides = tuple(dict.fromkeys(one.side for one in ones if one.side))
        sides = ("bilateral",) if {"left", "right"} <= set(sides) else sides
        own = [place for place, finding in enumerate(findings) if finding.kind == kind]
        if len(own) == 1 and len(sides) == 1:
            attributes = {"side": sides[0]} | findings[own[0]].attributes
            findings[own[0]] = replace(findings[own[0]], attributes=attributes)
        elif not own:
            findings += _new_findings(kind, ones, sides, len(findings))
    lacking = sorted(denied - {f.kind for f in findings} - set(told) - set(case.looked_for))
    return replace(case, findings=tuple(findings), looked_for=(*case.looked_for, *lacking))


def _new_findings(
    kind: str, told: list[Told], sides: tuple[str, ...], before: int
) -> Iterator[Finding]:
    for number, side in enumerate(sides or (None,), before + 1):
        said_by = (t.question for t in told if side in (None, "bilateral", t.side) or not t.side)
        yield Finding(
            id=f"f{number}",
            kind=kind,
            source="annotation",
            attributes={"side": side} if side else {},
            evidence=tuple(f"label/question/{id}" for id in dict.fromkeys(said_by)),
        )


def read_told(question: Question, *, bare_sides: bool) -> Told | None:
    """The kind and the side that a question with its answer tells; None where it is not plain.

    Args:
        question: With its annotated answer.
        bare_sides: See `with_told`.
    """
    asked, answer = fold(question.text).rstrip(" ?."), fold(question.answer).rstrip(" .")
    kind, side = None, None
    if answer == "yes" and _THERE.match(asked) and not _UNSURE.search(asked):
        kind, side = _only_kind(asked), _only_side(asked, bare=True)
    elif _WHERE.match(asked) and not _UNSURE.search(answer):
        kind, side = _only_kind(asked), _only_side(answer, bare=bare_sides)
    elif _WHAT.match(asked) and not _UNSURE.search(answer) and not _MANY.search(answer):
        kind, side = _only_kind(answer), _only_side(answer, bare=True)
    if kind is None:
        return None
    return Told(kind=kind, side=None if kind in _MIDDLE else side, question=str(question.id))


def read_denied(question: Question) -> str | None:
    """The kind that a question with the answer `no` denies of the whole image, or None."""
    asked = _PLAINLY.fullmatch(fold(question.text).rstrip(" ?."))
    if asked is None or fold(question.answer).rstrip(" .") != "no":
        return None
    return _words("kinds")[1].get(asked["what"])


@functools.cache
def _words(part: str) -> tuple[re.Pattern[str], dict[str, str]]:
    ids = read_vocabulary("radiology").words(part)  # type: ignore[arg-type]
    ordered = sorted(ids, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, ordered))})(?!\w)"), ids


def _only_kind(text: str) -> str | None:
    """The one kind that a text names, or None."""
    pattern, ids = _words("kinds")
    text = _OTHER.sub(" ", text)
    found = {ids[m.group()] for m in pattern.finditer(text)}
    return found.pop() if len(found) == 1 and not re.search(r"\band\b", text) else None


def _only_side(text: str, *, bare: bool) -> str | None:
    """The one side of the body that a text names, or None.

    Args:
        text: Folded.
        bare: Whether `left` without a noun counts.
    """
    if _ELSEWHERE.search(text) or _MANY.search(text):
        return None
    pattern, ids = _words("sides")
    found = {ids[m.group()] for m in pattern.finditer(text)}
    if len(found) != 1:
        return None
    side = found.pop()
    follows = r"\b(?:left|right)(?: sided)? (?!side\b|part\b|of\b|corner\b|upper\b|lower\b)\w+"
    if side != "bilateral" and not bare and not re.search(follows, text):
        return None
    return side
