"""What is told of an eye, and the classes that there are: from the data, not from the code."""

import dataclasses
from collections.abc import Iterable, Sequence

from retia.errors import UserError
from retia.records import Case
from retia.taxonomy import STAGES

HEALTHY = ("healthy", "normal", "none", "no")
"""Names of a healthy class; attribution starts from it, so it stands first."""


def label_of(case: Case, label: str) -> str | None:
    """The label of a case: a field of it such as `stage`, or else the entry of `labels`."""
    if label in {f.name for f in dataclasses.fields(Case)}:
        value = getattr(case, label)
        return None if value is None else str(value)
    return case.labels.get(label)


def class_list(values: Iterable[str]) -> tuple[str, ...]:
    """The classes in their order: stages by severity, others with the healthy one first."""
    found = set(values)
    if found <= set(STAGES):
        return tuple(s for s in STAGES if s in found)
    return tuple(sorted(found, key=lambda name: (name.casefold() not in HEALTHY, name)))


def labelled(cases: Sequence[Case], label: str) -> tuple[list[Case], tuple[str, ...]]:
    """The cases that have a label, and its classes.

    Raises:
        UserError: If there are not at least two classes.
    """
    kept = [c for c in cases if label_of(c, label) is not None]
    classes = class_list(str(label_of(c, label)) for c in kept)
    if len(classes) < 2:
        known = sorted({key for c in cases for key in c.labels})
        raise UserError(
            f"label `{label}` has {len(classes)} classes in {len(cases)} cases"
            f"{': ' + classes[0] if classes else ''}. Expected at least 2; labels here: "
            f"{', '.join(['stage', *known])}."
        )
    return kept, classes
