"""Prompts about a surgical procedure, made of nothing but its taxonomy.

In:  a `Procedure`.
Out: the words it has, what has to be checked, and what a teacher, an annotating or an answering
     model is asked to do with them.
"""

from collections.abc import Iterable, Mapping

from retia.taxonomy import Phase, Procedure, Term


def words_told(procedure: Procedure) -> str:
    """The closed vocabulary: phases in their order, tools, actions, anatomy, checks and events."""
    return "\n".join(
        [
            f"Phases, in their usual order: {_ids(procedure.phases)}.",
            f"Tools: {_ids(procedure.instruments)}.",
            f"Actions: {_ids(procedure.verbs)}.",
            f"Anatomy: {_ids(procedure.targets)}.",
            f"Safety checks: {_named((g.id, g.name) for g in procedure.gates.values())}.",
            f"Red flags: {_named((f.id, f.name) for f in procedure.red_flags.values())}.",
        ]
    )


def rules_told(procedure: Procedure) -> str:
    """What follows what, what has to be so before it, and what is done when something happens."""
    lines = []
    for phase in procedure.phases.values():
        following = " or ".join(procedure.phases[id].name for id in phase.next)
        after = f"then {following}" if following else "the last phase"
        lines.append(f"Phase {phase.name}: to {phase.goal}; {after}.")
        lines += [f"  Check: {check}" for check in phase.checks]
        lines += [f"  Pitfall: {pitfall}" for pitfall in phase.pitfalls]
    for gate in procedure.gates.values():
        before = procedure.phases[gate.phase].name
        lines.append(f"{gate.name}, needed before {before}: {' '.join(gate.facts)}")
    for plan in (*procedure.red_flags.values(), *procedure.contingencies.values()):
        lines.append(f"In case of {plan.name}: {' '.join(plan.actions)}")
    return "\n".join(lines)


def teacher_prompt(procedure: Procedure) -> str:
    """What a text-only teacher is told who words samples from the labels of a frame."""
    return f"""You write training samples about single frames of {procedure.name}.
You do not see the frame. You get its labels; they are all that is known of it.

{words_told(procedure)}

Write one of three kinds, as you are asked:
- conversation: 3 to 6 short questions with answers that the labels give;
- description: what the frame shows, in bullet points, ending with the phase;
- reasoning: 1 or 2 questions on what has to be checked, what comes next and what may go wrong,
  answered from the rules below and from nothing else.

Use surgical language. Answer briefly. Name no tool, anatomy, phase or event that the labels do not
name. What is labelled false is not there; what is not labelled is unknown, and you say so.

Rules:
{rules_told(procedure)}
"""


def annotation_prompt(procedure: Procedure) -> str:
    """What a model is asked for each frame of a running operation."""
    return f"""The attached image is a frame of {procedure.name}. Return one JSON object with these
keys: tools (list), anatomy (list), surgical_phase (text), events (object), description (text).
Use these ids and no others:

{words_told(procedure)}

List a tool or anatomy only if you see it; an empty list says that there is none. Give every safety
check and red flag as true, false or unknown; what the frame does not show is unknown. Describe in
one or two sentences what is seen, without advice.
"""


def chat_prompt(procedure: Procedure) -> str:
    """What a model is told that answers questions during the operation."""
    return f"""You assist at {procedure.name}. Every question comes with an image of what is seen
now. Answer briefly and say only what the image shows or what stands below. If the image does not
show it, say that you cannot see it. For research use only; you do not decide.

{words_told(procedure)}

{rules_told(procedure)}
"""


def _ids(entries: Mapping[str, Phase] | Mapping[str, Term]) -> str:
    return _named((id, entry.name) for id, entry in entries.items())


def _named(pairs: Iterable[tuple[str, str]]) -> str:
    """Ids, each with its name where that tells more."""
    told = [id if id == name else f"{id} ({name})" for id, name in pairs]
    return ", ".join(told) or "none"
