"""What is asked: samples and their cases to questions with a typed right answer.

In:  `samples.jsonl` and `metadata.jsonl` of one folder.
Out: a `Plan`: the stage question and all other questions of the held-out cases, and the questions
of the training cases, which the blind baselines learn from.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retia.instructions.eyes.writer import eye_sentence, stage_question
from retia.records import Case, Gold, Sample
from retia.records.case import Box
from retia.runs import item_seed
from retia.taxonomy import read_vocabulary


@dataclass(frozen=True, kw_only=True)
class Item:
    """One question with its right answer."""

    case: Case
    question: str
    question_kind: str
    gold: Gold
    structured: bool = False
    """Whether the answer must be JSON: one that cannot be parsed is wrong."""
    roi_px: Box | None = None
    """Where in the image the answer lies, where the sample says so."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that is asked."""

    stage: list[Item]
    """The stage question, once a case that has a stage."""
    questions: dict[str, list[Item]]
    """Per modality all other questions of the held-out cases."""
    training: dict[str, list[Item]]
    """Per modality the questions of the training cases."""
    cases: list[Case]
    """Held out."""
    pool: list[Case]
    """All cases of the folder, for images that belong to somebody else."""


def make_plan(
    samples: Sequence[Sample],
    pool: Sequence[Case],
    held_out: Sequence[Case],
    most: int,
    seed: int,
) -> Plan:
    """Collect the questions.

    Args:
        samples: Of all splits.
        pool: The cases they are about.
        held_out: The cases to ask about.
        most: At most so many questions a modality, drawn by the seed.
        seed: Of the draw.
    """
    groups = {case.group for case in held_out}
    training = [c for c in pool if c.split == "train" and c.group not in groups]
    staged = [c for c in held_out if c.stage is not None and read_vocabulary(c.modality).stages]
    asked = _by_modality(question_items(samples, held_out))
    return Plan(
        stage=stage_items(staged),
        questions={name: _drawn(items, most, seed) for name, items in asked.items()},
        training=_by_modality(question_items(samples, training)),
        cases=list(held_out),
        pool=list(pool),
    )


def _by_modality(items: Iterable[Item]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(item.case.modality, []).append(item)
    return found


def _drawn(items: list[Item], most: int, seed: int) -> list[Item]:
    keys = [item_seed(seed, f"{item.case.id}/{item.question}") for item in items]
    kept = sorted(range(len(items)), key=lambda place: keys[place])[:most]
    return [items[place] for place in sorted(kept)]


def stage_items(cases: Sequence[Case]) -> list[Item]:
    """The stage question, once a case."""
    items = []
    for case in cases:
        name = read_vocabulary(case.modality).stage_name(str(case.stage))
        gold = Gold(type="stage", value=name)
        question = stage_question(case)
        items.append(Item(case=case, question=question, question_kind="stage", gold=gold))
    return items


def question_items(samples: Iterable[Sample], cases: Sequence[Case]) -> list[Item]:
    """Every turn about these cases that has a right answer, but for the stage.

    Each is asked on its own: earlier turns would give the answers away.
    """
    by_id = {case.id: case for case in cases}
    items: dict[tuple[str, str], Item] = {}
    for sample in samples:
        case = by_id.get(sample.case)
        if case is None:
            continue
        lead = eye_sentence(case.laterality)
        for asked, answer in zip(sample.messages, sample.messages[1:], strict=False):
            if answer.role != "assistant" or answer.gold is None:
                continue
            if answer.gold.type == "stage" and case.stage is not None:
                continue
            text = asked.text if asked.text.startswith(lead) else lead + asked.text
            item = Item(
                case=case,
                question=text,
                question_kind=answer.question_kind or answer.gold.type,
                gold=answer.gold,
                structured=sample.stage != "stage2",
                roi_px=answer.roi_px,
            )
            items.setdefault((case.id, text), item)
    return list(items.values())
