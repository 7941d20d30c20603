"""What a folder of samples holds: statistics and the dataset card."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from retia.disclaimer import DISCLAIMER
from retia.records import Case, Sample

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
    return f"""---
pretty_name: Retia instruction samples
task_categories: [visual-question-answering]
tags: [medical, ophthalmology, octa]
configs:
  - config_name: default
    data_files: samples.jsonl
---

# Instruction samples

{DISCLAIMER}

{statistics["samples"]} conversations about {statistics["cases"]} eyes of {statistics["groups"]} \
groups (patient, eye or video), written by `retia write` from findings of these sources: \
{", ".join(sources)}. The sentences come from the findings, not from a language model; every
sentence of an answer lists its evidence, and every answer carries a typed gold value.

- `samples.jsonl`: one conversation a line; image paths are relative to this folder.
- `metadata.jsonl`: the cases as the samples saw them.
- `statistics.json`: counts. `run.json`: settings, versions, seed, input hashes.

Samples per split (the split follows the group, so no group is in two): {splits}.

| question kind | turns |
|---|---|
{rows}

Yes and no are balanced per kind and split. {statistics["distinct_words"]} distinct words; the \
longest stage answer has {statistics["longest_stage_answer_words"]} words.

Limits: a closed vocabulary, and only what the source of the findings looked for. Simulated eyes
say nothing about a population.
"""
