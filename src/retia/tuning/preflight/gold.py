"""Whether the typed right answers can be read, and whether the answers give them."""

import math
from collections.abc import Sequence

from retia.claims import answer_matches, box_in
from retia.records import Gold, Sample
from retia.taxonomy import read_vocabulary
from retia.tuning.preflight.problems import Problem, named
from retia.tuning.preflight.structure import has_vocabulary


def check_gold(samples: Sequence[Sample]) -> list[Problem]:
    """Gold values that no answer could ever match; unknown modalities are named elsewhere."""
    ids = [s.id for s in samples if has_vocabulary(s.modality) and not readable(s)]
    return named("gold", "a gold value is not of its type", ids)


def readable(sample: Sample) -> bool:
    """Whether all gold values of a sample are of their types, in the words of its modality."""
    return has_vocabulary(sample.modality) and all(
        m.gold is None or is_readable(m.gold, sample.modality) for m in sample.answers
    )


def is_readable(gold: Gold, modality: str) -> bool:
    """Whether a gold value is one of its type: yes or no, a number, a box, a known stage."""
    value = gold.value
    match gold.type:
        case "yes_no":
            return value in ("yes", "no")
        case "number":
            return _is_number(value)
        case "box":
            box = box_in(f"[{value}]")
            return box is not None and box[2] > box[0] and box[3] > box[1]
        case "stage":
            stages = read_vocabulary(modality).stages
            known = {word.lower() for id, words in stages.items() for word in (id, words[0])}
            return str(value).lower() in known
        case "set":
            return not isinstance(value, float)
        case _:
            return isinstance(value, str) and bool(value.strip())


def _is_number(value: object) -> bool:
    try:
        return math.isfinite(float(str(value)))
    except ValueError:
        return False


def check_agreement(samples: Sequence[Sample]) -> list[Problem]:
    """Answers that are not the gold answer beside them: the loss and the reward would disagree.

    Args:
        samples: Those whose gold values can be read.
    """
    ids = [
        s.id
        for s in samples
        if any(m.gold and not answer_matches(m.text, m.gold, s.modality) for m in s.answers)
    ]
    return named("gold", "an answer does not give its own gold answer", ids)
