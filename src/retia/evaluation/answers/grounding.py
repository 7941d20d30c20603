"""Findings with their boxes in structured answers, against the boxes of the annotation.

In:  cases with annotated boxes, and answers whose `findings` have a kind and a box.
Out: average precision per kind and its mean (mAP at an overlap of one half).
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from retia.claims import parse_answer
from retia.evaluation.answers.boxes import Boxes, Judged, area_under
from retia.records import Case
from retia.records.case import Box
from retia.statistics import bootstrap_interval, mean_interval
from retia.taxonomy import read_vocabulary
from retia.taxonomy.surgery import fold

Settings = dict[str, Any]
"""`resamples`, `level`, `seed` of the intervals."""


def grounding_numbers(
    answers: Sequence[tuple[Case, str]],
    clusters: Sequence[str],
    settings: Settings,
    confidences: Sequence[float | None] | None = None,
) -> dict[str, Any] | None:
    """Numbers of findings with boxes; None where no case has a finding with a box.

    Args:
        answers: Cases of one modality, each once, and what was answered; JSON that cannot be read
            says nothing.
        clusters: What the intervals resample, one an answer.
        settings: Of the intervals.
        confidences: How sure the student was of each answer; left out, or with a gap, all count
            the same.

    Returns:
        `cases`, `without_box` (findings said without one), `unknown_kinds` (word to count, of
        those the vocabulary does not have: they hit nothing and are in no class), `kinds` (per
        kind with a true box: boxes `true` and `said`, `average_precision`) and, with intervals,
        `given` (share of the answers with a box) and `mean_average_precision` over these kinds.
    """
    if not any(f.box_px for case, _ in answers for f in case.findings):
        return None
    said, without, unknown = [], 0, Counter[str]()
    words = read_vocabulary(answers[0][0].modality).words("kinds")
    for case, text in answers:
        parsed = parse_answer(text, strict=True, modality=case.modality)
        own: list[tuple[str, Box]] = []
        for finding in parsed.findings if parsed is not None else ():
            kind = words.get(fold(finding.kind))
            if kind is None:
                unknown[finding.kind] += 1
            elif finding.box is None:
                without += 1
            else:
                own.append((kind, finding.box))
        said.append(own)
    ordered = confidences is not None and None not in confidences
    sure = [c or 0.0 for c in confidences or ()] if ordered else [0.0] * len(said)
    kinds = sorted({f.kind for case, _ in answers for f in case.findings if f.box_px})
    judged = np.empty((len(answers), len(kinds)), dtype=object)
    for row, ((case, _), own) in enumerate(zip(answers, said, strict=True)):
        for column, kind in enumerate(kinds):
            judged[row, column] = Judged.of(_boxes(case, own, kind, sure[row]))
    given = [bool(own) for own in said]
    return {
        "cases": len(answers),
        "without_box": without,
        "unknown_kinds": dict(unknown),
        "kinds": {
            kind: {
                "true": sum(one.true for one in judged[:, column]),
                "said": sum(len(one.hits) for one in judged[:, column]),
                "average_precision": area_under(judged[:, column].tolist()),
            }
            for column, kind in enumerate(kinds)
        },
        "given": mean_interval(given, clusters, **settings),
        "mean_average_precision": bootstrap_interval(_mean, [judged], clusters, **settings),
    }


def _boxes(case: Case, said: Sequence[tuple[str, Box]], kind: str, sure: float) -> Boxes:
    return Boxes(
        true=tuple(f.box_px for f in case.findings if f.kind == kind and f.box_px is not None),
        said=tuple((sure, box) for own, box in said if own == kind),
    )


def _mean(judged: np.ndarray) -> float:
    """Mean of the average precisions that are defined; judged of shape ``(N, K)``."""
    areas = [area_under(column.tolist()) for column in judged.T]
    known = [area for area in areas if not np.isnan(area)]
    return float(np.mean(known)) if known else float("nan")
