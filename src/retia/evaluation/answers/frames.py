"""What only surgical frames have: phases, temporal coherence, things named that are not there.

In:  scored answers about frames.
Out: numbers, after the sanity checks of the surgical fine-tuning guide (grounded answers, no unseen
tools or anatomy, stable answers across adjacent frames).
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from retia.claims import claims_of, phase_in
from retia.evaluation.answers.scores import QuestionRow
from retia.records import Case
from retia.statistics import balanced_accuracy, bootstrap_interval, ratio_interval
from retia.taxonomy import read_vocabulary

NAMES_WHAT_IS_SEEN = ("phase", "instruments", "action", "anatomy", "description", "presence")
"""Kinds of questions whose answers tell what the frame shows; others tell what might come."""


def frame_numbers(
    rows: Sequence[QuestionRow], clusters: Sequence[str], settings: dict[str, Any]
) -> dict[str, Any] | None:
    """Numbers about the answers to questions about surgical frames; None where there are none.

    Args:
        rows: Answers of the student to one modality.
        clusters: What the intervals resample, one a row.
        settings: Of the intervals.
    """
    if not any("phase" in row.item.case.labels for row in rows):
        return None
    pairs = list(zip(rows, clusters, strict=True))
    named = [(r, c) for r, c in pairs if r.item.question_kind in NAMES_WHAT_IS_SEEN]
    seen = [(named_kinds(r), present_kinds(r.item.case)) for r, _ in named]
    phases = [(r, c) for r, c in pairs if asks_for_phase(r)]
    return {
        **_phase_numbers([r for r, _ in phases], [c for _, c in phases], settings),
        "hallucination_rate": ratio_interval(
            [len(said - there) for said, there in seen],
            [len(said) for said, _ in seen],
            [c for _, c in named],
            **settings,
        ),
    }


def _phase_numbers(
    rows: Sequence[QuestionRow], clusters: Sequence[str], settings: dict[str, Any]
) -> dict[str, Any]:
    if not rows:
        return {}
    truth = np.array([row.item.case.labels.get("phase", "") for row in rows])
    said = np.array([said_phase(row) or "" for row in rows])
    same_said, same_true, within = _neighbours(rows, truth, said, clusters)
    ones = np.ones(len(within))
    return {
        "phase_accuracy": ratio_interval(truth == said, np.ones(len(rows)), clusters, **settings),
        "phase_balanced_accuracy": bootstrap_interval(
            balanced_accuracy, [truth, said], clusters, **settings
        ),
        "phase_stays": ratio_interval(same_said, ones, within, **settings),
        "phase_stays_in_truth": ratio_interval(same_true, ones, within, **settings),
    }


def _neighbours(
    rows: Sequence[QuestionRow], truth: np.ndarray, said: np.ndarray, clusters: Sequence[str]
) -> tuple[list[bool], list[bool], list[str]]:
    """Per pair of frames that follow each other in a video: same answer, same truth, cluster.

    An unreadable answer is never the same as another one.
    """
    # A frame may be asked in more than one form: its first answer counts.
    first = {row.item.case.id: place for place, row in reversed(list(enumerate(rows)))}
    timed = [p for p in first.values() if rows[p].item.case.time_s is not None]
    order = sorted(timed, key=lambda p: (rows[p].item.case.group, rows[p].item.case.time_s or 0.0))
    pairs = [
        (a, b)
        for a, b in itertools.pairwise(order)
        if rows[a].item.case.group == rows[b].item.case.group
    ]
    return (
        [bool(said[a]) and bool(said[a] == said[b]) for a, b in pairs],
        [bool(truth[a] == truth[b]) for a, b in pairs],
        [clusters[a] for a, _ in pairs],
    )


def asks_for_phase(row: QuestionRow) -> bool:
    """Whether the right answer is the phase of the frame, as in a description that ends with it."""
    gold, case = row.item.gold, row.item.case
    return gold.type == "choice" and phase_in(str(gold.value), case.modality) == case.labels.get(
        "phase", ""
    )


def said_phase(row: QuestionRow) -> str | None:
    """The phase that an answer names; None when it names none, or more than one."""
    return phase_in(row.said, row.item.case.modality)


def named_kinds(row: QuestionRow) -> set[str]:
    """Instruments and anatomy that an answer says are there, in its reasons too."""
    modality = row.item.case.modality
    kinds = read_vocabulary(modality).kinds
    return {c.kind for c in claims_of(row.text, modality) if c.polarity and c.kind in kinds}


def present_kinds(case: Case) -> set[str]:
    """Instruments and anatomy that the annotation of a frame names."""
    targets = {f.attributes["target"] for f in case.findings if "target" in f.attributes}
    return {f.kind for f in case.findings} | targets
