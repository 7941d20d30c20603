"""How varied answers are: distinct-n, the share of different word sequences among all.

After Li et al. 2016 (arXiv 1510.03055). The share falls with the length of the text, so it is
taken over the same number of words of every set.
"""

import re
from collections.abc import Sequence

from retia.records import Sample

WORDS = 50_000
"""Words of answers it is taken over; of fewer, over all."""
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


class Variety:
    """Distinct-1, -2 and -3 over the words of answers; numbers and marks do not count."""

    def __init__(self) -> None:
        """Begin without any answer."""
        self._seen: list[set[tuple[str, ...]]] = [set(), set(), set()]
        self._total = [0, 0, 0]

    def add(self, sample: Sample) -> None:
        """Count the answers of a sample, until there are enough words."""
        for answer in sample.answers:
            if self._total[0] < WORDS:
                self._count([w.lower() for w in _WORD.findall(answer.text)])

    def _count(self, words: Sequence[str]) -> None:
        for n, seen in enumerate(self._seen, 1):
            runs = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
            seen.update(runs)
            self._total[n - 1] += len(runs)

    def distinct(self) -> dict[str, float]:
        """`distinct-1` to `distinct-3`, in [0, 1]; empty where no answer has words."""
        return {
            f"distinct-{n}": round(len(seen) / total, 5)
            for n, (seen, total) in enumerate(zip(self._seen, self._total, strict=True), 1)
            if total
        }
