"""The comparison of audits as one page."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from retia.evaluation.paired import Compared, Pair, verdict
from retia.figures import Report, bar_chart
from retia.statistics import Interval

HEADER = (
    *("", "items", "groups", "reference right", "other right", "other minus reference"),
    *("the same, balanced accuracy", "won", "lost", "McNemar p", "after Holm"),
)
CONDITIONS = {
    "real": "its own image",
    "blank": "a blank image",
    "shuffled": "somebody else's image",
}


def differences_of(records: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What differs between runs in their `run.json`: settings, inputs, versions, commit.

    Args:
        records: Per run its record.

    Returns:
        Per name of a setting the value of each run; None where a run has none.
    """
    flat = {name: _flat(record) for name, record in records.items()}
    keys = sorted({key for own in flat.values() for key in own})
    table = {key: {name: own.get(key) for name, own in flat.items()} for key in keys}
    return {key: row for key, row in table.items() if len({_text(v) for v in row.values()}) > 1}


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for part in ("config", "inputs", "versions"):
        for key, value in record.get(part, {}).items():
            flat[f"{part}: {key}"] = value
    flat["commit"] = record.get("commit")
    return flat


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def write_comparison(
    pairs: Sequence[Pair], settings_apart: Mapping[str, Mapping[str, Any]], path: Path
) -> None:
    """Write the page.

    Args:
        pairs: Every run against the same reference.
        settings_apart: Of `differences_of`.
        path: The HTML file.
    """
    reference = pairs[0].reference
    report = Report(f"{len(pairs) + 1} audits on the same items")
    report.headline([_card(pair, row) for pair in pairs for row in _real(pair)])
    report.paragraph(
        f"The reference is <b>{escape(reference)}</b>. Differences are paired by item: positive "
        "ones speak for the other run. Intervals draw whole groups; they count a patient's images "
        "as one witness. McNemar's exact test takes items as independent and is too sure where a "
        "group has many; it looks only at items that one of the two has right. Its p-values are "
        "corrected after Holm within each table."
    )
    for pair in pairs:
        add_pair(report, pair)
    _add_settings(report, settings_apart)
    report.write(path)


def _real(pair: Pair) -> list[Compared]:
    return [row for row in pair.overall if row.condition == "real"]


def _card(pair: Pair, row: Compared) -> tuple[str, str, str]:
    gap = row.difference
    value = "n/a" if gap.estimate is None else f"{gap.estimate:+.3f}"
    bounds = gap.note or ""
    if gap.low is not None and gap.high is not None:
        bounds = f"{gap.low:+.3f} to {gap.high:+.3f}"
    return value, f"{pair.other}, {row.part}: right answers", f"{bounds}; {row.items} items"


def add_pair(report: Report, pair: Pair) -> None:
    """Add the section of one run against the reference."""
    names = {"reference": pair.reference, "other": pair.other}
    report.heading(f"{pair.other} against {pair.reference}")
    for row in _real(pair):
        report.paragraph(f"<b>{escape(row.part)}: {escape(verdict(row, names))}</b>")
    report.table(
        HEADER,
        [_cells(f"{r.part}, {CONDITIONS[r.condition]}", r) for r in pair.overall],
        f"Share of right answers, {pair.other} against {pair.reference}, by image shown",
    )
    if pair.kinds:
        kinds = pair.kinds
        labels = [f"{row.part}, {row.kind}" for row in kinds]
        report.table(
            HEADER,
            [_cells(label, row) for label, row in zip(labels, kinds, strict=True)],
            "By kind of question, each on its own image",
        )
        report.picture(
            bar_chart(
                labels,
                [row.difference.estimate or 0.0 for row in kinds],
                [_bounds(row.difference) for row in kinds],
                f"{pair.other} minus {pair.reference}, share right",
                baseline=0.0,
            ),
            "Bars: paired difference; lines: interval, where there are enough groups.",
        )
    if pair.unpaired:
        report.table(
            ("not compared", "image shown", "items", "the first of them"),
            [
                (own.why, CONDITIONS[own.condition], own.count, "; ".join(own.first))
                for own in pair.unpaired
            ],
            "Items left out of every number above",
        )
    else:
        report.paragraph("Both runs answered exactly the same items; none was left out.")


def _cells(name: str, row: Compared) -> tuple[object, ...]:
    balanced = "" if row.balanced_difference is None else row.balanced_difference
    return (
        *(name, row.items, row.groups, row.reference, row.other, row.difference, balanced),
        *(row.won, row.lost, f"{row.p:.3g}", f"{row.p_corrected:.3g}"),
    )


def _bounds(interval: Interval) -> tuple[float, float] | None:
    if interval.low is None or interval.high is None:
        return None
    return interval.low, interval.high


def _add_settings(report: Report, apart: Mapping[str, Mapping[str, Any]]) -> None:
    report.heading("What else differs between these runs")
    if not apart:
        report.paragraph("Settings, inputs, versions and commit are the same.")
        return
    names = list(next(iter(apart.values())))
    rows = [(key, *(_text(row[name]) for name in names)) for key, row in apart.items()]
    report.table(("setting", *names), rows, "Settings, inputs and versions that are not the same")
