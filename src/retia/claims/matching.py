"""Whether a text gives the right answer, by the type of the gold answer.

The text is a completion: a JSON answer (its `answer` counts) or plain sentences.
"""

import math
import re
import string
from collections import Counter
from collections.abc import Iterable

from retia.claims.actions import ActionClaim
from retia.claims.boxes import box_in, iou
from retia.claims.extract import extract
from retia.claims.lexicon import NUMBER_WORDS, SQUARE_MM, read_lexicon
from retia.claims.negation import THAN
from retia.claims.parser import parse_answer
from retia.claims.phase import phases_in
from retia.claims.places import places_in
from retia.claims.sentences import fold
from retia.claims.stage import stage_in
from retia.records import Gold
from retia.taxonomy import read_vocabulary

IOU_THRESHOLD = 0.5
_YES_NO = re.compile(r"\W*(yes|no)\b")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")
_DENIES = re.compile(r"\b(?:no|none|not|without|neither|absent|nothing|nowhere)\b")
_PARTS = re.compile(r"[,;]|\band\b")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def answer_matches(text: str, gold: Gold, modality: str = "octa") -> bool:
    """Whether a completion gives the gold answer.

    - `yes_no`: the text begins with that word, or its only claims say so.
    - `number`: the first number (with the unit, where the gold has one) within the tolerance;
      counts may be words, and "no" is 0.
    - `box`: intersection over union at least the tolerance (0.5 when none is given).
    - `stage`: the stage the text settles on.
    - `set`, `choice`: what the text affirms is exactly the gold, read as quadrants, surgical
      phases, actions of instruments (`grasper retracting liver`), or kinds (of the gold's
      category: anatomy does not count among instruments); naming more is wrong. Values of
      another sort must be equal, those of a set in any order.
    - `text`: equal but for case, punctuation, articles and white space.

    Raises:
        KeyError: If the gold names no known stage.
    """
    answer = parse_answer(text, strict=True, modality=modality)
    said = text if answer is None else answer.answer
    match gold.type:
        case "yes_no":
            right = normalised(str(gold.value))
            # Yes and no of other languages are equal or wrong.
            return right in (yes_no_in(said, modality), normalised(said))
        case "number":
            return _number_matches(said, gold)
        case "box":
            return _box_matches(text if answer is None else str([*map(list, answer.boxes)]), gold)
        case "stage":
            return stage_in(said, modality) == _stage_id(str(gold.value), modality)
        case "set" | "choice":
            return _set_matches(said, gold, modality)
        case "text":
            return normalised(said) == normalised(str(gold.value))


def normalised(text: str) -> str:
    """Lower-case words without punctuation and articles."""
    plain = fold(text).translate(
        str.maketrans(dict.fromkeys(string.punctuation.replace("-", ""), " "))
    )
    return " ".join(_ARTICLES.sub(" ", plain).split())


def number_in(text: str, unit: str | None = None) -> float | None:
    """The first number of a text; with a unit, the first that carries it. "No ..." is 0."""
    folded = fold(text)
    if unit == "mm²":
        found = re.search(rf"(\d+(?:\.\d+)?)\s*{SQUARE_MM}", folded)
        return float(found[1]) if found else None
    words = sorted(NUMBER_WORDS, key=len, reverse=True)
    numbers = [(m.start(), float(m.group())) for m in _NUMBER.finditer(folded)]
    numbers += [
        (m.start(), float(NUMBER_WORDS[m.group()]))
        for m in re.finditer(rf"\b(?:{'|'.join(words)})\b", folded)
    ]
    if numbers:
        return min(numbers)[1]
    return 0.0 if _DENIES.search(folded) else None


def _stage_id(value: str, modality: str) -> str:
    stages = read_vocabulary(modality).stages
    by_name = {fold(words[0]): id for id, words in stages.items()}
    return value if value in stages else by_name[fold(value)]


def yes_no_in(text: str, modality: str = "octa") -> str | None:
    """The `yes` or `no` that a text begins with, or that its only claims come to."""
    first = _YES_NO.match(fold(text))
    if first:
        return first[1]
    polarities = {c.polarity for c in extract(text, modality)}
    if len(polarities) != 1:
        return None
    return "yes" if polarities.pop() else "no"


def _number_matches(text: str, gold: Gold) -> bool:
    number = number_in(text, gold.unit)
    if number is None:
        return False
    return abs(number - float(str(gold.value))) <= (gold.tolerance or 0.0) + 1e-9


def _box_matches(text: str, gold: Gold) -> bool:
    said, true = box_in(text), box_in(f"[{gold.value}]")
    if said is None or true is None:
        return False
    return iou(said, true) >= (IOU_THRESHOLD if gold.tolerance is None else gold.tolerance)


def _set_matches(text: str, gold: Gold, modality: str) -> bool:
    values = gold.value if isinstance(gold.value, tuple) else (str(gold.value),)
    kinds = _kinds((text,), modality)
    if not values:
        return bool(_DENIES.search(fold(text))) and not any(polarity for _, polarity in kinds)
    if read_lexicon(modality).places:
        said = THAN.split(fold(text))[0]
        if places := _places(" ; ".join(values)):
            return _places(said) == places
    if phases := phases_in(". ".join(values), modality):
        return phases_in(text, modality) == phases
    if actions := _actions(values, modality):
        doer = min(kind for kind, _, _ in actions).replace("_", " ")
        return _actions((text,), modality, doer) == actions
    if golden := _kinds(values, modality):
        denials_count = any(not polarity for _, polarity in golden)
        category = {_category(kind, modality) for kind, _ in golden}
        return golden == {
            (kind, polarity)
            for kind, polarity in kinds
            if (polarity or denials_count) and _category(kind, modality) in category
        }
    if gold.type == "choice":
        return normalised(text) == normalised(values[0])
    return {normalised(part) for part in _PARTS.split(text)} == set(map(normalised, values))


def _places(text: str) -> set[str | None]:
    return {p.zone.quadrant or p.zone.ring for p in places_in(text)}


def _kinds(texts: Iterable[str], modality: str) -> set[tuple[str, bool]]:
    """Kinds that texts affirm or deny."""
    known = read_vocabulary(modality).kinds
    claims = (c for text in texts for c in extract(text, modality))
    return {(c.kind, c.polarity) for c in claims if c.kind in known}


def _category(kind: str, modality: str) -> str:
    return read_vocabulary(modality).kinds[kind].category


def _actions(
    texts: Iterable[str], modality: str, doer: str | None = None
) -> set[tuple[str, str, str | None]]:
    """Actions that texts affirm; a text without an instrument is about `doer`."""
    texts = list(texts)
    claims = [c for text in texts for c in extract(text, modality) if isinstance(c, ActionClaim)]
    if not claims and doer is not None:
        return _actions([f"{doer} {text}" for text in texts], modality)
    return {(c.kind, c.verb, c.target) for c in claims if c.polarity}


def token_recall(text: str, gold: str) -> float:
    """Share of the gold's words that a text says, repeats counted, in [0, 1].

    The usual number for open questions of medical VQA (LLaVA-Med, Li et al. 2023,
    arXiv 2306.00890). Lenient: whoever lists many words wins. Read it beside exact match.
    """
    said, right = (Counter(normalised(t).split()) for t in (text, gold))
    return (said & right).total() / right.total() if right else 0.0


def token_f1(text: str, gold: str) -> float:
    """Harmonic mean of token recall and token precision, in [0, 1]."""
    said, right = (Counter(normalised(t).split()) for t in (text, gold))
    total = said.total() + right.total()
    return 2 * (said & right).total() / total if total else 0.0


def bleu_1(text: str, gold: str) -> float:
    """BLEU of single words against one right answer, in [0, 1] (Papineni et al. 2002).

    `min(1, exp(1 - r / c)) * m / c` with `c` words said, `r` words right and `m` in common,
    repeats counted. Unlike recall it falls with every word too many, and the brevity penalty
    keeps it from being won by one safe word.
    """
    said, right = (Counter(normalised(t).split()) for t in (text, gold))
    if not said or not right:
        return 0.0
    brevity = min(1.0, math.exp(1 - right.total() / said.total()))
    return brevity * (said & right).total() / said.total()
