"""One answer of the built-in writer as a task for a language model, and back.

In:  an assistant turn of a sample, with its case.
Out: a `Task`: facts with short ids (`f1`), or the reason why it is no task; and the turn again,
     with the sentences that the model wrote.

The caption, the short answer and a leading `Yes.` or `No.` stay as they are: they are what an
answer is judged by.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from retia.claims import judge_text, statements
from retia.claims.sentences import sentences
from retia.instructions.eyes.facts import without_laterality
from retia.instructions.teacher.prompts import ASK, WORD_FOR_WORD
from retia.instructions.teacher.scene import scene_text
from retia.records import Case, Claim, Message, Part, Sample

_EYE = re.compile(r"\b(?:right|left) eye\b")
Evidence = tuple[str, ...]
Key = tuple[object, ...]
"""What of a claim must be kept when it is reworded."""


class NoTask(Exception):
    """The built-in writer's answer stands without asking; the message says why in one word."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A sentence and the facts it is said to rest on."""

    text: str
    evidence: Evidence


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is asked of the model, and what its answer is held against."""

    case: Case
    """As far as the answer may show it."""
    message: Message
    question: str
    facts: dict[str, Written]
    """By short id: sentences of the built-in writer, with evidence ids of the record."""
    keys: dict[str, set[Key]]
    """What each fact says; nothing for one that makes no claim."""
    before: int
    """Sentences before the facts that stay as they are."""
    structure: dict[str, Any] | None
    """The JSON answer that holds the facts as its `reasoning`; None for a plain text."""
    says_stage: bool

    @property
    def scene(self) -> str:
        """What is known of the image, as far as the model is told."""
        return scene_text(self.case, self.says_stage)

    @property
    def known(self) -> str:
        """All words and numbers that the model may take up: scene and facts."""
        return "\n".join([self.scene, *(fact.text for fact in self.facts.values())])

    @property
    def prompt(self) -> str:
        """The text that is sent."""
        facts = [
            f"{id}{'' if self.keys[id] else WORD_FOR_WORD}: {fact.text}"
            for id, fact in self.facts.items()
        ]
        return ASK.format(
            scene=self.scene,
            kind=(self.message.question_kind or "").replace("_", " "),
            question=self.question,
            facts="\n".join(facts),
        )


def to_task(sample: Sample, at: int, case: Case) -> Task:
    """Make a task of the assistant turn `at` of a sample.

    Raises:
        NoTask: `layout` where sentences and evidence cannot be matched, `nothing_to_check` where
            no sentence makes a claim, `unchecked` where a claim cannot be held against the case.
    """
    message = sample.messages[at]
    asked = [m.text for m in sample.messages[:at] if m.role == "user"]
    seen = case if any(map(_EYE.search, asked)) else without_laterality(case)
    structure, before, told = _parts(message, sample.modality)
    judged = [judge_text(text, seen) for text, _ in told]
    if structure is None:
        # "Yes." and "No." claim nothing by themselves.
        while told and not judged[0][1].judged:
            told, judged, before = told[1:], judged[1:], before + 1
    verdicts = {v for _, judgement in judged for v in judgement.verdicts}
    if not verdicts:
        raise NoTask("nothing_to_check")
    if verdicts != {"supported"}:
        raise NoTask("unchecked")
    keys = {
        f"f{i}": {key_of(j.claim) for j in judgement.judged}
        for i, (_, judgement) in enumerate(judged, 1)
    }
    facts = {f"f{i}": Written(text=t, evidence=e) for i, (t, e) in enumerate(told, 1)}
    stage_asked = message.gold is not None and message.gold.type == "stage"
    return Task(
        case=seen,
        message=message,
        question=asked[-1],
        facts=facts,
        keys=keys,
        before=before,
        structure=structure,
        says_stage=stage_asked or any(k[0] == "stage" for own in keys.values() for k in own),
    )


def _parts(
    message: Message, modality: str
) -> tuple[dict[str, Any] | None, int, list[tuple[str, Evidence]]]:
    """The JSON around the sentences, how many of them come before the facts, and the facts."""
    text, evidence = message.text, message.evidence
    if not text.startswith("{"):
        told = statements(text, modality)
        if len(told) != len(evidence):
            raise NoTask("layout")
        return None, 0, list(zip(told, evidence, strict=True))
    structure = json.loads(text)
    reasoning = structure.get("reasoning") or []
    before = 0
    if len(evidence) != len(reasoning):
        before = len(sentences(structure.get("caption") or ""))
        if len(evidence) < before + len(reasoning):
            raise NoTask("layout")
    own = evidence[before : before + len(reasoning)]
    return structure, before, list(zip(reasoning, own, strict=True))


def finished(task: Task, written: Sequence[Written]) -> Message:
    """The turn with the model's sentences in the place of the facts."""
    texts = [w.text for w in written]
    ids = [
        tuple(dict.fromkeys(id for fact in w.evidence for id in task.facts[fact].evidence))
        for w in written
    ]
    old = task.message.evidence
    evidence = (*old[: task.before], *ids, *old[task.before + len(task.facts) :])
    if task.structure is None:
        first = statements(task.message.text, task.case.modality)[: task.before]
        text = " ".join([*first, *texts])
    else:
        text = json.dumps(task.structure | {"reasoning": texts}, ensure_ascii=False)
    return replace(task.message, content=(Part(type="text", text=text),), evidence=evidence)


def key_of(claim: Claim) -> Key:
    """What of a claim must be kept: a fact that is only hinted at is not kept."""
    zone = claim.zone
    where = (zone.quadrant or zone.ring) if zone else None
    rest = claim.quantity, claim.stage, claim.severity, claim.hedged
    return claim.kind, claim.polarity, where, *rest
