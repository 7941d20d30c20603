"""Teach an embedded student's tokenizer new words without changing how it reads old ones.

In:  a student, and texts with words that it has to spell.
Out: the student with more tokens; each new one starts as the mean of the two it joins.

A small student with tied, frozen embeddings cannot be taught a word that has no token of its own:
LoRA leaves the embeddings alone. Byte-pair encoding (Sennrich et al. 2016) is carried on where
training the tokenizer stopped, on the unknown words only.
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from retia.students.student import Student

MOST = 600
"""Most tokens added at once."""
LEAST_COUNT = 3
"""A pair of tokens seen less often in the texts gets no token of its own."""


def is_spelled(tokenizer: Any, word: str) -> bool:
    """Whether a word's tokens hold less than 2 letters on average."""
    # With and without the space before it a word is two different tokens.
    count = min(len(tokenizer.tokenize(form)) for form in (word, " " + word))
    return 2 * count > len(word)


def add_words(student: Student, texts: Iterable[str], most: int = MOST) -> Student:
    """Return a student whose tokenizer has tokens for the words it had to spell.

    Args:
        student: An embedded one; its model is changed in place.
        texts: What it shall be able to write.
        most: Most new tokens.
    """
    pieces = _spelled_pieces(student.tokenizer, texts)
    merges = _more_merges(pieces, most)
    if not merges:
        return student
    tokenizer = _with_merges(student.tokenizer, merges)
    _grow_embeddings(student.model, tokenizer, merges)
    processor = student.processor
    processor.tokenizer = tokenizer
    return replace(student, processor=processor)


def _spelled_pieces(tokenizer: Any, texts: Iterable[str]) -> Counter[tuple[str, ...]]:
    """Tokens of every spelled word, with how often it stands in the texts."""
    before = tokenizer.backend_tokenizer.pre_tokenizer
    words: Counter[str] = Counter()
    for text in texts:
        words.update(word for word, _ in before.pre_tokenize_str(text))
    model = tokenizer.backend_tokenizer.model
    pieces: Counter[tuple[str, ...]] = Counter()
    for word, count in words.items():
        tokens = tuple(token.value for token in model.tokenize(word))
        letters = sum(c.isalpha() for c in word)
        if letters >= 4 and 2 * len(tokens) > letters:
            pieces[tokens] += count
    return pieces


def _more_merges(pieces: Counter[tuple[str, ...]], most: int) -> list[tuple[str, str]]:
    """The next merges: again and again the most frequent pair, ties by alphabet."""
    merges: list[tuple[str, str]] = []
    while len(merges) < most:
        pairs: Counter[tuple[str, str]] = Counter()
        for tokens, count in pieces.items():
            for pair in itertools.pairwise(tokens):
                pairs[pair] += count
        if not pairs:
            break
        pair, count = min(pairs.items(), key=lambda item: (-item[1], item[0]))
        if count < LEAST_COUNT:
            break
        merges.append(pair)
        joined: Counter[tuple[str, ...]] = Counter()
        for tokens, times in pieces.items():
            joined[_merged(tokens, pair)] += times
        pieces = joined
    return merges


def _merged(tokens: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    out: list[str] = []
    at = 0
    while at < len(tokens):
        if tokens[at : at + 2] == pair:
            out.append(pair[0] + pair[1])
            at += 2
        else:
            out.append(tokens[at])
            at += 1
    return tuple(out)


def _with_merges(tokenizer: Any, merges: list[tuple[str, str]]) -> Any:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    state = json.loads(tokenizer.backend_tokenizer.to_str())
    vocabulary = state["model"]["vocab"]
    for first, second in merges:
        # The same text may be reached by two merges.
        vocabulary.setdefault(first + second, len(vocabulary))
    state["model"]["merges"] += [list(pair) for pair in merges]
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(state)),
        pad_token=tokenizer.pad_token,
        eos_token=tokenizer.eos_token,
        extra_special_tokens=list(tokenizer.extra_special_tokens),
        clean_up_tokenization_spaces=False,
        model_max_length=tokenizer.model_max_length,
    )


def _grow_embeddings(model: Any, tokenizer: Any, merges: list[tuple[str, str]]) -> None:
    import torch

    before = model.get_input_embeddings().weight.shape[0]
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    weight = model.get_input_embeddings().weight
    id_of = tokenizer.convert_tokens_to_ids
    with torch.no_grad():
        for first, second in merges:
            new = id_of(first + second)
            if new >= before:
                weight[new] = (weight[id_of(first)] + weight[id_of(second)]) / 2
