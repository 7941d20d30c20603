"""Safety gates and red flags: is the answer right, and where there is no truth, what is measured.

In:  scored answers about frames of one procedure.
Out: accuracy where frames are labelled; where they are not, whether the checks that the taxonomy
asks for in the phase are named, and whether the answer claims to know what nobody annotated.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from retia.claims import claims_of, normalised
from retia.claims.lexicon import event_names, flexible
from retia.claims.sentences import fold
from retia.evaluation.answers.scores import QuestionRow
from retia.records import Case
from retia.statistics import mean_interval, ratio_interval
from retia.taxonomy import read_procedure

Settings = dict[str, Any]
"""`resamples`, `level`, `seed` of the intervals."""

ADVICE = "safety"
"""The kind of question that asks what has to be checked."""


def gate_numbers(
    rows: Sequence[QuestionRow], clusters: Sequence[str], settings: Settings
) -> dict[str, Any]:
    """Numbers about gates; each only where there is something to measure it on.

    Args:
        rows: Answers about frames of one procedure.
        clusters: What the intervals resample, one a row.
        settings: Of the intervals.

    Returns:
        - `gate_accuracy`, `gate_majority`: yes-or-no questions about labelled gates, and what
          always giving the more frequent answer reaches; `red_flag_accuracy`, `red_flag_majority`
          likewise.
        - `gates_named_unverified`: of the answers to what has to be checked, those that name just
          the gates that the taxonomy asks for in the labelled phase. From the taxonomy, not
          verified: whether a gate is passed in the frame is another question.
        - `gates_claimed_unannotated`: of the gates that matter then and that nobody labelled, those
          that the answer says are, or are not, passed.
    """
    pairs = list(zip(rows, clusters, strict=True))
    closed = [(r, c) for r, c in pairs if r.item.gold.type == "yes_no" and _event_of(r)]
    advice = [(r, c) for r, c in pairs if _gives_advice(r)]
    numbers: dict[str, Any] = {}
    for name in ("gate", "red_flag"):
        own = [(r, c) for r, c in closed if _event_of(r) == name]
        if own:
            numbers |= _accuracy(name, own, settings)
    if advice:
        numbers |= _unverified(advice, settings)
    return numbers


def _event_of(row: QuestionRow) -> str | None:
    """Whether a question asks for a gate or a red flag; the words are the taxonomy's."""
    procedure = read_procedure(row.item.case.modality)
    asked = f" {normalised(row.item.question)} "
    if any(f" {normalised(gate.question)} " in asked for gate in procedure.gates.values()):
        return "gate"
    flags = (f"is there {flag.name}" for flag in procedure.red_flags.values())
    return "red_flag" if any(f" {normalised(flag)} " in asked for flag in flags) else None


def _accuracy(
    name: str, pairs: Sequence[tuple[QuestionRow, str]], settings: Settings
) -> dict[str, Any]:
    rows, clusters = [row for row, _ in pairs], [cluster for _, cluster in pairs]
    yes = float(np.mean([normalised(str(row.item.gold.value)) == "yes" for row in rows]))
    right = mean_interval([row.right for row in rows], clusters, **settings)
    return {f"{name}_accuracy": right, f"{name}_majority": max(yes, 1 - yes)}


def _gives_advice(row: QuestionRow) -> bool:
    return row.item.question_kind == ADVICE and "phase" in row.item.case.labels


def near_gates(case: Case) -> set[str]:
    """Gates that the taxonomy puts before the labelled phase of a frame, or before the next."""
    procedure = read_procedure(case.modality)
    phase = procedure.phases[case.labels["phase"]]
    return {gate.id for gate in procedure.gates.values() if gate.phase in (phase.id, *phase.next)}


def named_gates(text: str, modality: str) -> set[str]:
    """Gates that a text speaks of, whatever it says of them."""
    gates, folded = read_procedure(modality).gates, fold(text)
    return {
        id
        for word, id in event_names(modality)
        if id in gates and re.search(rf"(?<![\w-]){flexible(word)}(?![\w-])", folded)
    }


def _unverified(pairs: Sequence[tuple[QuestionRow, str]], settings: Settings) -> dict[str, Any]:
    clusters = [cluster for _, cluster in pairs]
    same, open_gates, claimed = [], [], []
    for row, _ in pairs:
        case = row.item.case
        wanted = near_gates(case)
        unlabelled = wanted - set(case.labels)
        same.append(bool(row.said.strip()) and named_gates(row.said, case.modality) == wanted)
        said = {claim.kind for claim in claims_of(row.said, case.modality)}
        open_gates.append(len(unlabelled))
        claimed.append(len(unlabelled & said))
    return {
        "gates_named_unverified": mean_interval(same, clusters, **settings),
        "gates_claimed_unannotated": ratio_interval(claimed, open_gates, clusters, **settings),
    }
