"""All numbers about one student, together: what `examine` found, measured."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retia.evaluation.answers.measure import (
    Settings,
    StageRow,
    condition_numbers,
    difference_of,
    explains,
    majority,
    read_row,
)
from retia.evaluation.answers.notes import Note
from retia.evaluation.answers.predictions import CONDITIONS, Prediction
from retia.evaluation.answers.similarity import Embed
from retia.evaluation.answers.table import AnswerRow
from retia.evaluation.examine import Examined
from retia.evaluation.parts import Part, measure_part
from retia.evaluation.plan.blind import gold_text
from retia.evaluation.plan.contamination import Contamination
from retia.evaluation.plan.items import Item
from retia.evaluation.plan.shortcuts import Shortcuts
from retia.evaluation.question_audit import QuestionAudit, audit_questions, clusters_of
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

    stage: list[Item]
    """The stage question, once a case."""
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
    parts: dict[str, Part]
    """Claims, confidence, faithfulness, contamination: of `stage`, and of each modality."""
    notes: list[Note]
    """What could not be asked or read."""
    contamination: Contamination
    shortcuts: Shortcuts

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
        faithful = {
            name: own.faithfulness.summary()
            for name, own in self.parts.items()
            if own.faithfulness is not None
        }
        more = {"faithfulness": faithful} if faithful else {}
        return plain(self._stage_summary() | {"questions": questions} | more)

    def as_json(self) -> dict[str, Any]:
        """All numbers, by what they are about."""
        about = {name: own.as_json() for name, own in self.parts.items()}
        seen = {name: own["contamination"] for name, own in about.items()}
        return plain(
            {
                "summary": self.summary(),
                "notes": {note.what: str(note) for note in self.notes},
                "conditions": self.conditions,
                "real_minus": self.differences,
                "question_kinds": self.kinds,
                "majority": self.majority,
                "graph": self.graph,
                "questions": {name: own.as_json() for name, own in self.questions.items()},
                "claims": {name: own["claims"] for name, own in about.items()},
                "grounding": {name: own["grounding"] for name, own in about.items()},
                "selective": {name: own["selective"] for name, own in about.items()},
                "faithfulness": {name: own["faithfulness"] for name, own in about.items()},
                "contamination": {"summary": self.contamination.summary(), "accuracy": seen},
                "shortcuts": self.shortcuts.as_json(),
            }
        )

    def answer_rows(self) -> Iterator[AnswerRow]:
        """Every scored answer as a row of `answers.csv`."""
        sure = {(p.condition, p.case, p.question): p.logprob for p in self.predictions}
        for condition, rows in self.rows.items():
            for item, row in zip(self.stage, rows, strict=True):
                yield AnswerRow(
                    part="stage",
                    case=row.case.id,
                    group=row.case.group,
                    condition=condition,
                    question=item.question,
                    question_kind="stage",
                    gold=str(row.case.stage),
                    said=row.predicted,
                    right=row.predicted == row.case.stage,
                    parsed=row.parsed,
                    logprob=sure.get((condition, row.case.id, item.question)),
                )
        for name, own in self.questions.items():
            for voice, answers in own.rows.items():
                _, clusters = clusters_of([answer.item.case for answer in answers])
                for answer, cluster in zip(answers, clusters, strict=True):
                    item = answer.item
                    parsed = answer.scores.get("parsed")
                    yield AnswerRow(
                        part=name,
                        case=item.case.id,
                        group=cluster,
                        condition=voice,
                        question=item.question,
                        question_kind=item.question_kind,
                        gold=gold_text(item.gold),
                        said=answer.said,
                        right=answer.right,
                        parsed=None if parsed is None else bool(parsed),
                        logprob=sure.get((voice, item.case.id, item.question)),
                    )

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
        lines = self._stage_lines()
        for name, part in self.parts.items():
            own = self.questions.get(name)
            lines += [*(own.lines() if own else []), *(f"  {line}" for line in part.lines())]
        return [*lines, *self.contamination.lines(), *self.shortcuts.lines()]

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


def make_audit(found: Examined, settings: Settings, embed: Embed | None = None) -> Audit:
    """Measure all answers.

    Args:
        found: What was asked, answered and found.
        settings: `resamples`, `level`, `seed` of the intervals.
        embed: Word vectors for the likeness of open answers; without any, spelling alone is told.
    """
    plan, predictions = found.plan, found.predictions
    rows = _stage_rows(found)
    others = [p for p in predictions if p.question_kind != "stage"]
    audited = {
        name: audit_questions(name, items, others, plan.training.get(name, []), settings, embed)
        for name, items in plan.questions.items()
    }
    questions = {name: own for name, own in audited.items() if own is not None}
    parts = {"stage": _stage_part(rows, found, settings)} if rows else {}
    return Audit(
        stage=plan.stage,
        rows=rows,
        predictions=predictions,
        conditions={name: condition_numbers(own, settings) for name, own in rows.items()},
        differences={
            name: difference_of(rows["real"], own, settings)
            for name, own in rows.items()
            if name != "real"
        },
        majority=majority(rows["real"]) if rows else {},
        graph=_graph_numbers(rows.get("real", []), found.staged, settings),
        questions=questions,
        parts=parts | {n: _question_part(n, own, found, settings) for n, own in questions.items()},
        notes=found.notes,
        contamination=found.contamination,
        shortcuts=found.shortcuts,
    )


def _stage_rows(found: Examined) -> dict[str, list[StageRow]]:
    texts = {(p.condition, p.case): p.text for p in found.predictions if p.question_kind == "stage"}
    asked = [c for c in CONDITIONS if any(key[0] == c for key in texts)]
    cases = [item.case for item in found.plan.stage]
    return {
        condition: [read_row(case, texts.get((condition, case.id), "")) for case in cases]
        for condition in asked
    }


def _stage_part(
    rows: Mapping[str, Sequence[StageRow]], found: Examined, settings: Settings
) -> Part:
    texts = {
        voice: [(row.case, row.text, row.case.group) for row in own]
        for voice, own in rows.items()
        if explains(rows["real"])
    }
    rights = [row.predicted == row.case.stage for row in rows["real"]]
    groups = [row.case.group for row in rows["real"]]
    return measure_part("stage", found.plan.stage, rights, texts, groups, found, settings)


def _question_part(name: str, own: QuestionAudit, found: Examined, settings: Settings) -> Part:
    real = own.rows["real"]
    _, clusters = clusters_of([row.item.case for row in real])
    reasoned = [place for place, row in enumerate(real) if row.agreement is not None]
    texts = {
        voice: [(r[p].item.case, r[p].text, clusters[p]) for p in reasoned]
        for voice, r in own.rows.items()
        if voice in CONDITIONS
    }
    items, rights = [row.item for row in real], [row.right for row in real]
    return measure_part(name, items, rights, texts, clusters, found, settings)


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
