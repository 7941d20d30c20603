"""The statistics of a set of samples as one page that opens offline.

In:  what `statistics.json` holds.
Out: `statistics.html`: lengths, question kinds, balance, duplicates, blind baselines, variety.
"""

from pathlib import Path
from typing import Any

from retia.figures import Report, bar_chart

MOST_BARS = 30


def write_page(statistics: dict[str, Any], path: Path) -> None:
    """Write the page.

    Args:
        statistics: From `retia write`; what is absent is left out.
        path: Of the HTML file.
    """
    page = Report("What these samples hold")
    page.headline(
        [
            (f"{statistics['samples']}", "samples", _list(statistics["by_stage_of_tuning"])),
            (f"{statistics['cases']}", "images", _list(statistics["by_modality"])),
            (f"{statistics['groups']}", "groups", "patients, eyes or videos"),
            (f"{statistics['duplicates']}", "duplicates", "conversations that stand again"),
        ]
    )
    page.table(["split", "samples"], statistics["by_split"].items())
    _bars(
        page, "Question kinds", "assistant turns of each kind", "turns_by_question_kind", statistics
    )
    _balance(page, statistics)
    _blind(page, statistics)
    _lengths(page, statistics)
    _teacher(page, statistics)
    page.write(path)


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _bars(page: Report, title: str, caption: str, key: str, statistics: dict[str, Any]) -> None:
    counts = statistics[key]
    if not counts:
        return
    most = sorted(counts.items(), key=lambda pair: -pair[1])[:MOST_BARS]
    names, values = [name for name, _ in most], [float(count) for _, count in most]
    page.heading(title).picture(bar_chart(names, values), caption)


def _balance(page: Report, statistics: dict[str, Any]) -> None:
    kinds = statistics["answers_by_question_kind"]
    if not kinds:
        return
    rows = []
    for kind, answers in kinds.items():
        total = sum(answers.values())
        told = ", ".join(f"{answer} {count / total:.0%}" for answer, count in answers.items())
        rows.append((kind, total, f"{max(answers.values()) / total:.2f}", told))
    page.heading("Balance of closed questions")
    page.table(["question kind", "turns", "largest share", "answers"], rows)


def _blind(page: Report, statistics: dict[str, Any]) -> None:
    blind = statistics.get("blind")
    if not blind:
        return
    page.heading("What can be answered without looking")
    page.paragraph(
        "For every question of the test split the answer that the training split gives most often "
        "to the same words. A student must do better than this to have seen anything."
    )
    names = [f"{kind} ({found['n']})" for kind, found in blind.items()]
    chart = bar_chart(names, [found["accuracy"] for found in blind.values()], baseline=0.5)
    page.picture(chart, "accuracy of the question-only majority; in brackets the questions asked")


def _lengths(page: Report, statistics: dict[str, Any]) -> None:
    lengths = statistics["answers_by_words"]
    page.heading("Length and words")
    if lengths:
        names = list(lengths)[:MOST_BARS]
        chart = bar_chart([f"{n} words or more" for n in names], [lengths[n] for n in names])
        page.picture(chart, "answers by their number of words")
    distinct = statistics.get("distinct", {})
    page.table(
        ["measure", "value"],
        [
            ("longest answer, in rough tokens", statistics["longest_answer_tokens"]),
            ("rough tokens of all answers", statistics["answer_tokens"]),
            ("distinct words", statistics["distinct_words"]),
            ("sentences with evidence", statistics["sentences_with_evidence"]),
            *((name, f"{share:.4f}") for name, share in distinct.items()),
        ],
    )


def _teacher(page: Report, statistics: dict[str, Any]) -> None:
    teacher = statistics.get("teacher")
    if not teacher:
        return
    page.heading("The language model that wrote")
    page.paragraph("Every sentence was checked against the findings before it was accepted.")
    plain = {key: value for key, value in teacher.items() if not isinstance(value, dict)}
    page.table(["measure", "value"], [(k.replace("_", " "), v) for k, v in plain.items()])
    rejected = teacher.get("rejected") or {}
    if rejected:
        page.table(["reason for rejection", "answers"], rejected.items())
