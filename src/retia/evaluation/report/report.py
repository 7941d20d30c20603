"""The audit as one page for people: opens offline, prints well."""

from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from pathlib import Path

import numpy as np

from retia.errors import UserError
from retia.evaluation.answers.measure import StageRow
from retia.evaluation.answers.scores import QuestionRow
from retia.evaluation.audit import Audit
from retia.evaluation.parts import Part
from retia.evaluation.report.answers_report import add_grounding
from retia.evaluation.report.claims_report import add_claims
from retia.evaluation.report.contamination_report import add_contamination, add_shortcuts
from retia.evaluation.report.faithfulness_report import add_faithfulness, with_probe
from retia.evaluation.report.gallery import BEST, WORST, Shown, add_galleries
from retia.evaluation.report.question_report import TITLES, add_questions
from retia.evaluation.report.selective_report import add_selective
from retia.evaluation.report.shown import shown_answer, shown_stage, worst_first
from retia.evaluation.report.stage_report import add_stage
from retia.figures import Report
from retia.instructions.eyes.writer import stage_question
from retia.records import Case

Load = Callable[[Case], np.ndarray]
"""Reads the image of a case, uint8."""


def write_report(audit: Audit, path: Path, load: Load, examples: int = 8) -> None:
    """Write the page: the stage where it was asked for, each modality, then what both share.

    Args:
        audit: What was measured.
        path: The HTML file.
        load: Reads the image of a case, uint8, for the examples. Cases whose image cannot be read
            are told about, and not shown.
        examples: How many cases each part shows.
    """
    about = "eyes" if set(audit.questions) <= {"octa"} else "cases"
    report = Report(f"Audit on held-out {about}")
    if audit.notes:
        report.paragraph("<b>Amiss:</b> " + "; ".join(escape(str(n)) for n in audit.notes) + ".")
    load = _readable(load)
    if audit.conditions:
        add_stage(report, audit)
    for own in audit.questions.values():
        add_questions(report, own, load, examples)
    add_galleries(report, _galleries(audit, load, examples))
    for name, part in audit.parts.items():
        _add_part(report, _title(name), part, load, examples)
    seen = {_title(name): part.seen for name, part in audit.parts.items()}
    add_contamination(report, audit.contamination, seen)
    kinds = {name: own.kinds for name, own in audit.questions.items()}
    add_shortcuts(report, audit.shortcuts, kinds)
    report.heading("How far this carries")
    report.paragraph(
        f"The numbers hold for {about} like these and for this wording. Simulated eyes say nothing "
        "about a population. Claims outside the closed vocabulary are not judged. What each number "
        "is held against, and from how many groups on it has an interval, is told in docs/audit.md."
    )
    report.write(path)


def _title(name: str) -> str:
    return "Stage" if name == "stage" else TITLES.get(name, f"Questions about {name}")


def _add_part(report: Report, title: str, part: Part, load: Load, examples: int) -> None:
    if part.claims:
        name = f"Are its reasons true? {title}"
        add_claims(report, part.claims, part.claim_gaps, examples // 2, name)
        add_grounding(report, part.grounding)
    if part.faithfulness is not None:
        add_faithfulness(report, part.faithfulness, part.probes, load, examples, title)
    add_selective(report, part.selective, f"Does it know what it does not know? {title}")


def _galleries(audit: Audit, load: Load, examples: int) -> dict[str, Sequence[Shown]]:
    """The worst and the best explanations: of the stage, else of the questions that give some."""
    probes = {
        (probe.item.case.id, probe.item.question): row
        for part in audit.parts.values()
        for row in part.probes
        if (probe := row.probe).region.scope == "answer"
    }

    def stage(row: StageRow) -> Shown:
        return added(shown_stage(row, load), row.case.id, stage_question(row.case))

    def answer(row: QuestionRow) -> Shown:
        return added(shown_answer(row, load), row.item.case.id, row.item.question)

    def added(shown: Shown, case: str, question: str) -> Shown:
        row = probes.get((case, question))
        return shown if row is None else with_probe(shown, row)

    if "real" in audit.rows:
        made = [partial(stage, row) for row in worst_first(audit.rows["real"])]
    else:
        answers = [row for own in audit.questions.values() for row in own.rows["real"]]
        made = [partial(answer, row) for row in worst_first(answers)]
    count = min(examples, max(1, len(made) // 2))
    best = made[::-1][:count] if len(made) > 1 else []
    return {WORST.anchor: [m() for m in made[:count]], BEST.anchor: [m() for m in best]}


def _readable(load: Load) -> Load:
    """A grey picture stands where an image cannot be read: the page tells of it at its top."""
    side = 64

    def read(case: Case) -> np.ndarray:
        try:
            return load(case)
        except UserError:
            return np.full((side, side), 128, np.uint8)

    return read
