"""What can be said of a surgical frame, sentence by sentence, each with its evidence.

In:  a `Case` of a procedure, its findings with evidence (see `with_evidence`).
Out: sentences that `retia.claims` reads back without loss. What rests on the taxonomy and not on
the frame begins with `Next:`, `Check:`, `Pitfall:` or `Action:`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from retia.claims.evidence import evidence_of
from retia.instructions.eyes.wording import Told, capital, join
from retia.records import Case, Finding
from retia.taxonomy import Contingency, Gate, Procedure, RedFlag, Term, read_vocabulary

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def with_evidence(case: Case) -> Case:
    """The case whose findings without evidence are their own: `label/instrument/<finding id>`."""
    kinds = read_vocabulary(case.modality).kinds

    def own(finding: Finding) -> Finding:
        if finding.evidence or finding.kind not in kinds:
            return finding
        return replace(finding, evidence=(f"label/{kinds[finding.kind].category}/{finding.id}",))

    return replace(case, findings=tuple(map(own, case.findings)))


def instruments_of(case: Case, procedure: Procedure) -> dict[str, tuple[Finding, ...]]:
    """Per instrument in the frame its findings, in the order of the taxonomy."""
    found = {k: tuple(f for f in case.findings if f.kind == k) for k in procedure.instruments}
    return {kind: own for kind, own in found.items() if own}


def known_truths(case: Case, procedure: Procedure) -> dict[str, bool]:
    """Instruments and events of which the frame's labels say whether they are there."""
    there = {f.kind for f in case.findings}
    known = {
        kind: kind in there
        for kind in procedure.instruments
        if kind in there or kind in case.looked_for
    }
    return known | {e: case.labels[e] == "true" for e in procedure.events if e in case.labels}


def caption(case: Case, procedure: Procedure) -> Told:
    """What the picture is, and which instruments are in it."""
    image = capital(procedure.image)
    instruments = instruments_of(case, procedure)
    if instruments:
        text = f"{image} with {join(_listed(instruments, procedure))}."
        return Told(text, evidence_of(f for own in instruments.values() for f in own))
    looked = set(procedure.instruments) <= set(case.looked_for)
    return Told(f"{image} without instruments." if looked else f"{image}.")


def instruments_told(case: Case, procedure: Procedure) -> Told | None:
    """Which instruments are visible; None where nobody looked and none is known."""
    instruments = instruments_of(case, procedure)
    if instruments:
        many = len(instruments) > 1 or _many(*next(iter(instruments.items())), procedure)
        text = (
            f"{capital(join(_listed(instruments, procedure)))} {'are' if many else 'is'} visible."
        )
        return Told(text, evidence_of(f for own in instruments.values() for f in own))
    if set(procedure.instruments) <= set(case.looked_for):
        return Told("No instrument is visible.")
    return None


def actions_told(case: Case, procedure: Procedure, hushed: Iterable[str] = ()) -> list[Told]:
    """Each instrument with what it does to what; those of `hushed` kinds without what they do."""
    told = []
    for kind, own in instruments_of(case, procedure).items():
        term = procedure.instruments[kind]
        acts = [None if kind in hushed else _act(f, procedure) for f in own]
        if len(set(acts)) == 1:
            many = _many(kind, own, procedure)
            what = capital(_counted(term, len(own)))
            told.append(Told(_sentence(what, many, acts[0]), evidence_of(own)))
            continue
        many = term.plural == term.name
        for place, (finding, act) in enumerate(zip(own, acts, strict=True)):
            first = term.name if many else _a(term.name)
            more = f"{'further' if many else 'another'} {term.name}"
            text = _sentence(capital(more if place else first), many, act)
            told.append(Told(text, evidence_of((finding,))))
    return told


def anatomy_told(case: Case, procedure: Procedure) -> list[Told]:
    """The anatomy that is annotated as visible."""
    seen = (f for f in case.findings if f.kind in procedure.targets)
    return [Told(f"The {procedure.targets[f.kind].name} is visible.", f.evidence) for f in seen]


def absence_told(case: Case, procedure: Procedure) -> list[Told]:
    """One sentence about all instruments that somebody looked for and did not see."""
    lacking = [k for k, there in known_truths(case, procedure).items() if not there]
    names = [procedure.instruments[k] for k in lacking if k in procedure.instruments]
    if not names:
        return []
    many = len(names) > 1 or names[0].plural == names[0].name
    listed = join([f"no {term.name}" for term in names])
    return [Told(f"{capital(listed)} {'are' if many else 'is'} visible.")]


def events_told(case: Case, procedure: Procedure) -> list[Told]:
    """Gates and red flags that the frame is labelled with."""
    labelled = [event for event in procedure.events if event in case.labels]
    return [event_told(event, case.labels[event] == "true", procedure) for event in labelled]


def event_told(event: str, there: bool, procedure: Procedure) -> Told:
    """Say whether a gate is passed, or whether a red flag is there."""
    if event in procedure.gates:
        text = f"{procedure.gates[event].name}: {'met' if there else 'not met'}."
        return Told(capital(text), (f"label/{event}",))
    name = procedure.red_flags[event].name
    return Told(f"There is {'' if there else 'no '}{name}.", (f"label/{event}",))


def phase_told(case: Case, procedure: Procedure) -> Told:
    """Say the phase, which must be labelled."""
    return Told(f"The phase is {procedure.phases[case.labels['phase']].name}.", ("label/phase",))


def next_told(phase: str, procedure: Procedure) -> Told:
    """Say what usually follows a phase."""
    names = [procedure.phases[id].name for id in procedure.phases[phase].next]
    text = " or ".join(names) if names else "nothing, for this is the last phase"
    return Told(f"Next: {text}.", (f"{_rule(procedure, phase)}/next",))


def advice_told(phase: str, what: str, procedure: Procedure) -> list[Told]:
    """The checks or the pitfalls of a phase, one a sentence.

    Args:
        phase: Id.
        what: `check` or `pitfall`.
        procedure: Whose taxonomy is told.
    """
    entry = procedure.phases[phase]
    rules = entry.checks if what == "check" else entry.pitfalls
    return [
        Told(f"{capital(what)}: {_one(rule)}", (f"{_rule(procedure, phase)}/{what}/{number}",))
        for number, rule in enumerate(rules, 1)
    ]


def gates_told(case: Case, procedure: Procedure) -> list[Told]:
    """The gates before this phase and the ones that may follow; nothing is guessed."""
    phase = procedure.phases[case.labels["phase"]]
    near = [g for g in procedure.gates.values() if g.phase in (phase.id, *phase.next)]
    return [
        event_told(gate.id, case.labels[gate.id] == "true", procedure)
        if gate.id in case.labels
        else _unknown(gate)
        for gate in near
    ]


def plan_told(plan: RedFlag | Contingency, procedure: Procedure) -> list[Told]:
    """What is done about a red flag or a contingency, one a sentence."""
    part = "red_flag" if plan.id in procedure.red_flags else "contingency"
    rule = f"taxonomy/{procedure.id}/{part}/{plan.id}/action"
    return [Told(f"Action: {_one(a)}", (f"{rule}/{n}",)) for n, a in enumerate(plan.actions, 1)]


def _unknown(gate: Gate) -> Told:
    return Told(f"It is not annotated whether this is met: {gate.name}.")


def _rule(procedure: Procedure, phase: str) -> str:
    return f"taxonomy/{procedure.id}/phase/{phase}"


def _one(rule: str) -> str:
    """A rule as one sentence: what follows a semicolon belongs to it."""
    return rule.replace(";", ",").rstrip(".") + "."


def _act(finding: Finding, procedure: Procedure) -> str | None:
    """`retracting the gallbladder`; None for an instrument at rest."""
    verb, target = finding.attributes.get("verb"), finding.attributes.get("target")
    if verb is None:
        return None
    name = procedure.verbs[verb].name
    return name if target is None else f"{name} the {procedure.targets[target].name}"


def _sentence(what: str, many: bool, act: str | None) -> str:
    return f"{what} {'are' if many else 'is'} {act or 'visible'}."


def _listed(instruments: dict[str, tuple[Finding, ...]], procedure: Procedure) -> Sequence[str]:
    return [_counted(procedure.instruments[k], len(own)) for k, own in instruments.items()]


def _counted(term: Term, count: int) -> str:
    if count > 1:
        number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
        return f"{number} {term.plural}"
    return term.name if term.plural == term.name else _a(term.name)


def _many(kind: str, own: Sequence[Finding], procedure: Procedure) -> bool:
    term = procedure.instruments[kind]
    return len(own) > 1 or term.plural == term.name


def _a(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
