"""What makes a set easy to answer without looking, or dull: one-sided answers and repetitions.

In:  samples.
Out: warnings; a few doubtful samples do not ruin a run, many of them make its figures meaningless.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from retia.claims import normalised
from retia.instructions.blind import blind_accuracy
from retia.records import Gold, Sample
from retia.tuning.preflight.pictures import look
from retia.tuning.preflight.problems import Problem, named

ONE_SIDED = 0.9
"""Largest share that one answer of a closed question may have."""
BLIND = 0.9
"""Largest accuracy that an answer by the words of the question alone may reach."""
ENOUGH = 30
"""Questions of a kind below which no share is judged."""
LONG_TOKENS = 256
"""What students write at most unless they are told otherwise, in tokens."""
_TOKEN = re.compile(r"[^\W\d_]+|\d|[^\w\s]")
_CLOSED = ("yes_no", "choice", "stage")

Asked = tuple[str, str, Gold, Sample]
"""Kind of the question, its words, the right answer, and whose it is."""


def check_balance(samples: Sequence[Sample]) -> list[Problem]:
    """Closed questions with one answer nearly always, and questions that give theirs away."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, _, gold, sample in _asked(samples):
        if gold.type in _CLOSED and sample.split in (None, "train"):
            kinds[kind][str(gold.value).lower()] += 1
    one_sided = [
        f"{kind}: {answers.most_common(1)[0][0]} {top:.0%}"
        for kind, answers in kinds.items()
        if answers.total() >= ENOUGH
        and (top := answers.most_common(1)[0][1] / answers.total()) > ONE_SIDED
    ]
    blind = [
        f"{kind}: {found['accuracy']:.0%}"
        for kind, found in blind_accuracy(samples).items()
        if found["n"] >= ENOUGH and found["accuracy"] > BLIND
    ]
    text = "the words of the question alone give the answer on test samples"
    return [
        *named("balance", "one answer is nearly always right", one_sided, fatal=False),
        *named("blind", text, blind, fatal=False),
    ]


def _asked(samples: Iterable[Sample]) -> Iterator[Asked]:
    for sample in samples:
        question = ""
        for message in sample.messages:
            if message.role == "user":
                question = normalised(message.text)
            elif message.gold is not None:
                kind = f"{sample.modality} {message.question_kind or message.gold.type}"
                yield kind, question, message.gold, sample


def _value(gold: Gold) -> str:
    values = gold.value if isinstance(gold.value, tuple) else (gold.value,)
    return normalised(" ".join(sorted(map(str, values))))


def check_repetition(samples: Sequence[Sample], folder: Path) -> list[Problem]:
    """Samples that stand twice, questions with two answers, and answers that will be cut off."""
    seen: dict[object, str] = {}
    answers: dict[object, set[str]] = defaultdict(set)
    askers: dict[object, list[str]] = defaultdict(list)
    twice = []
    for sample in samples:
        images = tuple(_content(folder / name) for name in sample.images)
        texts = tuple((m.role, m.text) for m in sample.messages)
        if seen.setdefault((sample.stage, images, texts), sample.id) != sample.id:
            twice.append(sample.id)
        for kind, words, gold, _ in _asked([sample]):
            key = (images, kind, gold.type, words)
            answers[key].add(_value(gold))
            askers[key].append(sample.id)
    unsure = [id for key, found in answers.items() if len(found) > 1 for id in askers[key]]
    long = [s.id for s in samples if any(rough_tokens(m.text) > LONG_TOKENS for m in s.answers)]
    cut = f"answers longer than {LONG_TOKENS} rough tokens, more than students write unless told"
    return [
        *named("duplicates", "the same conversation stands more than once", twice, fatal=False),
        *named(
            "gold", "the same question about the same image has two answers", unsure, fatal=False
        ),
        *named("length", cut, long, fatal=False),
    ]


def _content(path: Path) -> str:
    picture = look(path)
    return str(path) if picture is None else picture.sha256


def rough_tokens(text: str) -> int:
    """Words, single digits and marks: about what a tokenizer with words of medicine makes."""
    return len(_TOKEN.findall(text))
