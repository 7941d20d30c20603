"""The audit as one page for people: opens offline, prints well."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from retia.evaluation.audit import Audit
from retia.evaluation.report.question_report import add_questions
from retia.evaluation.report.stage_report import add_stage
from retia.figures import Report
from retia.records import Case


def write_report(
    audit: Audit, path: Path, load: Callable[[Case], np.ndarray], examples: int = 8
) -> None:
    """Write the report: the stage where it was asked for, then one section a modality.

    Args:
        audit: What was measured.
        path: The HTML file.
        load: Reads the image of a case, uint8, for the examples.
        examples: How many cases each part shows.
    """
    about = "eyes" if set(audit.questions) <= {"octa"} else "cases"
    report = Report(f"Audit of a student on held-out {about}")
    if audit.conditions:
        add_stage(report, audit, load, examples)
    for own in audit.questions.values():
        add_questions(report, own, load, examples)
    report.heading("How far this carries")
    report.paragraph(
        f"The numbers hold for {about} like these and for this wording. Simulated eyes say nothing "
        "about a population. Claims outside the closed vocabulary are not judged. Which element of "
        "the image an answer depends on is a question of counterfactuals, not of this audit."
    )
    report.write(path)
