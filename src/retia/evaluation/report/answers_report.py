"""The part of the report about how good the answers are: conventions, numbers, boxes, things."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from retia.evaluation.answers.quality import AnswerNumbers
from retia.figures import Report
from retia.statistics import Interval
from retia.taxonomy import STAGES, read_vocabulary

THINGS = {"tool": "Tools", "anatomy": "Anatomy"}


def add_answers(
    report: Report, numbers: AnswerNumbers, others: Mapping[str, AnswerNumbers] | None = None
) -> None:
    """Add every table that these answers have; nothing where none of it was asked.

    Args:
        report: Grows, within the section of a modality.
        numbers: Of the student on the real image.
        others: What to show beside it under both conventions, by title: the blind baselines.
    """
    _conventions(report, {"Student": numbers, **(others or {})})
    _quantities(report, numbers.quantities)
    if numbers.boxes is not None:
        _boxes(report, numbers.boxes)
    for category, own in numbers.things.items():
        _things(report, category, own)


def _conventions(report: Report, voices: Mapping[str, AnswerNumbers]) -> None:
    conventions = {voice: own.conventions for voice, own in voices.items()}
    if not any(conventions.values()):
        return
    report.paragraph(
        "The same answers after two conventions. LLaVA-Med: a closed question is right where the "
        "right answer occurs in the text, letter for letter; an open one gets the share of the "
        "right answer's words that are said. Strict: equal but for case, punctuation and articles. "
        "How far they lie apart is no merit of the student; numbers of other papers can be "
        "compared within one column only."
    )
    closed = {voice: own["closed"] for voice, own in conventions.items() if "closed" in own}
    if closed:
        header = ("Closed questions", "number", "LLaVA-Med", "strict", "LLaVA-Med minus strict")
        report.table(
            (*header, "as read here", "LLaVA-Med's script", "left out by it"),
            [
                (
                    *(voice, own["questions"], own["llava_med"], own["strict"], own["gap"]),
                    *(own["retia"], own["llava_med_as_published"], own["left_out_as_published"]),
                )
                for voice, own in closed.items()
            ],
        )
        report.paragraph(
            "As read here: yes, no or a choice is read from the whole answer, and naming more than "
            "one is wrong. LLaVA-Med's script: as it was published, a text that holds yes or no, "
            "but not the right answer, counts nowhere."
        )
    asked = {voice: own["open"] for voice, own in conventions.items() if "open" in own}
    if asked:
        report.table(
            (
                *("Open questions", "number", "LLaVA-Med: token recall", "strict: exact match"),
                *("LLaVA-Med minus strict", "strict: F1"),
            ),
            [
                (
                    *(voice, own["questions"], own["llava_med"], own["strict"], own["gap"]),
                    own["strict_f1"],
                )
                for voice, own in asked.items()
            ],
        )


def _quantities(report: Report, quantities: dict[str, dict[str, Any]]) -> None:
    if not quantities:
        return
    report.paragraph(
        "Answers that are numbers. The errors are of those answers that give a number; bias is "
        "said minus true. Beside them what always saying the median of the right numbers would be "
        "off by."
    )
    report.table(
        (
            *("quantity", "questions", "gives a number", "within tolerance", "absolute error"),
            *("bias", "absolute error of the median"),
        ),
        [
            (
                *(name.replace("_", " "), own["questions"], own["answered"]),
                *(own["within_tolerance"], own["absolute_error"], own["bias"]),
                own["median_error"],
            )
            for name, own in quantities.items()
        ],
    )


def _boxes(report: Report, boxes: dict[str, Any]) -> None:
    order = (
        "ordered by the student's confidence"
        if boxes["ordered"]
        else "without a confidence, so that precision and recall are one point"
    )
    report.paragraph(
        "Answers that are boxes, one a question. An answer without a box overlaps by 0. Average "
        f"precision after COCO at an overlap of one half, {order}."
    )
    report.table(
        ("questions", "gives a box", "overlap (IoU)", "hits (IoU at least .5)", "mAP at .5"),
        [
            (
                *(boxes["questions"], boxes["given"], boxes["iou"], boxes["hit"]),
                boxes["mean_average_precision"],
            )
        ],
    )


def _things(report: Report, category: str, own: dict[str, Any]) -> None:
    left_out = "; ".join(f"{count} left out: {why}" for why, count in own["left_out"].items())
    report.paragraph(
        f"{THINGS[category]} named in {own['answers']} answers that were asked for all of them"
        f"{f' ({escape(left_out)})' if left_out else ''}. Together: precision "
        f"{_text(own['precision'])}, recall {_text(own['recall'])}, F1 {_text(own['f1'])}; mean F1 "
        f"over the kinds {_text(own['macro_f1'])}.{_bound(own['complete'])}"
    )
    if own["kinds"]:
        report.table(
            ("kind", "there", "named", "both", "precision", "recall", "F1"),
            [
                (
                    *(kind["name"], kind["true"], kind["named"], kind["both"]),
                    *(_share(kind[score]) for score in ("precision", "recall", "f1")),
                )
                for kind in own["kinds"].values()
            ],
        )


def _bound(complete: float | None) -> str:
    if complete is None or complete == 1.0:
        return ""
    return (
        f" In {1 - complete:.0%} of the frames not every kind was looked for: there a thing may be "
        "seen without being annotated, and precision is a lower bound."
    )


def add_grounding(report: Report, numbers: dict[str, Any] | None) -> None:
    """Add the boxes of findings in structured answers; nothing where no case has any.

    Args:
        report: Grows.
        numbers: Of `grounding_numbers`.
    """
    if numbers is None:
        return
    unknown = sum(numbers["unknown_kinds"].values())
    report.paragraph(
        f"Findings with their boxes: {_text(numbers['given'])} of the {numbers['cases']} answers "
        f"give any; mAP at .5 over the kinds {_text(numbers['mean_average_precision'])}. Findings "
        f"without a box: {numbers['without_box']}; of a kind that the vocabulary does not have: "
        f"{unknown}."
    )
    if any(own["said"] for own in numbers["kinds"].values()):
        report.table(
            ("kind", "boxes there", "boxes said", "average precision at .5"),
            [
                (kind.replace("_", " "), own["true"], own["said"], _share(own["average_precision"]))
                for kind, own in numbers["kinds"].items()
            ],
        )


def add_stages(report: Report, numbers: dict[str, Any], modality: str = "octa") -> None:
    """Add the table of stages and grades, and that of areas and counts.

    Args:
        report: Grows, within the section of the stage.
        numbers: `condition_numbers` of the student on the real image.
        modality: Whose stage names are shown.
    """
    vocabulary = read_vocabulary(modality)
    report.paragraph(
        f"Mean over the stages: precision {_text(numbers['macro_precision'])}, recall "
        f"{_text(numbers['balanced_accuracy'])}, F1 {_text(numbers['macro_f1'])}. Quadratic kappa "
        f"of the readable answers: {_text(numbers['quadratic_kappa_interval'])}."
    )
    names = {stage: vocabulary.stage_name(stage) for stage in STAGES}
    rows: list[Sequence[object]] = [
        (names[stage], own["cases"], own["recall"]) for stage, own in numbers["stages"].items()
    ]
    for key, own in numbers["grades"].items():
        stage, grade = key.split(", ")
        rows.append((f"{names[stage]}, {grade}", own["cases"], own["recall"]))
    report.table(("truly", "cases", "staged rightly"), rows)
    if numbers["grades"] and numbers["cases_without_grade"]:
        report.paragraph(f"Cases without a grade: {numbers['cases_without_grade']}.")
    report.paragraph("Numbers in the reasons, where both sides give one; bias is said minus true.")
    report.table(
        ("", "given", "absolute error", "bias"),
        [
            (
                *("FAZ area, mm²", _share(numbers["faz_given"])),
                *(numbers["faz_error_mm2"], numbers["faz_bias_mm2"]),
            ),
            (
                *("microaneurysms", _share(numbers["count_given"])),
                *(numbers["count_absolute_error"], numbers["count_bias"]),
            ),
        ],
    )


def _text(interval: Interval) -> str:
    return escape(str(interval))


def _share(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"
