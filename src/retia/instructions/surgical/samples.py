"""Surgical frames as samples: conversation, description, reasoning and safety.

All frame facts come from the frame's labels, all advice from the procedure's taxonomy; the words
of the questions are the taxonomy's too.
"""

import json
import random
from collections.abc import Sequence
from string import Formatter
from typing import Literal

from retia.claims.evidence import evidence_of
from retia.errors import UserError
from retia.instructions.eyes.wording import Told, capital
from retia.instructions.surgical.facts import (
    absence_told,
    actions_told,
    advice_told,
    anatomy_told,
    caption,
    event_told,
    events_told,
    gates_told,
    instruments_of,
    instruments_told,
    next_told,
    phase_told,
    plan_told,
)
from retia.instructions.turn import AS_JSON, Label, Turn, to_sample
from retia.records import Case, Finding, Gold, Sample
from retia.runs import item_seed
from retia.taxonomy import Contingency, Procedure, RedFlag, Term

FEWEST_TURNS = 3
PLANS = 0.6
"""Share of the second questions about what to do that ask what would be done if."""
ORDER = ("phase", "presence", "event", "instruments", "action", "anatomy", "box", "next_step")
"""Turns go from the whole to its parts."""


def conversation_sample(
    case: Case,
    procedure: Procedure,
    number: int,
    seed: int,
    presence: Sequence[tuple[str, bool]] = (),
    turns: int = 6,
) -> Sample | None:
    """Write the `number`-th conversation about a frame: short answers from its labels.

    Args:
        case: A frame of the procedure.
        procedure: Its words and question templates.
        number: Which conversation of this frame; changes seeds only.
        seed: Base seed.
        presence: Instruments and events to ask for by yes or no, chosen so that both are as
            frequent.
        turns: Most turns; at least 3 are drawn where the frame allows it.

    Returns:
        None when nothing is labelled that could be asked for.
    """
    rng = random.Random(item_seed(seed, f"{case.id}/stage2/{number}"))
    asked = [_presence_turn(case, procedure, kind, there, rng) for kind, there in presence]
    made = _fact_turns(case, procedure, rng)
    wanted = rng.randint(min(FEWEST_TURNS, turns), turns)
    asked += rng.sample(made, min(len(made), max(0, wanted - len(asked))))
    if len(asked) < min(FEWEST_TURNS, turns) and "phase" in case.labels:
        asked.append(_next_turn(case.labels["phase"], procedure, rng))
    if not asked:
        return None
    asked.sort(key=lambda turn: ORDER.index(turn.question_kind))
    label = Label(stage="stage2", number=number, meta=_meta("conversation", case))
    return to_sample(case, label, asked)


def _meta(kind: str, case: Case) -> dict[str, str]:
    """What a sample is, and where it is known, the least sure source of what it tells."""
    sources = set(case.label_sources.values())
    least = next((s for s in ("weak", "model", "manual") if s in sources), None)
    return {"kind": kind} | ({} if least is None else {"labels": least})


def description_sample(case: Case, procedure: Procedure, number: int, seed: int) -> Sample | None:
    """Write the `number`-th description of a frame: what is seen as JSON, and the phase.

    None when no phase is labelled.
    """
    if "phase" not in case.labels:
        return None
    rng = random.Random(item_seed(seed, f"{case.id}/stage1/{number}"))
    question = f"{_ask('description', procedure, rng)} Name the phase."
    turn = _structured_phase(case, procedure, "description", question)
    label = Label(stage="stage1", number=number, meta=_meta("description", case))
    return to_sample(case, label, [turn])


def reasoning_sample(case: Case, procedure: Procedure, number: int, seed: int) -> Sample | None:
    """Write the `number`-th sample on what comes next, what to check and what goes wrong.

    None when no phase is labelled.
    """
    if "phase" not in case.labels:
        return None
    rng = random.Random(item_seed(seed, f"{case.id}/reasoning/{number}"))
    phase = case.labels["phase"]
    flags = [e for e in procedure.red_flags if case.labels.get(e) == "true"]
    made = [_plan_turn(procedure.red_flags[event], procedure, rng, now=True) for event in flags]
    plans = [plan for plan in procedure.plans(phase) if plan.id not in flags]
    pool = [
        _next_turn(phase, procedure, rng),
        _advice_turn("safety", "check", case, procedure, rng),
        _advice_turn("pitfalls", "pitfall", case, procedure, rng),
    ]
    # What happens right now goes first; one or two questions are enough for one frame.
    asked = [*made, *rng.sample(pool, len(pool))][: rng.randint(1, 2)]
    if len(asked) > 1 and not made and plans and rng.random() < PLANS:
        # Never alone: the frame is not needed to say what would be done.
        asked[1] = _plan_turn(rng.choice(plans), procedure, rng)
    label = Label(stage="stage2", number=number, meta=_meta("reasoning", case))
    return to_sample(case, label, asked)


def structured_sample(
    case: Case, procedure: Procedure, stage: Literal["stage1", "grpo"], number: int, seed: int
) -> Sample | None:
    """Write the `number`-th question of a frame that is answered as JSON: for SFT and for GRPO.

    It asks what an instrument does where its tip has a box, so that `roi_px` is where the answer
    can be seen; else for the phase. None when neither is labelled.
    """
    rng = random.Random(item_seed(seed, f"{case.id}/{stage}/structured/{number}"))
    label = Label(stage=stage, number=number, meta=_meta("conversation", case))
    acting = [(k, f) for k, f in _single(case, procedure) if "target" in f.attributes and f.box_px]
    if acting:
        kind, finding = rng.choice(acting)
        return to_sample(case, label, [_structured_action(case, procedure, kind, finding, rng)])
    if "phase" not in case.labels:
        return None
    question = _ask("phase", procedure, rng)
    return to_sample(case, label, [_structured_phase(case, procedure, "phase", question)])


def _structured_phase(case: Case, procedure: Procedure, kind: str, question: str) -> Turn:
    """The phase with all that is seen as reasons; the reasons do not name the phase."""
    name = procedure.phases[case.labels["phase"]].name
    return _structured(
        kind,
        question,
        [caption(case, procedure), *_reasons(case, procedure)],
        Told(capital(name), ("label/phase",)),
        Gold(type="choice", value=name),
    )


def _structured_action(
    case: Case, procedure: Procedure, kind: str, finding: Finding, rng: random.Random
) -> Turn:
    """What an instrument does; the reasons say of it only that it is there."""
    plain = _action_turn(kind, finding, procedure, rng)
    told = [caption(case, procedure), *_reasons(case, procedure, hushed=(kind,))]
    if "phase" in case.labels:
        told.append(phase_told(case, procedure))
    answer = Told(plain.answer, plain.evidence[0])
    return _structured(plain.question_kind, plain.question, told, answer, plain.gold, finding)


def _reasons(case: Case, procedure: Procedure, hushed: Sequence[str] = ()) -> list[Told]:
    return [
        *actions_told(case, procedure, hushed),
        *anatomy_told(case, procedure),
        *absence_told(case, procedure),
        *events_told(case, procedure),
    ]


def _structured(
    kind: str,
    question: str,
    told: Sequence[Told],
    answer: Told,
    gold: Gold,
    finding: Finding | None = None,
) -> Turn:
    """An answer as JSON; the first of `told` is its caption, the others are its reasons."""
    text = {
        "caption": told[0].text,
        "reasoning": [reason.text for reason in told[1:]],
        "answer": answer.text,
    }
    return Turn(
        question_kind=kind,
        question=question + AS_JSON,
        answer=json.dumps(text, ensure_ascii=False),
        gold=gold,
        roi_px=finding.box_px if finding else None,
        evidence=tuple(t.evidence for t in (*told, answer)),
    )


def _fact_turns(case: Case, procedure: Procedure, rng: random.Random) -> list[Turn]:
    """Every question that the labels of a frame answer, presence left out."""
    made = []
    if "phase" in case.labels:
        name = procedure.phases[case.labels["phase"]].name
        gold = Gold(type="choice", value=name)
        told = phase_told(case, procedure)
        made.append(_plain("phase", _ask("phase", procedure, rng), [told], gold))
    if (told := instruments_told(case, procedure)) is not None:
        names = tuple(procedure.instruments[k].name for k in instruments_of(case, procedure))
        gold = Gold(type="set", value=names)
        made.append(_plain("instruments", _ask("instruments", procedure, rng), [told], gold))
    for kind, finding in _single(case, procedure):
        if "target" in finding.attributes:
            # One answers the other, so only one of them is asked.
            ask = rng.choice((_action_turn, _anatomy_turn))
            made.append(ask(kind, finding, procedure, rng))
        if finding.box_px is not None:
            made.append(_box_turn(kind, finding, procedure, rng))
    return made


def _single(case: Case, procedure: Procedure) -> list[tuple[str, Finding]]:
    """Instruments that are in the frame once: only of these is "the hook" clear."""
    found = instruments_of(case, procedure)
    return [(kind, own[0]) for kind, own in found.items() if len(own) == 1]


def _presence_turn(
    case: Case, procedure: Procedure, kind: str, there: bool, rng: random.Random
) -> Turn:
    """Ask by yes or no for an instrument or an event."""
    gold = Gold(type="yes_no", value="yes" if there else "no")
    begin = Told("Yes." if there else "No.")
    if kind in procedure.events:
        told = event_told(kind, there, procedure)
        flag = procedure.red_flags.get(kind)
        question = f"Is there {flag.name}?" if flag else procedure.gates[kind].question
        return _plain("event", question, [begin, told], gold)
    term = procedure.instruments[kind]
    many = term.plural == term.name
    one = term.name if many else f"{'an' if term.name[0] in 'aeiou' else 'a'} {term.name}"
    templates = (f"{{be}} {one} visible?", f"{{be}} there {one} in this frame?")
    question = rng.choice(templates).format(be="Are" if many else "Is")
    own = [f for f in case.findings if f.kind == kind]
    text = f"{one if there else f'no {term.name}'} {'are' if many else 'is'} visible."
    return _plain("presence", question, [begin, Told(capital(text), evidence_of(own))], gold)


def _action_turn(kind: str, finding: Finding, procedure: Procedure, rng: random.Random) -> Turn:
    """Ask what an instrument does."""
    term = procedure.instruments[kind]
    verb = procedure.verbs[finding.attributes["verb"]].name
    target = procedure.targets[finding.attributes["target"]].name
    be = "are" if term.plural == term.name else "is"
    told = Told(f"The {term.name} {be} {verb} the {target}.", evidence_of((finding,)))
    gold = Gold(type="choice", value=f"{term.name} {verb} {target}")
    question = _ask("action", procedure, rng, **_words_of(term))
    return _plain("action", question, [told], gold, finding)


def _anatomy_turn(kind: str, finding: Finding, procedure: Procedure, rng: random.Random) -> Turn:
    """Ask what an instrument acts on."""
    target = procedure.targets[finding.attributes["target"]].name
    told = Told(f"{capital(f'the {target}')}.", evidence_of((finding,)))
    gold = Gold(type="choice", value=target)
    question = _ask("anatomy", procedure, rng, **_words_of(procedure.instruments[kind]))
    return _plain("anatomy", question, [told], gold, finding)


def _box_turn(kind: str, finding: Finding, procedure: Procedure, rng: random.Random) -> Turn:
    """Ask where the tip of an instrument is."""
    x0, y0, x1, y1 = (round(edge) for edge in finding.box_px or (0, 0, 0, 0))
    box = (x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))
    told = Told(f"[{', '.join(map(str, box))}]", evidence_of((finding,)))
    gold = Gold(type="box", value=",".join(map(str, box)), tolerance=0.5)
    question = _ask("box", procedure, rng, **_words_of(procedure.instruments[kind]))
    return _plain("box", question, [told], gold, finding)


def _next_turn(phase: str, procedure: Procedure, rng: random.Random) -> Turn:
    """Ask what usually comes next."""
    names = tuple(procedure.phases[id].name for id in procedure.phases[phase].next)
    gold = Gold(type="set", value=names)
    question = _ask("next_step", procedure, rng, phase=procedure.phases[phase].name)
    return _plain("next_step", question, [next_told(phase, procedure)], gold)


def _advice_turn(
    kind: str, what: str, case: Case, procedure: Procedure, rng: random.Random
) -> Turn:
    """Ask for the checks or the pitfalls of a phase; checks end with the gates nearby."""
    told = [phase_told(case, procedure), *advice_told(case.labels["phase"], what, procedure)]
    if what == "check":
        told += gates_told(case, procedure)
    gold = Gold(type="text", value=" ".join(t.text for t in told))
    phase = procedure.phases[case.labels["phase"]].name
    return _plain(kind, _ask(kind, procedure, rng, phase=phase), told, gold)


def _plan_turn(
    plan: RedFlag | Contingency, procedure: Procedure, rng: random.Random, now: bool = False
) -> Turn:
    """Ask what to do about a red flag or a contingency; of what happens `now`, say so first."""
    told = [*([event_told(plan.id, True, procedure)] if now else []), *plan_told(plan, procedure)]
    gold = Gold(type="text", value=" ".join(t.text for t in told))
    kind = "red_flag" if plan.id in procedure.red_flags else "contingency"
    more = procedure.questions.get("contingency", ())
    asked = rng.choice((plan.question, *(t.format(event=plan.name) for t in more)))
    return _plain(kind, asked, told, gold)


def _plain(
    kind: str, question: str, told: Sequence[Told], gold: Gold, finding: Finding | None = None
) -> Turn:
    return Turn(
        question_kind=kind,
        question=question,
        answer=" ".join(t.text for t in told),
        gold=gold,
        roi_px=finding.box_px if finding else None,
        evidence=tuple(t.evidence for t in told),
    )


def _words_of(term: Term) -> dict[str, str]:
    """An instrument and the verbs that agree with it: forceps are, a hook is."""
    many = term.plural == term.name
    return {
        "instrument": term.name,
        "be": "are" if many else "is",
        "do": "do" if many else "does",
    }


def _ask(kind: str, procedure: Procedure, rng: random.Random, **words: str) -> str:
    """One of the taxonomy's phrasings of a question, among those that these words fill.

    Raises:
        UserError: If every phrasing needs another word.
    """
    templates = procedure.questions[kind]
    fitting = [
        t for t in templates if {n for _, n, _, _ in Formatter().parse(t) if n} <= set(words)
    ]
    if not fitting:
        raise UserError(
            f"procedure {procedure.id}, questions, {kind}: {templates[0]!r} holds a placeholder "
            f"that is not known there. Known: {', '.join(sorted(words)) or 'none'}."
        )
    return rng.choice(fitting).format(**words)
