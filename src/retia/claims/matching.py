"""Whether a text gives the right answer, by the type of the gold answer.

The text is a completion: a JSON answer (its `answer` counts) or plain sentences.
"""

import re
import string

from retia.claims.boxes import box_in, iou
from retia.claims.extract import extract
from retia.claims.lexicon import NUMBER_WORDS, SQUARE_MM
from retia.claims.parser import parse_answer
from retia.claims.places import places_in
from retia.claims.sentences import fold
from retia.claims.stage import stage_in
from retia.records import Gold
from retia.taxonomy import read_vocabulary

IOU_THRESHOLD = 0.5
_YES_NO = re.compile(r"\W*(yes|no)\b")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")
_DENIES = re.compile(r"\b(?:no|none|not|without|neither|absent|nothing|nowhere)\b")
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def answer_matches(text: str, gold: Gold, modality: str = "octa") -> bool:
    """Whether a completion gives the gold answer.

    - `yes_no`: the text begins with that word, or its only claims say so.
    - `number`: the first number (with the unit, where the gold has one) within the tolerance;
      counts may be words, and "no" is 0.
    - `box`: intersection over union at least the tolerance (0.5 when none is given).
    - `stage`: the stage the text settles on.
    - `set`, `choice`: the quadrants, or else the kinds, that the text affirms are exactly those
      of the gold; other values must stand in the text word for word.
    - `text`: equal but for case, punctuation, articles and white space.

    Raises:
        KeyError: If the gold names no known stage.
    """
    answer = parse_answer(text, strict=True, modality=modality)
    said = text if answer is None else answer.answer
    match gold.type:
        case "yes_no":
            return _yes_no(said, modality) == normalised(str(gold.value))
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


def _yes_no(text: str, modality: str) -> str | None:
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
    claims = [c for c in extract(text, modality) if c.kind in read_vocabulary(modality).kinds]
    kinds = {(c.kind, c.polarity) for c in claims}
    if not values:
        return bool(_DENIES.search(fold(text))) and not any(polarity for _, polarity in kinds)
    places = {p.zone.quadrant or p.zone.ring for v in values for p in places_in(v)}
    if places:
        # After "than" stands what it is compared with.
        said = re.split(r"\bthan\b", fold(text))[0]
        return {p.zone.quadrant or p.zone.ring for p in places_in(said)} == places
    golden = {(c.kind, c.polarity) for v in values for c in extract(v, modality)}
    if golden:
        denials_count = any(not polarity for _, polarity in golden)
        return golden == {k for k in kinds if k[1] or denials_count}
    words = f" {normalised(text)} "
    return all(f" {normalised(v)} " in words for v in values)
