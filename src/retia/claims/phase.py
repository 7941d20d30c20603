"""The phases of an operation that a text names.

Nothing can be won by naming many: a text settles on a phase only when it affirms exactly one.
"""

import functools
import re

from retia.claims.context import asserted, imagined
from retia.claims.lexicon import flexible
from retia.claims.sentences import fold, sentence_spans
from retia.claims.stage import Naming, namings
from retia.taxonomy import read_vocabulary


@functools.cache
def _pattern(modality: str) -> tuple[re.Pattern[str], dict[str, str]]:
    """One pattern over all names, longest first, and the phase of each group."""
    phases = read_vocabulary(modality).phases
    names = {fold(name): id for id, words in phases.items() for name in (id, *words)}
    ordered = sorted(names, key=len, reverse=True)
    parts = [rf"(?P<p{i}>{flexible(name)})" for i, name in enumerate(ordered)]
    # "Preparation of the duct" is no phase; a vocabulary without phases names none.
    pattern = rf"(?<![\w-])(?:{'|'.join(parts) or '(?!)'})(?![\w-])(?!\s+(?:of|for)\b)"
    return re.compile(pattern), {f"p{i}": names[name] for i, name in enumerate(ordered)}


def phase_mentions(sentence: str, modality: str) -> list[Naming]:
    """All phases named in one folded sentence, in order."""
    pattern, phases = _pattern(modality)
    found = pattern.finditer(sentence)
    return namings(sentence, [(m.start(), m.end(), phases[m.lastgroup or ""]) for m in found])


def phases_in(text: str, modality: str) -> set[str]:
    """Ids of all phases that a text affirms, hedged ones too.

    What comes next counts only in a text that speaks of nothing else.
    """
    now: set[str] = set()
    later: set[str] = set()
    folded = fold(text)
    for start, end in sentence_spans(folded):
        sentence = folded[start:end]
        if not sentence.endswith("?"):
            ahead = imagined(sentence)
            read = sentence if ahead else asserted(sentence)
            named = {m.id for m in phase_mentions(read, modality) if not m.denied}
            (later if ahead else now).update(named)
    return now or later


def phase_in(text: str, modality: str) -> str | None:
    """Read the phase that a text settles on: the one it affirms.

    Returns:
        The phase's id; None when no phase or more than one is affirmed.
    """
    phases = phases_in(text, modality)
    return phases.pop() if len(phases) == 1 else None
