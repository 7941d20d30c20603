"""The part of the report about the stage: controls, claims, examples."""

from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from retia.evaluation.answers.measure import UNREADABLE, StageRow
from retia.evaluation.audit import Audit
from retia.figures import Report, bar_chart, confusion_chart, draw_findings, sentences_html
from retia.figures.report import figure
from retia.records import Case
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


def add_stage(
    report: Report, audit: Audit, load: Callable[[Case], np.ndarray], examples: int
) -> None:
    """Add all sections about the stage.

    Args:
        report: Grows.
        audit: With answers to the stage question.
        load: Reads the image of a case, uint8, for the examples.
        examples: How many eyes to show.
    """
    _headline(report, audit)
    _controls(report, audit)
    _claims(report, audit)
    _examples(report, audit, load, examples)


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


def _claims(report: Report, audit: Audit) -> None:
    report.heading("Are its reasons true?")
    report.paragraph(
        "Every sentence is read into claims (kind, place, severity, count, area, stage) and held "
        "against what is known of the eye. Denying what nobody looked for is never supported. "
        "Counts may differ by 1, areas by 15 %; the quadrant decides about the place."
    )
    rows = []
    for name, numbers in audit.conditions.items():
        claims = numbers["claims"]
        rows.append(
            (
                CONDITION_TEXT[name].capitalize(),
                claims["precision"],
                claims["recall"],
                claims["f1"],
                claims["contradicted"],
                claims["unsupported"],
                numbers["faz_error_mm2"],
                _share(numbers["count_exact"]),
                _share(numbers["count_within_1"]),
            )
        )
    header = (
        *("", "precision", "recall", "F1", "contradicted", "unsupported"),
        *("FAZ error, mm²", "count exact", "within 1"),
    )
    report.table(header, rows)


def _share(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.0%}"


def _examples(report: Report, audit: Audit, load: Callable[[Case], np.ndarray], count: int) -> None:
    shown = pick_examples(audit.rows["real"], count)
    if not shown:
        return
    report.heading("Examples")
    legend = " ".join(
        f'<span class="{v}">{v}</span>' for v in ("supported", "contradicted", "unsupported")
    )
    report.paragraph(
        f"Boxes: what is known of the eye. Sentences: the student's, coloured by how they fare "
        f"({legend}); the evidence shows on hover."
    )
    for row in shown:
        case = row.case
        picture = draw_findings(load(case), case.findings)
        name = read_vocabulary(case.modality).stage_name(str(case.stage))
        caption = f"{case.id}: truly {name}"
        report.html(
            f'<div class="row">{figure(picture, caption)}<div>{sentences_html(row.sentences)}'
            f"{_verdict_html(row)}</div></div>"
        )


def pick_examples(rows: Sequence[StageRow], count: int) -> list[StageRow]:
    """Choose eyes of every stage in turn, wrongly staged ones first where there are any."""
    pools = []
    for stage in STAGES:
        own = [r for r in rows if r.case.stage == stage]
        wrong = [r for r in own if r.predicted != stage]
        right = [r for r in own if r.predicted == stage]
        pools.append([*wrong[:1], *right, *wrong[1:]])
    longest = max(map(len, pools), default=0)
    turns = [pool[i] for i in range(longest) for pool in pools if i < len(pool)]
    return turns[:count]


def _verdict_html(row: StageRow) -> str:
    right = "right" if row.predicted == row.case.stage else "wrong"
    stages = read_vocabulary(row.case.modality).stages
    said = stages[row.predicted][0] if row.predicted in stages else row.predicted
    notes = [f"Stage: {said} ({right})"]
    if row.predicted == UNREADABLE:
        notes.append("no stage could be read")
    elif not row.consistent:
        notes.append("the answer does not follow from its reasons")
    missed = row.agreement.items - row.agreement.found
    notes.append(f"{missed} of {row.agreement.items} findings not named")
    return f"<p><small>{escape('; '.join(notes))}.</small></p>"
