"""What a folder of samples holds: statistics and the dataset card."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from retia.disclaimer import DISCLAIMER
from retia.records import Case, Sample
from retia.taxonomy import read_vocabulary

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_TOKEN = re.compile(r"[^\W\d_]+|\d|[^\w\s]")


def sample_statistics(samples: Sequence[Sample]) -> dict[str, Any]:
    """Count samples, turns, words and rough tokens (words, single digits, marks).

    Returns:
        Plain values, ready for JSON; counters are sorted by name.
    """
    turns = [turn for sample in samples for turn in sample.answers]
    texts = [message.text for sample in samples for message in sample.messages]
    words = [len(turn.text.split()) for turn in turns if turn.question_kind == "stage"]
    tokens = [len(_TOKEN.findall(turn.text)) for turn in turns]
    yes_no = (str(t.gold.value) for t in turns if t.gold and t.gold.type == "yes_no")
    stages = (str(t.gold.value) for t in turns if t.gold and t.gold.type == "stage")
    return {
        "samples": len(samples),
        "by_modality": _counted(sample.modality for sample in samples),
        "cases": len({sample.case for sample in samples}),
        "groups": len({sample.group for sample in samples}),
        "by_stage_of_tuning": _counted(sample.stage for sample in samples),
        "by_split": _counted(str(sample.split) for sample in samples),
        "turns_by_question_kind": _counted(str(turn.question_kind) for turn in turns),
        "yes_no": _counted(yes_no),
        "stages": _counted(stages),
        "distinct_words": len({w.lower() for text in texts for w in _WORD.findall(text)}),
        "longest_stage_answer_words": max(words, default=0),
        "mean_stage_answer_words": round(sum(words) / len(words), 1) if words else 0.0,
        "longest_answer_tokens": max(tokens, default=0),
        "answer_tokens": sum(tokens),
        "sentences_with_evidence": sum(bool(ids) for turn in turns for ids in turn.evidence),
    }


def _counted(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def dataset_card(cases: Sequence[Case], statistics: dict[str, Any]) -> str:
    """The README of a folder of samples, with Hugging Face front matter."""
    kinds = statistics["turns_by_question_kind"]
    rows = "\n".join(f"| {kind} | {count} |" for kind, count in kinds.items())
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
- `statistics.json`: counts. `run.json`: settings, versions, seed, input hashes.

Samples per split (the split follows the group, so no group is in two): {splits}.

| question kind | turns |
|---|---|
{rows}

{balance} {statistics["distinct_words"]} distinct words; the \
longest {longest}.

Limits: {limits}
"""


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
    origin="findings of these sources: {sources}. The sentences come from the findings, not from "
    "a language model; every\nsentence of an answer lists its evidence, and every answer carries "
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
