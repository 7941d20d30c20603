"""What a surgical procedure consists of: phases, words, checks, plans, triplets, questions.

In and out: `Procedure`, as `taxonomy/procedure.py` reads it from its YAML file.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Literal

from retia.errors import UserError, did_you_mean
from retia.records.record import record

Part = Literal["phase", "instrument", "verb", "target"]


@record
class Term:
    """An instrument, a verb or a target; the name of a verb is its participle (`retracting`)."""

    id: str
    name: str
    plural: str
    synonyms: tuple[str, ...] = ()


@record
class Phase:
    """A phase of the operation."""

    id: str
    name: str
    goal: str
    """What the phase is for, as the end of `the goal is to ...`."""
    synonyms: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    """Phases that may follow, the most usual first; none after the last."""
    checks: tuple[str, ...] = ()
    """What has to be made sure of in this phase; whole sentences."""
    pitfalls: tuple[str, ...] = ()
    """What goes wrong in this phase; whole sentences."""


@record
class Gate:
    """A safety check that has to be passed before the operation goes on."""

    id: str
    name: str
    question: str
    """Asks whether it is passed; to be answered with yes or no."""
    phase: str
    """The phase that must not begin before the gate is passed."""
    facts: tuple[str, ...]
    """What must all be so for the gate to be passed; whole sentences."""
    synonyms: tuple[str, ...] = ()


@record
class RedFlag:
    """An event that changes what is done next, such as bleeding."""

    id: str
    name: str
    question: str
    """Asks what is to be done when it happens."""
    actions: tuple[str, ...]
    """What is done, in order; whole sentences."""
    synonyms: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    """Where it is to be reckoned with; in every phase when left out."""


@record
class Contingency:
    """What may go wrong without being labelled in frames, and what is then done."""

    id: str
    name: str
    question: str
    """Asks what is to be done when it happens."""
    actions: tuple[str, ...]
    """What is done, in order; whole sentences."""
    phases: tuple[str, ...] = ()
    """Where it is to be reckoned with; in every phase when left out."""


@record
class Procedure:
    """A surgical procedure."""

    id: str
    name: str
    image: str
    """What one picture of it is called."""
    phases: dict[str, Phase]
    """In their usual order."""
    instruments: dict[str, Term]
    verbs: dict[str, Term]
    targets: dict[str, Term]
    gates: dict[str, Gate]
    red_flags: dict[str, RedFlag]
    triplets: tuple[tuple[str, str, str], ...]
    """Instrument, verb and target that occur together. Every instrument may also rest."""
    questions: dict[str, tuple[str, ...]]
    """Question kind to its templates."""
    contingencies: dict[str, Contingency] = field(default_factory=dict)

    @property
    def events(self) -> tuple[str, ...]:
        """Ids a frame may be labelled `true` or `false` with: gates, then red flags."""
        return (*self.gates, *self.red_flags)

    def plans(self, phase: str) -> tuple[RedFlag | Contingency, ...]:
        """What is to be reckoned with in a phase: red flags, then contingencies."""
        known = (*self.red_flags.values(), *self.contingencies.values())
        return tuple(plan for plan in known if not plan.phases or phase in plan.phases)

    def terms(self, part: Part) -> Mapping[str, Term | Phase]:
        """All entries of one part, by id."""
        parts: dict[Part, Mapping[str, Term | Phase]] = {
            "phase": self.phases,
            "instrument": self.instruments,
            "verb": self.verbs,
            "target": self.targets,
        }
        return parts[part]

    def id_of(self, part: Part, word: str, where: str) -> str:
        """Return the id that a word of other people's labels stands for.

        Args:
            part: Which list to look in.
            word: An id, a name or a synonym; case, blanks, hyphens and underscores do not matter.
            where: Begins the error: file and entry.

        Raises:
            UserError: If nothing is called so. Nothing is ever guessed.
        """
        known = {fold(w): id for id, entry in self.terms(part).items() for w in words_of(entry)}
        if fold(word) not in known:
            raise UserError(f"{where}: {unknown(part, word, self.terms(part), self.id)}")
        return known[fold(word)]


def unknown(what: str, word: str, known: Iterable[str], procedure: str) -> str:
    """The line for a word that a procedure does not have."""
    known = list(known)
    hint = did_you_mean(word, known)
    return f"{word!r} is no {what} of {procedure}.{hint} Known: {', '.join(known)}."


def words_of(entry: Term | Phase) -> tuple[str, ...]:
    """Everything an entry is called."""
    plural = (entry.plural,) if isinstance(entry, Term) else ()
    return (entry.id, entry.name, *plural, *entry.synonyms)


def fold(word: str) -> str:
    """A word as it is compared: lower case; hyphens and underscores are blanks."""
    return " ".join(re.split(r"[\s_-]+", word.strip().lower()))
