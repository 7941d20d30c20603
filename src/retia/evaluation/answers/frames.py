"""What only surgical frames have: phases, temporal coherence, tools, anatomy and safety gates.

In:  scored answers about frames.
Out: numbers, after the sanity checks of the surgical fine-tuning guide (grounded answers, no unseen
tools or anatomy, safety, stable answers across adjacent frames). All words are the taxonomy's: a
procedure is one file.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from retia.claims import phase_in
from retia.evaluation.answers.film import adjacent
from retia.evaluation.answers.gates import gate_numbers
from retia.evaluation.answers.scores import QuestionRow
from retia.evaluation.answers.things import (
    flicker,
    hallucination_numbers,
    thing_numbers,
    thing_rows,
)
from retia.statistics import balanced_accuracy, bootstrap_interval, mean_interval
from retia.taxonomy import read_vocabulary

NAMES_WHAT_IS_SEEN = ("phase", "instruments", "action", "anatomy", "description", "presence")
"""Kinds of questions whose answers tell what the frame shows; others tell what might come."""

FRAMES = {
    "phase_accuracy": "Phase, accuracy",
    "phase_balanced_accuracy": "Phase, balanced accuracy",
    "phase_stays": "Adjacent frames with the same phase answer",
    "phase_stays_in_truth": "Adjacent frames truly in the same phase",
    "seconds_between_frames": "Seconds between adjacent frames asked about, median",
    "hallucination_rate": "Hallucinated: named, but not annotated in the frame",
    "hallucination_rate_tool": "Hallucinated, of the tools named",
    "hallucination_rate_anatomy": "Hallucinated, of the anatomy named",
    "tool_f1": "Tools, F1",
    "tool_macro_f1": "Tools, F1, mean over the kinds",
    "anatomy_f1": "Anatomy, F1",
    "anatomy_macro_f1": "Anatomy, F1, mean over the kinds",
    "tool_flicker": "Flicker: other tools named in adjacent frames whose tools are the same",
    "tools_stay_in_truth": "Adjacent frames with truly the same tools",
    "gate_accuracy": "Safety gates, accuracy where frames are labelled",
    "gate_majority": "Safety gates, always the more frequent answer",
    "red_flag_accuracy": "Red flags, accuracy where frames are labelled",
    "red_flag_majority": "Red flags, always the more frequent answer",
    "gates_named_unverified": "Safety gates of the phase named (from the taxonomy, not verified)",
    "gates_claimed_unannotated": "Safety gates said to be passed or not, but not annotated",
}
"""Every number of `frame_numbers` to what it is called in the report."""


def frame_numbers(
    rows: Sequence[QuestionRow], clusters: Sequence[str], settings: dict[str, Any]
) -> dict[str, Any] | None:
    """Numbers about the answers to questions about surgical frames; None where there are none.

    Args:
        rows: Answers of the student to one modality.
        clusters: What the intervals resample, one a row.
        settings: Of the intervals.

    Returns:
        Those of `FRAMES` that something was asked for.
    """
    if not rows or not read_vocabulary(rows[0].item.case.modality).phases:
        return None
    pairs = list(zip(rows, clusters, strict=True))
    named = [(r, c) for r, c in pairs if r.item.question_kind in NAMES_WHAT_IS_SEEN]
    phases = [(r, c) for r, c in pairs if asks_for_phase(r)]
    things = thing_rows(rows, clusters)
    return {
        **_phase_numbers([r for r, _ in phases], [c for _, c in phases], settings),
        **hallucination_numbers([r for r, _ in named], [c for _, c in named], settings),
        **{
            f"{category}_{measure}": numbers[measure]
            for category, numbers in thing_numbers(things, settings).items()
            for measure in ("f1", "macro_f1")
        },
        **flicker(things, settings),
        **gate_numbers(rows, clusters, settings),
    }


def _phase_numbers(
    rows: Sequence[QuestionRow], clusters: Sequence[str], settings: dict[str, Any]
) -> dict[str, Any]:
    if not rows:
        return {}
    truth = np.array([row.item.case.labels.get("phase", "") for row in rows])
    said = np.array([said_phase(row) or "" for row in rows])
    pairs = adjacent([row.item.case for row in rows])
    # An unreadable answer is never the same as another one.
    same_said = [bool(said[a]) and bool(said[a] == said[b]) for a, b in pairs]
    same_true = [bool(truth[a] == truth[b]) for a, b in pairs]
    within = [clusters[a] for a, _ in pairs]
    numbers: dict[str, Any] = {
        "phase_accuracy": mean_interval(truth == said, clusters, **settings),
        "phase_balanced_accuracy": bootstrap_interval(
            balanced_accuracy, [truth, said], clusters, **settings
        ),
        "phase_stays": mean_interval(same_said, within, **settings),
        "phase_stays_in_truth": mean_interval(same_true, within, **settings),
    }
    if pairs:
        times = np.array([row.item.case.time_s or 0.0 for row in rows])
        numbers["seconds_between_frames"] = float(
            np.median([times[b] - times[a] for a, b in pairs])
        )
    return numbers


def asks_for_phase(row: QuestionRow) -> bool:
    """Whether the right answer is the phase of the frame, as in a description that ends with it."""
    gold, case = row.item.gold, row.item.case
    return gold.type == "choice" and phase_in(str(gold.value), case.modality) == case.labels.get(
        "phase", ""
    )


def said_phase(row: QuestionRow) -> str | None:
    """The phase that an answer names; None when it names none, or more than one."""
    return phase_in(row.said, row.item.case.modality)
