"""How alike an answer and the right answer are, where neither equality nor shared words tell.

In:  two texts.
Out: a number in [0, 1].

By default spelling is compared: character n-grams need no model, no download, and give the same
number everywhere. They know that `effusions` is almost `effusion`, not that an opacity may be a
shadow. Word vectors do; whoever wants those passes an `Embed`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from retia.claims import normalised
from retia.errors import UserError

Embed = Callable[[Sequence[str]], np.ndarray]
"""Texts in, one vector each out, shape ``(N, D)``."""

SHORTEST, LONGEST = 3, 5
"""Characters of an n-gram."""


def character_cosine(text: str, gold: str) -> float:
    """Cosine of the counts of character n-grams (3 to 5, within words), in [0, 1].

    The `char_wb` analyser of scikit-learn: a word counts with a blank before and after it.
    """
    said, right = _grams(normalised(text)), _grams(normalised(gold))
    lengths = np.sqrt(float(_product(said, said)) * _product(right, right))
    return min(1.0, _product(said, right) / float(lengths)) if lengths else 0.0


def _grams(text: str) -> Counter[str]:
    grams: Counter[str] = Counter()
    for word in text.split():
        padded = f" {word} "
        for size in range(SHORTEST, LONGEST + 1):
            grams.update(padded[i : i + size] for i in range(max(1, len(padded) - size + 1)))
            if size >= len(padded):
                break  # a short word counts once, as a whole
    return grams


def _product(first: Counter[str], second: Counter[str]) -> int:
    return sum(count * second[gram] for gram, count in first.items())


def embedding_cosine(text: str, gold: str, embed: Embed) -> float:
    """Cosine of the vectors of two texts; opposite directions count as unlike, so in [0, 1]."""
    first, second = np.asarray(embed([text, gold]), dtype=float)
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(np.clip(first @ second / lengths, 0.0, 1.0)) if lengths else 0.0


def static_embedding(folder: Path) -> Embed:
    """Word vectors of a model2vec folder; nothing is ever downloaded.

    Raises:
        UserError: If there is no such folder, or the extra `similarity` is not installed.
    """
    if not Path(folder).is_dir():
        raise UserError(f"{folder} does not exist. Expected the folder of a model2vec model.")
    try:
        from model2vec import StaticModel
    except ImportError:
        raise UserError(
            "word vectors need model2vec. Install it: pip install 'retia[similarity]'."
        ) from None
    model = StaticModel.from_pretrained(str(folder))
    return lambda texts: np.asarray(model.encode(list(texts)))
