"""Predictions to numbers, each with a group-clustered interval where there are enough groups.

Unreadable answers are wrong answers; they are never left out of a denominator.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retia.claims import (
    Agreement,
    agreement,
    claims_of,
    consistent,
    judge_text,
    parse_answer,
    said_number,
    stage_in,
    true_number,
)
from retia.instructions.eyes.wording import EXACT
from retia.records import Case, Sentence
from retia.statistics import (
    Interval,
    accuracy,
    balanced_accuracy,
    bootstrap_interval,
    confusion,
    kappa_of,
    macro_scores,
    mean_interval,
    paired_difference,
    quadratic_kappa,
)
from retia.statistics.bootstrap import bootstrap_intervals
from retia.taxonomy import GRADES, STAGES

UNREADABLE = "unreadable"
Settings = dict[str, Any]
"""`resamples`, `level`, `seed` of the intervals."""


@dataclass(frozen=True, kw_only=True)
class StageRow:
    """One stage answer, read and judged."""

    case: Case
    text: str
    predicted: str
    """A stage, or `unreadable`."""
    parsed: bool
    consistent: bool
    agreement: Agreement
    sentences: tuple[Sentence, ...]
    faz_error_mm2: float | None
    """Absolute error; None when either side gives no number."""
    count_error: float | None
    """Said minus true number of microaneurysms."""
    counted: bool
    """Whether the truth has a count that is said in numbers: more are `several` or `many`."""
    faz_difference_mm2: float | None = None
    """Said minus true; None when either side gives no number."""


def read_row(case: Case, text: str) -> StageRow:
    """Read and judge one stage answer."""
    answer = parse_answer(text, modality=case.modality)
    strict = parse_answer(text, strict=True, modality=case.modality)
    stage = stage_in(answer.answer, case.modality) if answer else None
    claims = claims_of(text, case.modality)
    sentences, judgement = judge_text(text, case)
    faz = _difference(said_number(claims, "faz_area_mm2"), true_number(case, "faz_area_mm2"))
    true_count = true_number(case, "microaneurysm")
    return StageRow(
        case=case,
        text=text,
        predicted=stage or UNREADABLE,
        parsed=strict is not None,
        consistent=bool(answer is not None and consistent(answer, case.modality)),
        agreement=agreement(judgement, case),
        sentences=tuple(sentences),
        faz_error_mm2=None if faz is None else abs(faz),
        count_error=_difference(said_number(claims, "microaneurysm"), true_count),
        counted=true_count is not None and true_count <= EXACT,
        faz_difference_mm2=faz,
    )


def _difference(said: float | None, true: float | None) -> float | None:
    return None if said is None or true is None else said - true


def condition_numbers(rows: Sequence[StageRow], settings: Settings) -> dict[str, Any]:
    """All numbers of one condition."""
    truth, guess = _stages(rows)
    groups = [r.case.group for r in rows]

    told = rows if explains(rows) else []
    counted = [r for r in rows if r.counted]
    faz = [r for r in rows if r.faz_error_mm2 is not None]
    errors = [np.inf if r.count_error is None else abs(r.count_error) for r in counted]
    return {
        "cases": len(rows),
        "groups": len(set(groups)),
        "parsed": float(np.mean([r.parsed for r in rows])),
        "readable": float(np.mean(guess != UNREADABLE)),
        "balanced_accuracy": bootstrap_interval(
            balanced_accuracy, [truth, guess], groups, **settings
        ),
        "accuracy": bootstrap_interval(accuracy, [truth, guess], groups, **settings),
        **_class_numbers(rows, settings),
        "quadratic_kappa": quadratic_kappa(truth.tolist(), guess.tolist(), STAGES),
        "confusion": confusion(truth.tolist(), guess.tolist(), STAGES, UNREADABLE).tolist(),
        "claims": claim_numbers(told, settings),
        "faz_error_mm2": bootstrap_interval(
            np.mean,
            [np.array([r.faz_error_mm2 for r in faz], float)],
            [r.case.group for r in faz],
            **settings,
        ),
        "faz_bias_mm2": _mean([(r.faz_difference_mm2, r.case.group) for r in rows], settings),
        "faz_given": len(faz) / len(rows),
        "count_exact": float(np.mean(np.array(errors) == 0)) if counted else None,
        "count_within_1": float(np.mean(np.array(errors) <= 1)) if counted else None,
        "count_given": float(np.mean(np.isfinite(errors))) if counted else None,
        "count_absolute_error": _mean(
            [
                (None if r.count_error is None else abs(r.count_error), r.case.group)
                for r in counted
            ],
            settings,
        ),
        "count_bias": _mean([(r.count_error, r.case.group) for r in counted], settings),
        "consistent": _mean([(float(r.consistent), r.case.group) for r in told], settings),
    }


def _class_numbers(rows: Sequence[StageRow], settings: Settings) -> dict[str, Any]:
    """Precision and F1 as means over the true stages, recall of each stage and grade.

    The mean recall is the balanced accuracy. An unreadable answer is of no stage: it costs recall.
    Only kappa, which knows no class for it, leaves it out.
    """
    places = {stage: place for place, stage in enumerate(STAGES)}
    # Codes, for comparing texts a thousand times is slow.
    truth = np.array([places[str(r.case.stage)] for r in rows], dtype=int)
    guess = np.array([places.get(r.predicted, len(places)) for r in rows], dtype=int)
    groups = [r.case.group for r in rows]

    def macro(truth: np.ndarray, guess: np.ndarray) -> dict[str, float]:
        precision, _, f1 = macro_scores(truth, guess)
        readable = guess < len(STAGES)
        seen = np.zeros((len(STAGES), len(STAGES)))
        np.add.at(seen, (truth[readable], guess[readable]), 1)
        return {"macro_precision": precision, "macro_f1": f1, "quadratic_kappa": kappa_of(seen)}

    def right(own: Sequence[StageRow]) -> dict[str, Any]:
        flags = [(float(r.predicted == r.case.stage), r.case.group) for r in own]
        return {"cases": len(own), "recall": _mean(flags, settings)}

    several = bootstrap_intervals(macro, [truth, guess], groups, **settings)
    kappa = several.pop("quadratic_kappa")
    grades = dict.fromkeys((r.case.stage, r.case.grade) for r in rows if r.case.grade)
    return {
        **several,
        "quadratic_kappa_interval": kappa,
        "stages": {stage: right(own) for stage in STAGES if (own := _of(rows, stage))},
        "grades": {
            f"{stage}, {grade}": right([r for r in _of(rows, stage) if r.case.grade == grade])
            for stage, grade in sorted(grades, key=_grade_order)
        },
        "cases_without_grade": sum(not r.case.grade for r in rows),
    }


def _of(rows: Sequence[StageRow], stage: str | None) -> list[StageRow]:
    return [r for r in rows if r.case.stage == stage]


def _grade_order(key: tuple[str | None, str | None]) -> tuple[int, int]:
    """Stages, then grades, from the mildest on."""
    stage, grade = (str(part) for part in key)
    return STAGES.index(stage), GRADES.index(grade) if grade in GRADES else len(GRADES)


def _mean(values: Sequence[tuple[float | None, str]], settings: Settings) -> Interval:
    """Mean of the values that are there, each with its group."""
    return mean_interval([v for v, _ in values], [group for _, group in values], **settings)


def explains(rows: Sequence[StageRow]) -> bool:
    """Whether any answer is more than a stage: a graph model's are not, and claim nothing."""
    # The stage itself is one claim.
    return any(r.parsed or r.agreement.claims > 1 for r in rows)


def claim_numbers(rows: Sequence[StageRow], settings: Settings) -> dict[str, Any]:
    """Precision, recall and F1 over all claims of all cases; not applicable without any."""
    counts = np.array(
        [
            [r.agreement.supported, r.agreement.claims, r.agreement.found, r.agreement.items]
            for r in rows
        ],
        dtype=float,
    )
    groups = [r.case.group for r in rows]

    def precision(table: np.ndarray) -> float:
        supported, claims, _, _ = table.sum(axis=0)
        return supported / claims if claims else float("nan")

    def recall(table: np.ndarray) -> float:
        _, _, found, items = table.sum(axis=0)
        return found / items if items else float("nan")

    def f1(table: np.ndarray) -> float:
        supported, claims, found, items = (int(v) for v in table.sum(axis=0))
        total = Agreement(
            supported=supported, unsupported=claims - supported, found=found, items=items
        )
        return float("nan") if total.f1 is None else total.f1

    total = sum((r.agreement for r in rows), Agreement())
    return {
        "precision": bootstrap_interval(precision, [counts], groups, **settings),
        "recall": bootstrap_interval(recall, [counts], groups, **settings),
        "f1": bootstrap_interval(f1, [counts], groups, **settings),
        "supported": total.supported,
        "contradicted": total.contradicted,
        "unsupported": total.unsupported,
        "findings_named": total.found,
        "findings": total.items,
        "ring_right": total.rings_right / total.rings if total.rings else None,
    }


def difference_of(
    first: Sequence[StageRow], second: Sequence[StageRow], settings: Settings
) -> Interval:
    """Paired difference in balanced accuracy of two conditions on the same cases, in order."""
    groups = [r.case.group for r in first]
    return paired_difference(
        balanced_accuracy, [*_stages(first)], [*_stages(second)], groups, **settings
    )


def _stages(rows: Sequence[StageRow]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([r.case.stage for r in rows]), np.array([r.predicted for r in rows])


def majority(rows: Sequence[StageRow]) -> dict[str, Any]:
    """What always naming the most frequent stage scores: the blind baseline."""
    truth, _ = _stages(rows)
    stage = Counter(truth.tolist()).most_common(1)[0][0]
    guess = np.full(len(truth), stage)
    return {
        "stage": stage,
        "balanced_accuracy": balanced_accuracy(truth, guess),
        "accuracy": accuracy(truth, guess),
    }
