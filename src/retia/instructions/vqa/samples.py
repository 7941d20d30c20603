"""Questions that came with an image, as samples: nothing is said that nobody annotated.

Caption and reasons of an answer are made of the other annotated questions of the same image; where
they say nothing, caption and reasons are empty.
"""

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from retia.instructions.eyes.wording import Told, capital
from retia.instructions.turn import AS_JSON, Label, Turn, to_sample
from retia.instructions.vqa.paraphrase import content_words, gives_away
from retia.instructions.vqa.statements import statement_of
from retia.records import Case, Gold, Question, Sample
from retia.runs import item_seed

MOST_REASONS = 3

_MODALITIES = {
    "CT": r"\bct\b|\bcat scan\b|computed tomograph",
    "MRI": r"\bmri?\b|magnetic resonance|\bt[12]\b|\bflair\b|\bdwi\b|\badc\b",
    "X-ray": r"x-?\s?ray|\bcxr\b|radiograph|plain film",
    "ultrasound image": r"ultrasound|sonogra",
}
_WEIGHTINGS = {
    "T1-weighted": r"\bt1\b",
    "T2-weighted": r"\bt2\b",
    "FLAIR": r"\bflair\b",
    "diffusion-weighted": r"\bdwi\b|diffusion",
}
_PLANES = {
    "axial": r"\baxial\b|\btransverse\b",
    "coronal": r"\bcoronal\b",
    "sagittal": r"\bsagittal\b",
}
_CHOOSES = re.compile(r"\bor\b|\bvs\b|\bnot?\b")


@dataclass(frozen=True)
class _Known:
    """One word of the caption, and who says so."""

    word: str
    topic: str
    evidence: tuple[str, ...]


def stage1_sample(case: Case, number: int) -> Sample:
    """The `number`-th question of a case, to be answered in structure."""
    turn = structured_turn(case, case.questions[number])
    return to_sample(case, Label(stage="stage1", number=number), [turn])


def stage2_sample(case: Case, number: int, seed: int, turns: int) -> Sample:
    """The `number`-th conversation about a case: short answers, no question asked twice.

    Args:
        case: With questions.
        number: Which conversation of this case; changes seeds only.
        seed: Base seed.
        turns: Most turns.
    """
    rng = random.Random(item_seed(seed, f"{case.id}/stage2/{number}"))
    asked: list[Question] = []
    for question in rng.sample(case.questions, len(case.questions)):
        if len(asked) < turns and not any(gives_away(q, question) for q in asked):
            asked.append(question)
    asked = asked or [rng.choice(case.questions)]
    return to_sample(case, Label(stage="stage2", number=number), [_plain(case, q) for q in asked])


def grpo_sample(case: Case, number: int, seed: int) -> Sample:
    """The `number`-th question of a case for GRPO, those with a region first.

    `number` must be below the number of questions.
    """
    rng = random.Random(item_seed(seed, f"{case.id}/grpo"))
    drawn = rng.sample(case.questions, len(case.questions))
    question = sorted(drawn, key=lambda q: q.region is None)[number]
    return to_sample(case, Label(stage="grpo", number=number), [structured_turn(case, question)])


def structured_turn(case: Case, question: Question) -> Turn:
    """A question with its answer as JSON: caption, reasons, box where there is one, answer."""
    caption = caption_of(case, question)
    reasons = reasons_of(case, question, caption.evidence if caption else ())
    answer: dict[str, object] = {
        "caption": caption.text if caption else "",
        "reasoning": [reason.text for reason in reasons],
    }
    box = question.region.box_px if question.region else None
    if box is not None:
        answer["boxes"] = [[round(edge) for edge in box]]
    answer["answer"] = _answer(question)
    told = [*([caption] if caption else []), *reasons, Told("", (_id(case, question),))]
    return _turn(
        question,
        _asked(question) + AS_JSON,
        json.dumps(answer, ensure_ascii=False),
        tuple(t.evidence for t in told),
    )


def _plain(case: Case, question: Question) -> Turn:
    text = _answer(question)
    ended = text if text.endswith((".", "!", "?", "\u3002")) else f"{text}."
    return _turn(question, _asked(question), ended, ((_id(case, question),),))


def _turn(
    question: Question, asked: str, answer: str, evidence: tuple[tuple[str, ...], ...]
) -> Turn:
    value: str | float = question.answer
    if question.kind == "yes_no":
        value = question.answer.strip().rstrip(".").lower()
    elif question.kind == "number":
        value = float(question.answer)
    return Turn(
        question_kind=question.topic or "question",
        question=asked,
        answer=answer,
        gold=Gold(type=question.kind, value=value),
        roi_px=question.region.box_px if question.region else None,
        evidence=evidence,
    )


def _asked(question: Question) -> str:
    text = capital(" ".join(question.text.split()))
    # Full-width marks end Chinese questions.
    return text if text.endswith(("?", ".", "\uff1f", "\u3002")) else f"{text}?"


def _answer(question: Question) -> str:
    return capital(" ".join(question.answer.split()))


def _id(case: Case, question: Question) -> str:
    """Evidence id of a question: its number in the data set, or else its place in the case."""
    return f"label/question/{question.id or case.questions.index(question)}"


def reasons_of(case: Case, asked: Question, told: Sequence[str] = ()) -> list[Told]:
    """Statements of the image's other questions, those that share words with this one first.

    None gives the answer away (see `gives_away`), and none says what another one says.

    Args:
        case: The image.
        asked: The question to be answered.
        told: Evidence ids of what the caption says already.
    """
    mine = content_words(asked.text)
    scored = []
    for place, question in enumerate(case.questions):
        if question is asked or _id(case, question) in told:
            continue
        text = statement_of(question)
        if text is not None and not gives_away(question, asked):
            scored.append((-len(mine & content_words(question.text)), place, question, text))
    kept: list[tuple[Question, str]] = []
    for _, _, question, text in sorted(scored, key=lambda s: s[:2]):
        if not any(gives_away(question, other) for other, _ in kept):
            kept.append((question, text))
    return [Told(text, (_id(case, q),)) for q, text in kept[:MOST_REASONS]]


def caption_of(case: Case, asked: Question) -> Told | None:
    """What the image is, as far as labels and questions say: `Axial MRI of the head`.

    What the asked question itself is about is left out; None where nothing is left.
    """
    others = [q for q in case.questions if q is not asked and not gives_away(q, asked)]
    plane = _known(case, others, asked, "plane", _PLANES)
    modality = _known(case, others, asked, "modality", _MODALITIES)
    weighting = _known(case, others, asked, "modality", _WEIGHTINGS)
    weighting = weighting if modality and modality.word == "MRI" else None
    organ = None
    if "organ" in case.labels and asked.topic != "organ":
        organ = _Known(f"of the {case.labels['organ']}", "organ", ("label/organ",))
    before = [known for known in (plane, weighting) if known]
    if not (before or modality or organ):
        return None
    noun = modality.word if modality else "image"
    text = " ".join([*(k.word for k in before), noun, *([organ.word] if organ else [])])
    known = [k for k in (*before, modality, organ) if k]
    ids = tuple(dict.fromkeys(id for k in known for id in k.evidence))
    return Told(f"{capital(text)}.", ids)


def _known(
    case: Case,
    others: Sequence[Question],
    asked: Question,
    topic: str,
    words: dict[str, str],
) -> _Known | None:
    """The one word that labels and questions of a topic agree on."""
    if asked.topic == topic:
        return None
    found: dict[str, list[str]] = {}
    if topic in case.labels:
        for word in _matching(case.labels[topic], words):
            found.setdefault(word, []).append(f"label/{topic}")
    for question in others:
        if question.topic == topic:
            for word in _matching(_says(question), words):
                found.setdefault(word, []).append(_id(case, question))
    if len(found) != 1:
        return None
    ((word, ids),) = found.items()
    return _Known(word, topic, tuple(ids))


def _says(question: Question) -> str:
    """What a question of modality or plane states: an open answer, or what is affirmed."""
    if question.kind == "yes_no":
        affirmed = question.answer.lower().startswith("yes")
        text = question.text.lower()
        return text if affirmed and text.startswith("is this") and not _CHOOSES.search(text) else ""
    return question.answer


def _matching(text: str, words: dict[str, str]) -> list[str]:
    return [word for word, pattern in words.items() if re.search(pattern, text.lower())]
