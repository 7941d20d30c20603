"""All numbers about one student, together."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retia.evaluation.answers.measure import (
    Settings,
    StageRow,
    condition_numbers,
    difference_of,
    majority,
    read_row,
)
from retia.evaluation.answers.predictions import CONDITIONS, Prediction
from retia.evaluation.plan.items import Plan
from retia.evaluation.question_audit import QuestionAudit, audit_questions
from retia.statistics import (
    Interval,
    balanced_accuracy,
    bootstrap_interval,
    confusion,
    paired_difference,
)
from retia.taxonomy import STAGES


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What was asked, answered and measured; all about the stage is empty where none was asked."""

    rows: dict[str, list[StageRow]]
    """Per condition the stage answers, in the order of the cases."""
    predictions: list[Prediction]
    conditions: dict[str, dict[str, Any]]
    differences: dict[str, Interval]
    """Balanced accuracy on the real image minus that under each control, paired by case."""
    majority: dict[str, Any]
    graph: dict[str, Any] | None
    questions: dict[str, QuestionAudit]
    """Per modality all but the stage."""

    @property
    def looks(self) -> bool | None:
        """Whether the student demonstrably stages from the image; None where not tested."""
        lows = [d.low for d in self.differences.values()]
        known = [low for low in lows if low is not None]
        return all(low > 0 for low in known) if lows and len(known) == len(lows) else None

    @property
    def kinds(self) -> dict[str, dict[str, Any]]:
        """Per question kind of the eyes' conversations: accuracy, and that of a constant answer."""
        return self.questions["octa"].kinds if "octa" in self.questions else {}

    def summary(self) -> dict[str, Any]:
        """The headline numbers as plain JSON values."""
        questions = {name: own.summary() for name, own in self.questions.items()}
        return plain(self._stage_summary() | {"questions": questions})

    def _stage_summary(self) -> dict[str, Any]:
        if not self.conditions:
            return {}
        real = self.conditions["real"]
        return {
            "cases": real["cases"],
            "groups": real["groups"],
            "balanced_accuracy": {
                name: numbers["balanced_accuracy"] for name, numbers in self.conditions.items()
            },
            "real_minus": self.differences,
            "uses_the_image": self.looks,
            "parsed": real["parsed"],
            "claim_precision": real["claims"]["precision"],
            "claim_recall": real["claims"]["recall"],
            "claim_f1": real["claims"]["f1"],
            "faz_error_mm2": real["faz_error_mm2"],
            "count_exact": real["count_exact"],
            "count_within_1": real["count_within_1"],
            "consistent": real["consistent"],
            "majority_balanced_accuracy": self.majority["balanced_accuracy"],
            "graph_balanced_accuracy": self.graph and self.graph["balanced_accuracy"],
        }

    def lines(self) -> list[str]:
        """The headline numbers for people."""
        return self._stage_lines() + [x for own in self.questions.values() for x in own.lines()]

    def _stage_lines(self) -> list[str]:
        if not self.conditions:
            return []
        real = self.conditions["real"]
        lines = [f"stage of {real['cases']} eyes ({real['groups']} groups), balanced accuracy:"]
        for name, numbers in self.conditions.items():
            lines.append(f"  {name + ' image':16s} {numbers['balanced_accuracy']}")
        if self.graph:
            lines.append(f"  {'graph model':16s} {self.graph['balanced_accuracy']}")
        lines.append(f"  {'majority':16s} {self.majority['balanced_accuracy']:.3f}")
        lines.append(f"claims of the reasoning: F1 {real['claims']['f1']}")
        lines.append(f"answer follows from its reasons: {real['consistent']}")
        return lines


def make_audit(
    plan: Plan, predictions: list[Prediction], staged: Mapping[str, str], settings: Settings
) -> Audit:
    """Measure all predictions.

    Args:
        plan: What was asked.
        predictions: The answers, under every condition.
        staged: The graph model's stage per case; may be empty.
        settings: `resamples`, `level`, `seed` of the intervals.
    """
    texts = {(p.condition, p.case): p.text for p in predictions if p.question_kind == "stage"}
    asked = [c for c in CONDITIONS if any(key[0] == c for key in texts)]
    cases = [item.case for item in plan.stage]
    rows = {
        condition: [read_row(case, texts.get((condition, case.id), "")) for case in cases]
        for condition in asked
    }
    others = [p for p in predictions if p.question_kind != "stage"]
    audited = {
        name: audit_questions(name, items, others, plan.training.get(name, []), settings)
        for name, items in plan.questions.items()
    }
    return Audit(
        rows=rows,
        predictions=predictions,
        conditions={name: condition_numbers(own, settings) for name, own in rows.items()},
        differences={
            name: difference_of(rows["real"], own, settings)
            for name, own in rows.items()
            if name != "real"
        },
        majority=majority(rows["real"]) if rows else {},
        graph=_graph_numbers(rows.get("real", []), staged, settings),
        questions={name: own for name, own in audited.items() if own is not None},
    )


def _graph_numbers(
    rows: Sequence[StageRow], staged: Mapping[str, str], settings: Settings
) -> dict[str, Any] | None:
    own = [r for r in rows if r.case.id in staged]
    if not own:
        return None
    truth = np.array([r.case.stage for r in own])
    graph = np.array([staged[r.case.id] for r in own])
    student = np.array([r.predicted for r in own])
    groups = [r.case.group for r in own]
    return {
        "cases": len(own),
        "balanced_accuracy": bootstrap_interval(
            balanced_accuracy, [truth, graph], groups, **settings
        ),
        "student_minus_graph": paired_difference(
            balanced_accuracy, [truth, student], [truth, graph], groups, **settings
        ),
        "same_stage": float(np.mean(graph == student)),
        "confusion": confusion(truth.tolist(), graph.tolist(), STAGES).tolist(),
    }


def plain(value: Any) -> Any:
    """Intervals and nested values as plain JSON; numbers rounded to 6 digits after the point."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return round(float(value), 6) if isinstance(value, float) else value
