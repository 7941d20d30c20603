"""The parts of the report about what needs no looking: learned by heart, short cuts."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from retia.evaluation.plan.contamination import SEEN, Contamination
from retia.evaluation.plan.fingerprints import ALIKE
from retia.evaluation.plan.shortcuts import Shortcuts, trivial_sentence
from retia.figures import Report
from retia.statistics import Interval


def add_contamination(
    report: Report,
    found: Contamination,
    accuracy: Mapping[str, Mapping[str, Mapping[str, Interval]]] | None = None,
) -> None:
    """Add the section about images and questions that the training holds, too.

    Args:
        report: Grows.
        found: Of `find_contamination`.
        accuracy: Per part of the audit (`Stage`, `radiology questions`) what
            `accuracy_by_contamination` gave.
    """
    numbers = found.summary()
    report.heading("Was it learned by heart?")
    report.paragraph(f"<b>{escape(contamination_verdict(found))}</b>")
    report.paragraph(
        f"Compared: {len(found.images)} test images with {found.trained_images} that may have been "
        f"trained on, and {len(found.asked)} test questions with {found.trained_questions}. Same: "
        "the same pixels, whatever file holds them. Nearly the same: their fine detail correlates "
        f"by {ALIKE:g} or more, as after coding anew or scaling. Questions: the same words, but "
        "for case, marks and articles. The question for the stage is the same for everybody and "
        "is left out of the questions."
    )
    counts = {
        text: (numbers[f"{name}_images"], _pairs(numbers[f"{name}_image_examples"]))
        for name, text in (("same", "Same image"), ("near", "Nearly the same image"))
    }
    rows = [(text, f"{n} of {len(found.images)}", first) for text, (n, first) in counts.items()]
    for way, text in SEEN.items() if found.asked else ():
        own = numbers["questions"][way]
        shown = f"{own['count']} of {len(found.asked)}"
        rows.append((text, shown, "; ".join(f"{c}: {q}" for c, q in own["examples"])))
    report.table(("In the training", "found", "the first of them"), rows)
    left_out = [f"{n} test images: {why}" for why, n in found.unmeasured().items()]
    if found.unreadable:
        left_out.append(f"{len(found.unreadable)} training images: cannot be read")
    if left_out:
        report.paragraph(escape(f"Not compared: {'; '.join(left_out)}."))
    if accuracy:
        _accuracy(report, accuracy)


def contamination_verdict(found: Contamination) -> str:
    """One sentence: does the test hold what was trained on?"""
    seen = sum(row.seen for row in found.images)
    if not found.trained_images and not found.trained_questions:
        return "There is nothing here that was trained on: contamination was not tested."
    if seen:
        return (
            f"{seen} of {len(found.images)} test images are in the training, or look as if they "
            "were: figures about them are too good."
        )
    return f"None of {len(found.images)} test images was found in the training."


def _pairs(examples: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{test} = {train}" for test, train in examples)


def _accuracy(report: Report, accuracy: Mapping[str, Mapping[str, Mapping[str, Interval]]]) -> None:
    rows = [
        (part, text, *(_with_rows(own[way][name]) for name in ("seen", "new")), own[way]["gap"])
        for part, own in accuracy.items()
        for way, text in SEEN.items()
        if way in own and own[way]["seen"].rows
    ]
    if not rows:
        report.paragraph("No answered question is known from the training: all are new.")
        return
    report.table(("Accuracy", "", "known", "new", "known minus new"), rows)
    report.paragraph(
        "Known questions may be easier for other reasons; a gap shows that they should be told "
        "apart, not that they were learned by heart."
    )


def _with_rows(interval: Interval) -> str:
    return f"{interval}, n = {interval.rows}"


def add_shortcuts(
    report: Report,
    found: Shortcuts,
    kinds: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
) -> None:
    """Add the section about short cuts.

    Args:
        report: Grows.
        found: Of `find_shortcuts`.
        kinds: Per modality the numbers by question kind (`QuestionAudit.kinds`), for what the
            question alone reaches.
    """
    report.heading("Is there a short cut?")
    tested = [name for name, own in found.trivial.items() if own.found is not None]
    cut = [name for name in tested if found.trivial[name].found]
    report.paragraph(f"<b>{escape(_shortcut_verdict(found, tested, cut))}</b>")
    report.paragraph(
        "A classifier sees nine statistics of each picture (mean grey, its spread and quantiles, "
        "how much is bright and how evenly, the middle against the rest, mean gradient) and not "
        "the question. It learns on the training split. A student that reaches no more than this "
        "needs not have looked at what was asked about. Statistics of a picture can be evidence, "
        "too: where a disease darkens the whole picture, they are no fault of the data."
    )
    others = _blind_of(kinds or {})
    report.table(
        (
            *("about", "questions", "nine numbers, balanced accuracy", "chance"),
            *("nine numbers, accuracy", "majority", "minus majority, paired"),
            *("the question alone", "student"),
        ),
        [
            (
                name.replace("_", " "),
                len(own.rows),
                *(own.balanced, f"{own.chance:.3f}", own.accuracy, own.majority, own.gap),
                *(_estimate(others.get(name, {}).get(v)) for v in ("question_only", "accuracy")),
            )
            for name, own in found.trivial.items()
            if own.chance is not None
        ],
    )
    for name, own in found.trivial.items():
        if own.unmeasured:
            report.paragraph(escape(trivial_sentence(name, own)) + ".")
    _lettering(report, found)


def _shortcut_verdict(found: Shortcuts, tested: Sequence[str], cut: Sequence[str]) -> str:
    if not tested:
        first = "Whether nine numbers of a picture are enough was not tested"
    elif cut:
        reached = {n: own.balanced for n, own in found.trivial.items() if own.balanced and n in cut}
        best = max(reached, key=lambda name: reached[name].estimate or 0.0)
        first = (
            f"Nine numbers of the picture beat chance in {len(cut)} of {len(tested)} targets; most "
            f"in {best.replace('_', ' ')}: balanced accuracy {reached[best]}, chance "
            f"{found.trivial[best].chance:.3f}"
        )
    else:
        first = f"Nine numbers of the picture beat chance in none of {len(tested)} targets"
    telling = [row for row in found.lettering if row.telling_px]
    lettered = [row for row in found.lettering if row.boxes_px]
    searched = any(row.unmeasured is None for row in found.lettering)
    second = "no burnt-in text was found" if searched else "burnt-in text was not looked for"
    if telling:
        second = f"burnt-in text may tell {', '.join(str(row.label) for row in telling)}"
    elif lettered:
        second = f"there is burnt-in text in {len(lettered)} sets of pictures"
    return f"{first}; {second}."


def _blind_of(kinds: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Mapping[str, Any]]:
    return {
        f"{modality}: {kind}": own for modality, of in kinds.items() for kind, own in of.items()
    }


def _estimate(interval: Interval | None) -> str:
    if interval is None or interval.estimate is None:
        return "-"
    return f"{interval.estimate:.3f}"


def _lettering(report: Report, found: Shortcuts) -> None:
    if not found.lettering:
        report.paragraph("Burnt-in text: no picture could be looked at.")
        return
    told = [row for row in found.lettering if row.boxes_px]
    if told:
        report.table(
            ("Burnt-in text in", "pictures", "boxes, px", "may tell the label"),
            [
                (row.name, row.pictures, _boxes(row.boxes_px), _boxes(row.telling_px) or "no")
                for row in told
            ],
        )
    searched = [row for row in found.lettering if row.unmeasured is None]
    skipped = [row for row in found.lettering if row.unmeasured is not None]
    report.paragraph(
        f"Burnt-in text was looked for in {len(searched)} sets of pictures (of one video, or of "
        f"one size and label) and found in {len(told)}; {len(skipped)} sets hold too few "
        "pictures. Thin "
        "strokes that stay where they are count as text. Text in a single picture, or at another "
        "place in each, is not found."
    )
    if found.unreadable:
        names = ", ".join(list(found.unreadable)[:5])
        report.paragraph(
            escape(f"{len(found.unreadable)} pictures could not be read, such as {names}.")
        )


def _boxes(boxes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(str(list(box)) for box in boxes)
