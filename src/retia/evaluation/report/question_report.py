"""The part of the report about the questions of one modality: student against blind, examples."""

from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from retia.claims import judge_text, parse_answer
from retia.evaluation.answers.frames import FRAMES
from retia.evaluation.answers.scores import MEASURES, QuestionRow
from retia.evaluation.plan.blind import gold_text
from retia.evaluation.question_audit import BASELINES, QuestionAudit
from retia.evaluation.report.answers_report import add_answers
from retia.figures import Report, bar_chart, sentences_html, to_rgb
from retia.figures.report import figure
from retia.records import Case
from retia.statistics import Interval

TITLES = {"octa": "Questions about regions", "radiology": "Radiology questions"}
VOICES = {
    "real": "Student, its own image",
    "blank": "Student, a blank image",
    "shuffled": "Student, somebody else's image",
    "majority": "Blind: majority of the kind",
    "question_only": "Blind: the question alone",
}
PICTURE_PX = 320


def add_questions(
    report: Report, audit: QuestionAudit, load: Callable[[Case], np.ndarray], examples: int
) -> None:
    """Add the section of one modality.

    Args:
        report: Grows.
        audit: The numbers.
        load: Reads the image of a case, uint8.
        examples: How many answers to show.
    """
    report.heading(TITLES.get(audit.modality, f"Questions about {audit.modality}"))
    report.paragraph(f"<b>{escape(verdict(audit))}</b>")
    real = audit.rows["real"]
    report.paragraph(
        f"Questions: {len(real)}; images: {len({r.item.case.id for r in real})}; groups (patient, "
        f"eye or video): {len({r.item.case.group for r in real})}. Each question is asked on its "
        f"own. Intervals resample {audit.unit}. An answer that cannot be read is a wrong answer. "
        "The blind baselines learn from the training questions and never see an image."
    )
    if not set(BASELINES) & set(audit.rows):
        report.paragraph("No training questions in this folder: no blind baselines.")
    _voices(report, audit)
    add_answers(
        report,
        audit.quality["real"],
        {VOICES[voice]: audit.quality[voice] for voice in BASELINES if voice in audit.quality},
    )
    _kinds(report, audit)
    with report.collapsed("Answers, one by one"):
        _examples(report, audit, load, examples)


def verdict(audit: QuestionAudit) -> str:
    """One sentence: does the student demonstrably use the image?"""
    gaps = [
        f"{words}: {audit.differences[control]['accuracy']}"
        for control, words in (("blank", "on a blank image"), ("shuffled", "on somebody else's"))
        if control in audit.differences
    ]
    measured = (
        f" Accuracy on its own image minus that {', minus that '.join(gaps)}." if gaps else ""
    )
    within = "" if audit.unit == "groups" else " This holds within these videos only."
    match audit.looks:
        case True:
            return f"The student demonstrably uses the image.{measured}{within}"
        case False:
            return f"There is no evidence that the student uses the image.{measured}{within}"
        case None:
            return (
                "Whether the student uses the image was not tested (controls absent, or too few "
                f"groups).{measured}"
            )


def _voices(report: Report, audit: QuestionAudit) -> None:
    names = [VOICES[voice] for voice in audit.rows]
    rows = [
        (title, *(audit.numbers[voice].get(measure, "") for voice in audit.rows))
        for measure, title in MEASURES.items()
        if measure in audit.numbers["real"]
    ]
    gaps = [audit.differences[voice]["accuracy"] for voice in audit.rows if voice != "real"]
    rows.append(("Student minus this, accuracy, paired", "", *gaps))
    report.table(("", *names), rows)
    scores = [audit.numbers[voice]["accuracy"] for voice in audit.rows]
    values = [score.estimate or 0.0 for score in scores]
    report.picture(
        bar_chart(names, values, [_bounds(s) for s in scores], "All questions, accuracy"),
        "Bars: estimate; lines: interval.",
    )
    if audit.frames:
        report.table(
            ("", "student"), [(FRAMES[name], value) for name, value in audit.frames.items()]
        )


def _bounds(interval: Interval) -> tuple[float, float] | None:
    if interval.low is None or interval.high is None:
        return None
    return interval.low, interval.high


def _kinds(report: Report, audit: QuestionAudit) -> None:
    others = [voice for voice in audit.rows if voice != "real"]
    report.paragraph(
        "Accuracy per question kind. The best constant answer is chosen knowing the right answers: "
        "the most that can be reached without reading the question."
    )
    report.table(
        ("kind", "questions", "student", *(VOICES[v] for v in others), "best constant answer"),
        [
            (
                *(kind.replace("_", " "), own["questions"], _short(own["accuracy"])),
                *(f"{own[voice].estimate:.3f}" for voice in others),
                f"{own['best_constant']:.3f}",
            )
            for kind, own in audit.kinds.items()
        ],
    )


def _short(interval: Interval) -> str:
    """Without the note: few groups a kind are no news."""
    return f"{interval.estimate:.3f}" if interval.low is None else str(interval)


def _examples(
    report: Report, audit: QuestionAudit, load: Callable[[Case], np.ndarray], count: int
) -> None:
    for row in pick_rows(audit.rows["real"], count):
        case, gold = row.item.case, row.item.gold
        mark, word = ("supported", "right") if row.right else ("contradicted", "wrong")
        said = row.said.strip() or row.text.strip() or "(nothing)"
        report.html(
            f'<div class="row">{figure(small_picture(load(case)), case.id)}<div>'
            f"<p><b>{escape(row.item.question)}</b></p>"
            f'<p><span class="{mark}">{word}</span> {escape(said)}</p>{_reasons_html(row)}'
            f"<p><small>Right answer: {escape(gold_text(gold))}</small></p></div></div>"
        )


def _reasons_html(row: QuestionRow) -> str:
    """Caption and reasons of a JSON answer, coloured by verdict where there is a vocabulary."""
    answer = parse_answer(row.text, strict=True, modality=row.item.case.modality)
    if answer is None:
        return ""
    if row.agreement is not None:
        return sentences_html(judge_text(row.text, row.item.case)[0])
    return f"<p><small>{escape(' '.join((answer.caption, *answer.reasoning)))}</small></p>"


def pick_rows(rows: Sequence[QuestionRow], count: int) -> list[QuestionRow]:
    """Choose answers of every question kind in turn, right and wrong ones, an image at most once.

    As long as there are enough images.
    """
    pools: dict[tuple[str, bool], list[QuestionRow]] = {}
    for row in rows:
        pools.setdefault((row.item.question_kind, row.right), []).append(row)
    longest = max(map(len, pools.values()), default=0)
    turns = [pool[i] for i in range(longest) for pool in pools.values() if i < len(pool)]
    fresh, again, seen = [], [], set()
    for row in turns:
        (again if row.item.case.id in seen else fresh).append(row)
        seen.add(row.item.case.id)
    return [*fresh, *again][:count]


def small_picture(image: np.ndarray, side_px: int = PICTURE_PX) -> np.ndarray:
    """RGB picture whose longer side is at most `side_px`."""
    import cv2

    rgb = to_rgb(image) if image.ndim == 2 else image
    scale = side_px / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    height, width = (max(1, round(side * scale)) for side in rgb.shape[:2])
    return cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
