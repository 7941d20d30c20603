"""Are the labels of a surgical frame words of its procedure? Nothing is ever coerced."""

from retia.errors import UserError, did_you_mean
from retia.records import Case, Finding
from retia.taxonomy.surgery import Procedure, unknown

TRUTHS = ("true", "false")
ATTRIBUTES = ("verb", "target")


def check_case(procedure: Procedure, case: Case) -> None:
    """Hold every label of a frame against its procedure.

    Raises:
        UserError: If the case is of another procedure, or holds an unknown phase, event,
            instrument, verb or target, an event that is neither `true` nor `false`, or an
            instrument, verb and target that do not occur together.
    """
    where = f"case {case.id}"
    if case.modality != procedure.id:
        raise UserError(
            f"{where}: its modality is {case.modality!r}. Expected {procedure.id!r}, or read the "
            f"taxonomy of {case.modality}."
        )
    for key, value in case.labels.items():
        _check_label(procedure, key, value, where)
    kinds = (*procedure.instruments, *procedure.targets)
    for kind in (*case.looked_for, *(f.kind for f in case.findings)):
        if kind not in kinds:
            raise UserError(
                f"{where}: {unknown('instrument or target', kind, kinds, procedure.id)}"
            )
    for finding in case.findings:
        _check_action(procedure, finding, f"{where}, finding {finding.id}")


def _check_label(procedure: Procedure, key: str, value: str, where: str) -> None:
    if key == "phase":
        if value not in procedure.phases:
            raise UserError(f"{where}: {unknown('phase', value, procedure.phases, procedure.id)}")
    elif key not in procedure.events:
        labels = ("phase", *procedure.events)
        raise UserError(f"{where}: {unknown('gate or event', key, labels, procedure.id)}")
    elif value not in TRUTHS:
        raise UserError(f"{where}: {key} is {value!r}. Expected `true` or `false`.")


def _check_action(procedure: Procedure, finding: Finding, where: str) -> None:
    for key in finding.attributes:
        if key not in ATTRIBUTES:
            raise UserError(
                f"{where}: unknown attribute {key!r}.{did_you_mean(key, ATTRIBUTES)} "
                f"Known: {', '.join(ATTRIBUTES)}."
            )
    verb, target = (finding.attributes.get(key) for key in ATTRIBUTES)
    if verb is None and target is None:
        return
    if finding.kind in procedure.targets:
        raise UserError(f"{where}: {finding.kind} is a target. Only instruments have a verb.")
    if verb is None or target is None:
        raise UserError(
            f"{where}: verb is {verb} and target is {target}. Expected both, or neither for an "
            "instrument at rest."
        )
    if verb not in procedure.verbs:
        raise UserError(f"{where}: {unknown('verb', verb, procedure.verbs, procedure.id)}")
    if target not in procedure.targets:
        raise UserError(f"{where}: {unknown('target', target, procedure.targets, procedure.id)}")
    if (finding.kind, verb, target) not in procedure.triplets:
        possible = [t for i, v, t in procedure.triplets if (i, v) == (finding.kind, verb)]
        raise UserError(
            f"{where}: {finding.kind}, {verb}, {target} do not occur together. {finding.kind} and "
            f"{verb} go with: {', '.join(possible) or 'nothing'}."
        )
