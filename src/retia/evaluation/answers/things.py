"""Tools and anatomy: what an answer says is in the frame, against what is annotated there.

In:  scored answers about frames of one procedure; its taxonomy says what is a tool, what anatomy.
Out: a `ThingRow` an answer and category, numbers per category and per kind, and how often tools
come and go in the answers while they do not in truth.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retia.claims import claims_of
from retia.evaluation.answers.film import adjacent
from retia.evaluation.answers.scores import QuestionRow
from retia.records import Case
from retia.statistics import bootstrap_interval, mean_interval, ratio_interval
from retia.taxonomy import Kind, read_vocabulary

Settings = dict[str, Any]
"""`resamples`, `level`, `seed` of the intervals."""

CATEGORIES = {"tool": "instrument", "anatomy": "anatomy"}
"""What a category is called here, and in the vocabulary."""
ASKED_IN = {"tool": ("instruments", "description"), "anatomy": ("description",)}
"""Kinds of questions that ask for all there is of a category. An answer about one instrument, or
about the phase, need not name the others."""
NOT_ANNOTATED = "nobody annotated these in the frame"


@dataclass(frozen=True, kw_only=True)
class ThingRow:
    """What one answer says of one category."""

    case: Case
    question: str
    category: str
    """`tool` or `anatomy`."""
    cluster: str
    readable: bool
    """Whether there is an answer at all; one that cannot be read names nothing."""
    named: frozenset[str]
    true: frozenset[str]
    complete: bool
    """Whether somebody looked for every kind of the category, so that what is not annotated is
    truly not there."""
    left_out: str | None
    """Why it is not counted."""


def thing_rows(rows: Sequence[QuestionRow], clusters: Sequence[str]) -> list[ThingRow]:
    """Every answer that was asked for all tools, or for all there is to see, read."""
    found = []
    for row, cluster in zip(rows, clusters, strict=True):
        case = row.item.case
        kinds = read_vocabulary(case.modality).kinds
        for category in CATEGORIES:
            if row.item.question_kind not in ASKED_IN[category]:
                continue
            all_kinds = kinds_of(category, kinds)
            true = present_kinds(case) & all_kinds
            known = bool(true) or bool(all_kinds & set(case.looked_for))
            found.append(
                ThingRow(
                    case=case,
                    question=row.item.question,
                    category=category,
                    cluster=cluster,
                    readable=bool(row.said.strip()),
                    named=frozenset(_named(row) & all_kinds),
                    true=frozenset(true),
                    complete=all_kinds <= set(case.looked_for),
                    left_out=None if known else NOT_ANNOTATED,
                )
            )
    return found


def kinds_of(category: str, kinds: dict[str, Kind]) -> set[str]:
    """Ids of a category's kinds, `tool` or `anatomy`, after the taxonomy."""
    return {kind.id for kind in kinds.values() if kind.category == CATEGORIES[category]}


def named_kinds(row: QuestionRow) -> set[str]:
    """Instruments and anatomy that an answer says are there, in its reasons too."""
    modality = row.item.case.modality
    kinds = read_vocabulary(modality).kinds
    return {c.kind for c in claims_of(row.text, modality) if c.polarity and c.kind in kinds}


def _named(row: QuestionRow) -> set[str]:
    """Those of an answer that can be read."""
    return named_kinds(row) if row.said.strip() else set()


def present_kinds(case: Case) -> set[str]:
    """Instruments and anatomy that the annotation of a frame names."""
    targets = {f.attributes["target"] for f in case.findings if "target" in f.attributes}
    return {f.kind for f in case.findings} | targets


def thing_numbers(rows: Sequence[ThingRow], settings: Settings) -> dict[str, dict[str, Any]]:
    """Numbers per category; a category that no answer was asked for is absent.

    Args:
        rows: Of one voice, one procedure.
        settings: Of the intervals.

    Returns:
        Per category `answers` (counted), `left_out` (reason to count), `complete` (share of the
        answers about frames where somebody looked for every kind; in others a thing may be there
        without being annotated, and precision is a lower bound), `precision`, `recall` and `f1`
        over all things together, `macro_f1` (mean over the kinds that are there or are named
        anywhere) with intervals, and `kinds`: counts and scores of each.
    """
    numbers = {}
    for category in CATEGORIES:
        asked = [row for row in rows if row.category == category]
        if asked:
            numbers[category] = _category_numbers(asked, settings)
    return numbers


def _category_numbers(asked: Sequence[ThingRow], settings: Settings) -> dict[str, Any]:
    rows = [row for row in asked if row.left_out is None]
    clusters = [row.cluster for row in rows]
    kinds = sorted({kind for row in rows for kind in row.named | row.true})
    true = np.array([[k in row.true for k in kinds] for row in rows]).reshape(len(rows), -1)
    named = np.array([[k in row.named for k in kinds] for row in rows]).reshape(len(rows), -1)
    both = true & named
    counts = np.stack([both, true, named], axis=-1).astype(float)
    right, there, said = counts.sum(axis=1).T
    names = read_vocabulary(asked[0].case.modality).kinds
    return {
        "answers": len(rows),
        "left_out": dict(Counter(row.left_out for row in asked if row.left_out)),
        "complete": float(np.mean([row.complete for row in rows])) if rows else None,
        "precision": ratio_interval(right, said, clusters, **settings),
        "recall": ratio_interval(right, there, clusters, **settings),
        "f1": ratio_interval(2 * right, said + there, clusters, **settings),
        "macro_f1": bootstrap_interval(_macro_f1, [counts], clusters, **settings),
        "kinds": {
            kind: {"name": names[kind].name, **_kind_scores(*counts[:, place].sum(axis=0))}
            for place, kind in enumerate(kinds)
        },
    }


def _macro_f1(counts: np.ndarray) -> float:
    """Mean F1 over the kinds, of counts of shape ``(N, K, 3)``: both, there, named.

    A kind that is neither there nor named has none; one that is only named, or only there, has 0.
    """
    both, there, named = counts.sum(axis=0).T
    total = there + named
    return float(np.mean(2 * both[total > 0] / total[total > 0])) if total.any() else float("nan")


def _kind_scores(both: float, there: float, named: float) -> dict[str, Any]:
    return {
        "true": int(there),
        "named": int(named),
        "both": int(both),
        "precision": both / named if named else None,
        "recall": both / there if there else None,
        "f1": 2 * both / (there + named) if there + named else None,
    }


def flicker(rows: Sequence[ThingRow], settings: Settings) -> dict[str, Any]:
    """How often the tools of adjacent frames differ in the answers while they do not in truth.

    The sanity check of the surgical fine-tuning guide, beside that of the phase. An answer that
    cannot be read is never the same as another one.

    Returns:
        `tool_flicker`, and `tools_stay_in_truth`, the share of adjacent frames it is measured on;
        nothing where no two answers about tools follow each other.
    """
    tools = [row for row in rows if row.category == "tool" and row.left_out is None]
    pairs = [(tools[a], tools[b]) for a, b in adjacent([row.case for row in tools])]
    if not pairs:
        return {}
    still = np.array([a.true == b.true for a, b in pairs])
    change = np.array([not (a.readable and b.readable and a.named == b.named) for a, b in pairs])
    within = [a.cluster for a, _ in pairs]
    return {
        "tool_flicker": ratio_interval(change & still, still, within, **settings),
        "tools_stay_in_truth": mean_interval(still, within, **settings),
    }


def hallucination_numbers(
    rows: Sequence[QuestionRow], clusters: Sequence[str], settings: Settings
) -> dict[str, Any]:
    """Share of the things named that the annotation of the frame does not name: all, by category.

    Args:
        rows: Answers that tell what the frame shows.
        clusters: What the intervals resample, one a row.
        settings: Of the intervals.
    """
    pairs = [(named_kinds(row), present_kinds(row.item.case)) for row in rows]
    numbers = {"hallucination_rate": _unseen(pairs, clusters, settings)}
    for category in CATEGORIES:
        own = [
            (said & kinds_of(category, read_vocabulary(row.item.case.modality).kinds), there)
            for row, (said, there) in zip(rows, pairs, strict=True)
        ]
        numbers[f"hallucination_rate_{category}"] = _unseen(own, clusters, settings)
    return numbers


def _unseen(
    pairs: Sequence[tuple[set[str], set[str]]], clusters: Sequence[str], settings: Settings
) -> Any:
    return ratio_interval(
        [len(said - there) for said, there in pairs],
        [len(said) for said, _ in pairs],
        clusters,
        **settings,
    )
