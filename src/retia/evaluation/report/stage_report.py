"""The part of the report about the stage: controls, claims, examples."""

import numpy as np

from retia.evaluation.audit import Audit
from retia.evaluation.report.answers_report import add_stages
from retia.figures import Report, bar_chart, confusion_chart
from retia.statistics import Interval
from retia.taxonomy import STAGES, read_vocabulary

CONDITION_TEXT = {
    "real": "its own image",
    "blank": "a blank image",
    "shuffled": "another eye's image",
}
LOOKS_TEXT = {
    True: "The student uses the image: it is clearly worse under every control.",
    False: "There is no evidence that the student uses the image: at least one control does not "
    "make it clearly worse.",
    None: "Whether the student uses the image was not tested (controls absent, or too few groups).",
}


def add_stage(report: Report, audit: Audit) -> None:
    """Add the headline and the section about the stage.

    Args:
        report: Grows.
        audit: With answers to the stage question.
    """
    _headline(report, audit)
    _controls(report, audit)
    real = audit.rows["real"]
    add_stages(report, audit.conditions["real"], real[0].case.modality)


def _headline(report: Report, audit: Audit) -> None:
    real = audit.conditions["real"]
    chance = audit.majority["balanced_accuracy"]
    cards = [
        _big(real["balanced_accuracy"], "Stage, balanced accuracy", f"; chance {chance:.3f}"),
        _big(real["claims"]["f1"], "Claims of its reasons, F1"),
        _big(real["consistent"], "Answer follows from its reasons"),
        (
            f"{real['parsed']:.0%}",
            "Answers that are valid JSON",
            f"{real['readable']:.0%} readable",
        ),
    ]
    report.headline(cards)
    report.paragraph(f"<b>{LOOKS_TEXT[audit.looks]}</b>")
    report.paragraph(
        f"{real['cases']} eyes of {real['groups']} groups (patient, eye or video). Intervals: "
        f"{real['balanced_accuracy'].level:.0%}, bootstrap over whole groups. An answer that "
        "cannot be read is a wrong answer."
    )


def _big(interval: Interval, name: str, more: str = "") -> tuple[str, str, str]:
    if interval.estimate is None:
        return "n/a", name, interval.note or ""
    bounds = interval.note or ""
    if interval.low is not None and interval.high is not None:
        bounds = f"{interval.low:.3f} to {interval.high:.3f}"
    return f"{interval.estimate:.3f}", name, bounds + more


def _controls(report: Report, audit: Audit) -> None:
    report.heading("Does it look at the image?")
    report.paragraph(
        "The same question about the same eyes, with three images. A student that reads the image "
        "falls to chance on the blank one, and to chance or below on another eye's image, which is "
        "of another stage wherever possible."
    )
    rows, names, values, bounds = [], [], [], []
    for name, numbers in audit.conditions.items():
        shown = f"Student, {CONDITION_TEXT[name]}"
        score = numbers["balanced_accuracy"]
        gap = audit.differences.get(name)
        rows.append(
            (
                shown,
                score,
                "" if gap is None else gap,
                numbers["claims"]["f1"],
                f"{numbers['readable']:.0%}",
            )
        )
        names.append(shown)
        values.append(score.estimate or 0.0)
        bounds.append(_bounds(score))
    if audit.graph:
        score = audit.graph["balanced_accuracy"]
        same = f"same stage as the student: {audit.graph['same_stage']:.0%}"
        rows.append((f"Graph model ({audit.graph['cases']} eyes)", score, "", same, ""))
        names.append("Graph model")
        values.append(score.estimate or 0.0)
        bounds.append(_bounds(score))
    chance = audit.majority["balanced_accuracy"]
    rows.append((f"Always {audit.majority['stage']}", f"{chance:.3f}", "", "", ""))
    header = ("", "balanced accuracy", "real minus this, paired", "claim F1", "readable")
    report.table(header, rows)
    report.picture(
        bar_chart(names, values, bounds, "Stage, balanced accuracy", baseline=chance),
        "Bars: estimate; lines: interval; dashed: always the most frequent stage.",
    )
    matrix = np.array(audit.conditions["real"]["confusion"])
    vocabulary = read_vocabulary(audit.rows["real"][0].case.modality)
    labels = [vocabulary.stage_name(s) for s in STAGES]
    unread = int(matrix[:, -1].sum())
    report.picture(
        confusion_chart(matrix[:, : len(STAGES)], labels),
        f"True stage against the student's, on its own image; {unread} unreadable answers.",
    )


def _bounds(interval: Interval) -> tuple[float, float] | None:
    if interval.low is None or interval.high is None:
        return None
    return interval.low, interval.high
