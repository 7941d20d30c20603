"""Why this stage and not another, and what would change it.

Both are asked by yes or no, planned so that either answer is as frequent (`balance.py`).
"""

import retia.instructions.eyes.phrases as phrases
from retia.claims.evidence import evidence_of
from retia.instructions.eyes.facts import fact_of, findings_of, located_kinds, place_of
from retia.instructions.eyes.wording import (
    Told,
    Voice,
    absent,
    be_of,
    capital,
    general_name,
    join,
    place_text,
    present,
)
from retia.instructions.turn import Turn, spoken
from retia.records import Case, Claim, Gold
from retia.taxonomy import read_vocabulary


def why_turn(case: Case, asked: str, there: bool, voice: Voice) -> Turn:
    """Ask whether it is a stage, and why or why not, by the stage rule.

    Args:
        case: With a stage.
        asked: Id of the stage asked for.
        there: Whether the case has that stage.
        voice: How it is worded.
    """
    vocabulary = read_vocabulary(case.modality)
    stage = str(case.stage)
    this, name = vocabulary.stage_name(stage), vocabulary.stage_name(asked)
    other = asked if not there else voice.rng.choice([s for s in vocabulary.stages if s != stage])
    claims = (Claim(kind="stage", stage=stage), Claim(kind="stage", stage=other, polarity=False))
    forms = [f.format(this=this, that=vocabulary.stage_name(other)) for f in phrases.NOT_THE_OTHER]
    told = [Told("Yes." if there else "No."), *_reason(case, other, voice)]
    return Turn(
        question_kind="why",
        question=voice.ask(phrases.WHY).format(stage=name),
        gold=Gold(type="yes_no", value="yes" if there else "no"),
        **spoken([*told, Told(voice.say(forms), (), claims)]),
    )


def _reason(case: Case, other: str, voice: Voice) -> list[Told]:
    """What tells the stage of a case from another one; nothing where the record does not say."""
    kind = "neovascularization"
    if "pdr" in (case.stage, other):
        if findings_of(case, kind):
            return [present(fact_of(case, kind), voice.say, case.modality)]
        lacking = kind in case.looked_for
        return [absent([kind], voice.say, case.modality)] if lacking else []
    if case.stage == "healthy":
        kinds = [k for k in located_kinds(case.modality) if k in case.looked_for]
        kinds = [k for k in kinds if not findings_of(case, k)]
        return [absent(kinds, voice.say, case.modality)] if kinds else []
    kinds = [k for k in read_vocabulary(case.modality).kinds if findings_of(case, k)]
    if not kinds:
        return []
    names = [general_name(k, case.modality) for k in kinds]
    be = "are" if len(kinds) > 1 else be_of(kinds[0])
    meaning = tuple(Claim(kind=k) for k in kinds)
    return [Told(f"{capital(join(names))} {be} seen.", evidence_of(case.findings), meaning)]


def change_turn(case: Case, id: str, there: bool, voice: Voice) -> Turn:
    """Ask whether the stage would be another without a finding, as its simulated twin tells.

    Args:
        case: With its findings.
        id: Of the finding that the twin lacks.
        there: Whether the twin has another stage.
        voice: How it is worded.
    """
    finding = next(f for f in case.findings if f.id == id)
    place = place_of(finding)
    same = [f for f in case.findings if f.kind == finding.kind and place_of(f) == place]
    name = general_name(finding.kind, case.modality).removeprefix("an ")
    what = f"one of the {name}" if len(same) > 1 else f"the {name}"
    what += place_text([place] if place and not finding.kind.startswith("faz_") else [])
    answers = phrases.CHANGES if there else phrases.CHANGES_NOT
    told = [
        Told("Yes." if there else "No."),
        Told(voice.say(answers), evidence_of((finding,))),
    ]
    return Turn(
        question_kind="change",
        question=voice.ask(phrases.CHANGE).format(what=what),
        gold=Gold(type="yes_no", value="yes" if there else "no"),
        roi_px=finding.box_px,
        **spoken(told),
    )
