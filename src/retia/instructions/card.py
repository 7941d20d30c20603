"""What a folder of samples holds: statistics and the dataset card."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from retia.disclaimer import DISCLAIMER
from retia.records import Case, Message, Sample
from retia.taxonomy import read_vocabulary

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_TOKEN = re.compile(r"[^\W\d_]+|\d|[^\w\s]")
_CLOSED = ("yes_no", "choice", "stage")
LENGTH_STEP = 10
"""Words per bar of the chart of lengths."""
MOST_ANSWERS = 8
"""Answers of a kind that are told apart; the others are counted together."""


def sample_statistics(samples: Iterable[Sample]) -> dict[str, Any]:
    """Count samples, turns, words and rough tokens (words, single digits, marks), in one pass.

    Returns:
        Plain values, ready for JSON; counters are sorted by name.
    """
    tally = _Tally()
    for sample in samples:
        tally.add(sample)
    return tally.result()


class _Tally:
    """Counters over samples; no sample is kept."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.samples = 0
        self.of: dict[str, Counter[str]] = defaultdict(Counter)
        self.cases: set[str] = set()
        self.groups: set[str] = set()
        self.words: set[str] = set()
        self.conversations: Counter[int] = Counter()
        self.lengths: Counter[int] = Counter()
        self.answers: dict[str, Counter[str]] = defaultdict(Counter)
        self.stage_words: list[int] = []
        self.longest_tokens = self.tokens = self.with_evidence = 0

    def add(self, sample: Sample) -> None:
        """Count one sample."""
        self.samples += 1
        self.of["by_modality"][sample.modality] += 1
        self.of["by_stage_of_tuning"][sample.stage] += 1
        self.of["by_split"][str(sample.split)] += 1
        self.cases.add(sample.case)
        self.groups.add(sample.group)
        said = [sample.stage, *sample.images, *(m.text for m in sample.messages)]
        # A hash that is the same in every process: those of texts are not.
        digest = hashlib.blake2b("\0".join(said).encode(), digest_size=8).digest()
        self.conversations[int.from_bytes(digest)] += 1
        for message in sample.messages:
            self.words.update(w.lower() for w in _WORD.findall(message.text))
        for turn in sample.answers:
            self._add_turn(turn)

    def _add_turn(self, turn: Message) -> None:
        kind, gold = str(turn.question_kind), turn.gold
        self.of["turns_by_question_kind"][kind] += 1
        if gold is not None and gold.type in ("yes_no", "stage"):
            self.of["yes_no" if gold.type == "yes_no" else "stages"][str(gold.value)] += 1
        if gold is not None and gold.type in _CLOSED:
            self.answers[kind][str(gold.value)] += 1
        words, tokens = len(turn.text.split()), len(_TOKEN.findall(turn.text))
        self.lengths[words // LENGTH_STEP * LENGTH_STEP] += 1
        if kind == "stage":
            self.stage_words.append(words)
        self.longest_tokens = max(self.longest_tokens, tokens)
        self.tokens += tokens
        self.with_evidence += sum(map(bool, turn.evidence))

    def result(self) -> dict[str, Any]:
        """The counts as plain values."""
        words = self.stage_words
        return {
            "samples": self.samples,
            "by_modality": _sorted(self.of["by_modality"]),
            "cases": len(self.cases),
            "groups": len(self.groups),
            "by_stage_of_tuning": _sorted(self.of["by_stage_of_tuning"]),
            "by_split": _sorted(self.of["by_split"]),
            "turns_by_question_kind": _sorted(self.of["turns_by_question_kind"]),
            "yes_no": _sorted(self.of["yes_no"]),
            "stages": _sorted(self.of["stages"]),
            "answers_by_question_kind": {
                kind: _top(answers) for kind, answers in sorted(self.answers.items())
            },
            "duplicates": self.conversations.total() - len(self.conversations),
            "distinct_words": len(self.words),
            "longest_stage_answer_words": max(words, default=0),
            "mean_stage_answer_words": round(sum(words) / len(words), 1) if words else 0.0,
            "answers_by_words": {str(n): self.lengths[n] for n in sorted(self.lengths)},
            "longest_answer_tokens": self.longest_tokens,
            "answer_tokens": self.tokens,
            "sentences_with_evidence": self.with_evidence,
        }


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))


def _top(answers: Counter[str]) -> dict[str, int]:
    """The most frequent answers, and how many others there are."""
    most = sorted(answers.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(count for _, count in most[MOST_ANSWERS:])
    return dict(most[:MOST_ANSWERS]) | ({"others": rest} if rest else {})


def dataset_card(cases: Sequence[Case], statistics: dict[str, Any]) -> str:
    """The README of a folder of samples, with Hugging Face front matter."""
    kinds = statistics["turns_by_question_kind"]
    rows = "\n".join(
        f"| {kind} | {count} | {_blind(statistics, kind)} |" for kind, count in kinds.items()
    )
    variety, teacher = _variety(statistics), _teacher(statistics)
    sources = sorted({f.source for c in cases for f in c.findings}) or ["none"]
    splits = ", ".join(f"{name} {count}" for name, count in statistics["by_split"].items())
    about = {c.modality: _about(c.modality) for c in cases}
    tags = ", ".join(dict.fromkeys(tag for a in about.values() for tag in a.tags))
    images = "eyes" if list(about) == ["octa"] else "images"
    origins = _each({m: a.origin.format(sources=", ".join(sources)) for m, a in about.items()})
    balance = _each({m: a.balance for m, a in about.items()})
    limits = _each({m: a.limits for m, a in about.items()})
    words, tokens = statistics["longest_stage_answer_words"], statistics["longest_answer_tokens"]
    longest = f"stage answer has {words} words" if words else f"answer has {tokens} rough tokens"
    return f"""---
pretty_name: Retia instruction samples
task_categories: [visual-question-answering]
tags: [medical, {tags}]
configs:
  - config_name: default
    data_files: samples.jsonl
---

# Instruction samples

{DISCLAIMER}

{statistics["samples"]} conversations about {statistics["cases"]} {images} of \
{statistics["groups"]} groups (patient, eye or video), written by `retia write` from {origins}

- `samples.jsonl`: one conversation a line; image paths are relative to this folder.
- `metadata.jsonl`: the cases as the samples saw them.
- `statistics.json`: counts; `statistics.html` shows them.
- `run.json`: settings, versions, seed, input hashes.

Samples per split (the split follows the group, so no group is in two): {splits}.

| question kind | turns | answered without looking |
|---|---|---|
{rows}

The last column is the accuracy, on the test split, of always giving the answer that the training
split gives most often to the same words: read every score beside it.{variety}{teacher}

{balance} {statistics["distinct_words"]} distinct words; the \
longest {longest}.

Limits: {limits}
"""


def _blind(statistics: dict[str, Any], kind: str) -> str:
    found = statistics.get("blind", {}).get(kind)
    return f"{found['accuracy']:.2f} of {found['n']}" if found else "not measured"


def _variety(statistics: dict[str, Any]) -> str:
    shares = statistics.get("distinct", {})
    told = ", ".join(f"{name} {share:.3f}" for name, share in shares.items())
    return f"\nVariety of the answers: {told}." if told else ""


def _teacher(statistics: dict[str, Any]) -> str:
    found = statistics.get("teacher")
    if not found:
        return ""
    return (
        f"\nA language model was asked for {found.get('asked', 0)} answers; "
        f"{found.get('accepted', 0)} were accepted as they came and "
        f"{found.get('accepted_after_retry', 0)} after one correction. Every accepted sentence "
        "was checked against the findings; the built-in writer wrote the others."
    )


def _each(texts: dict[str, str]) -> str:
    """One text as it is; several as a list that begins with the modality."""
    if len(texts) == 1:
        return next(iter(texts.values()))
    return "\n\n" + "\n".join(f"- {modality}: {text}" for modality, text in texts.items()) + "\n\n"


@dataclass(frozen=True, kw_only=True)
class _About:
    """What a card says of one modality."""

    tags: tuple[str, ...]
    origin: str
    balance: str
    limits: str


_EYES = _About(
    tags=("ophthalmology", "octa"),
    origin="findings of these sources: {sources}. The sentences come from the findings; "
    "every\nsentence of an answer lists its evidence, and every answer carries "
    "a typed gold value.",
    balance="Yes and no are balanced per kind and split.",
    limits="a closed vocabulary, and only what the source of the findings looked for. Simulated "
    "eyes\nsay nothing about a population.",
)
_FRAMES = _About(
    tags=("surgery",),
    origin="the labels of surgical frames and the taxonomy of the procedure. What a frame shows "
    "comes from its labels; next steps, checks, pitfalls and actions come from the taxonomy alone "
    "and begin with such a word; evidence ids tell which.",
    balance="Yes and no about instruments and events are balanced per kind and split.",
    limits="of the anatomy only what is acted upon is annotated; gates that are not annotated are "
    "said to be so. Frames of one video look alike.",
)
_QUESTIONS = _About(
    tags=("radiology",),
    origin="annotated questions about radiological images. Answers are the annotators'; captions "
    "and reasons are made of labels and of the other annotated questions of the same image, and "
    "are empty where those say nothing.",
    balance="Yes and no of annotated questions are as frequent as the annotators made them.",
    limits="reasons are true statements about the same image, not the annotator's reasons; "
    "paraphrases of the question are kept out by a rule that misses some synonyms.",
)


def _about(modality: str) -> _About:
    vocabulary = read_vocabulary(modality)
    if vocabulary.phases:
        return _FRAMES
    return _EYES if vocabulary.stages else _QUESTIONS
