"""The built-in teacher: a case to instruction samples, without any model.

Stage 1 asks for the stage, as JSON with reasons. Stage 2 is a conversation about regions.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import replace

import retia.instructions.eyes.phrases as phrases
from retia.instructions.eyes.facts import facts_of, without_laterality
from retia.instructions.eyes.questions import ORDER, QUESTIONS, planned_turn
from retia.instructions.eyes.wording import Pick, Told, Voice, capital, eye_text, tell
from retia.instructions.turn import Label, Turn, to_sample
from retia.records import Case, Claim, Gold, Sample
from retia.records.case import Box
from retia.runs import item_seed
from retia.taxonomy import read_vocabulary, stage_of

RULED = "octa"
"""The modality that the stage rule is of."""
# One stage 1 sample in so many does not say which eye it is; its answer says left and right.
UNNAMED_EYE = 8
NPDR_DECIDES = (
    ("capillary_dropout",),
    ("irma", "tortuosity"),
    ("microaneurysm", "faz_enlargement", "faz_irregularity", "reduced_density"),
)
"""Kinds that make an eye NPDR, the most telling first."""
STAGE_SHARE = 0.25
"""Share of the conversations that ask for the stage too."""


def eye_sentence(laterality: str | None) -> str:
    """What a question says first: which eye this is; empty when that is unknown."""
    return "" if laterality is None else f"This is {eye_text(laterality)}. "


def stage_question(case: Case) -> str:
    """The question for the stage in its plainest phrasing: what audit, demo and users ask."""
    return eye_sentence(case.laterality) + phrases.STAGE[0]


def with_stage(case: Case) -> Case:
    """The case with a stage: its own, or by the stage rule where somebody looked for lesions."""
    known = case.looked_for or case.findings
    if case.stage is not None or not known or case.modality != RULED:
        return case
    stage, grade = stage_of(case.findings)
    return replace(case, stage=stage, grade=grade)


def stage_answer(case: Case, pick: Pick) -> tuple[str, list[Told]]:
    """The JSON answer for the stage, and its reasons with their evidence."""
    told = tell(facts_of(case), pick, case.modality)
    vocabulary = read_vocabulary(case.modality)
    answer = {
        "caption": f"{capital(vocabulary.image)} of {eye_text(case.laterality)}.",
        "reasoning": [t.text for t in told],
        "answer": vocabulary.stage_name(case.stage or ""),
    }
    return json.dumps(answer, ensure_ascii=False), told


def stage1_sample(case: Case, number: int, seed: int, plain: bool = False) -> Sample | None:
    """Write the `number`-th stage 1 sample of a case; None when it has no stage."""
    if case.stage is None:
        return None
    voice = _voice(case, "stage1", number, seed, plain)
    seen = without_laterality(case) if voice.rng.randrange(UNNAMED_EYE) == 0 else case
    turn = stage_turn(seen, voice, eye_sentence(seen.laterality))
    return to_sample(case, Label(stage="stage1", number=number), [turn])


def stage2_sample(
    case: Case,
    number: int,
    seed: int,
    presence: Sequence[tuple[str, bool]] = (),
    turns: int = 4,
    plain: bool = False,
) -> Sample | None:
    """Write the `number`-th conversation about a case.

    Args:
        case: Of which findings or the stage are known.
        number: Which conversation of this case; changes seeds only.
        seed: Base seed.
        presence: What to ask by yes or no, chosen so that both are as frequent.
        turns: Most turns; at least 2 are drawn where the case allows it.
        plain: Whether answers keep to the plainest phrasing.

    Returns:
        None when not a single question can be asked of this case.
    """
    voice = _voice(case, "stage2", number, seed, plain)
    wanted = max(len(presence), voice.rng.randint(2, max(2, turns)))
    asked = [planned_turn(case, kind, there, voice) for kind, there in presence]
    if case.stage is not None and voice.rng.random() < STAGE_SHARE and len(asked) < wanted:
        asked.append(stage_turn(case, voice))
    for kind in voice.rng.sample(list(QUESTIONS), len(QUESTIONS)):
        if len(asked) >= wanted:
            break
        turn = QUESTIONS[kind](case, voice)
        if turn is not None:
            asked.append(turn)
    if not asked:
        return None
    asked.sort(key=lambda turn: ORDER.index(turn.question_kind))
    label = Label(stage="stage2", number=number)
    return to_sample(case, label, asked, eye_sentence(case.laterality))


def grpo_sample(case: Case, number: int, seed: int, plain: bool = False) -> Sample | None:
    """Write the `number`-th sample of a case for GRPO: the stage, and where it is decided.

    `roi_px` is the box of the findings that decide the stage, where they have boxes. None for a
    case without a stage.
    """
    if case.stage is None:
        return None
    voice = _voice(case, "grpo", number, seed, plain)
    turn = stage_turn(case, voice, eye_sentence(case.laterality))
    turn = replace(turn, roi_px=deciding_box(case))
    return to_sample(case, Label(stage="grpo", number=number), [turn])


def _voice(case: Case, name: str, number: int, seed: int, plain: bool) -> Voice:
    return Voice(random.Random(item_seed(seed, f"{case.id}/{name}/{number}")), plain)


def deciding_box(case: Case) -> Box | None:
    """Box of the largest finding that decides the stage, `[x0, y0, x1, y1]` in pixels.

    PDR rests on neovascularization; NPDR on dropout, or else on IRMA or tortuous vessels, or else
    on a microaneurysm or the FAZ. None where the eye is healthy or nothing that decides has a box.
    """
    deciding = {"pdr": (("neovascularization",),), "npdr": NPDR_DECIDES}.get(case.stage or "", ())
    for kinds in deciding:
        boxes = [f.box_px for f in case.findings if f.kind in kinds and f.box_px is not None]
        if boxes:
            return max(boxes, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
    return None


def stage_turn(case: Case, voice: Voice, lead: str = "") -> Turn:
    """Ask for the stage of a case that has one; the answer is structured."""
    text, told = stage_answer(case, voice.say)
    name = read_vocabulary(case.modality).stage_name(case.stage or "")
    return Turn(
        question_kind="stage",
        question=lead + voice.ask(phrases.STAGE),
        answer=text,
        gold=Gold(type="stage", value=name),
        evidence=tuple(t.evidence for t in told),
        meaning=(*(c for t in told for c in t.meaning), Claim(kind="stage", stage=case.stage)),
    )
