"""The protocol's section of the report: each figure of the source beside its control."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retia.evaluation.cfproxy.conventions import CONVENTIONS
from retia.evaluation.cfproxy.numbers import Cfproxy
from retia.evaluation.cfproxy.replies import Load
from retia.evaluation.cfproxy.rows import ProxyRow
from retia.evaluation.plan.blind import gold_text
from retia.evaluation.plan.protocols import TITLES
from retia.figures import Report

SOURCES = {"annotated": "annotated", "model": "the model's own box"}
BLIND = {"majority": "Blind: majority of the kind", "question_only": "Blind: the question alone"}
PICTURE_PX = 320


def write_page(found: Cfproxy, path: Path, load: Load, examples: int = 8) -> None:
    """Write the protocol as a page of its own.

    Args:
        found: What was measured.
        path: The HTML file.
        load: Reads the image of a case, uint8.
        examples: How many questions are shown with their images.
    """
    report = Report("The medical-VQA source's protocol, measured")
    add_cfproxy(report, found, load, examples)
    report.write(path)


def add_cfproxy(report: Report, found: Cfproxy, load: Load, examples: int = 8) -> None:
    """Add the protocol to a page; arguments as of `write_page`."""
    counts = found.counts
    report.heading("The source's protocol")
    report.paragraph(
        f"Questions: {counts['items']}; images: {counts['cases']}; groups: {counts['groups']}; "
        f"without any reply: {counts['no_reply']}. Each question is asked in three wordings. What "
        f"follows the first table rests on <b>{TITLES[found.settings.prompt]}</b>. A reply that "
        "cannot be read is wrong, but for columns that say otherwise. Intervals resample "
        f"{counts['intervals_resample']}."
    )
    _accuracy(report, found)
    _thresholds(report, found)
    _effects(report, found)
    _examples(report, found, load, examples)


def _accuracy(report: Report, found: Cfproxy) -> None:
    report.table(
        (
            *("Wording", "parsed", "caption", "box", "right, strict", "right, source's convention"),
            "the same, unread replies dropped",
        ),
        [
            (
                TITLES[name],
                *(f"{own[rate]:.3f}" for rate in ("parsed", "captioned", "box")),
                *(own["strict"], own["source"], own["source_parsed_only"]),
            )
            for name, own in found.prompts.items()
        ],
    )
    voices = [v for v in BLIND if v in found.conventions["strict"]]
    columns = ("all", "parsed_only", "closed", "open", *voices)
    titles = ("all", "unread replies dropped", "closed", "open", *(BLIND[v] for v in voices))
    report.paragraph("The same replies, called right by three conventions:")
    report.table(
        ("Convention", *titles),
        [
            (title, *(found.conventions[name][column] for column in columns))
            for name, title in CONVENTIONS.items()
        ],
    )
    if not voices:
        report.paragraph("No training questions in this folder: no blind baselines.")


def _thresholds(report: Report, found: Cfproxy) -> None:
    report.paragraph(
        "Answered only where caption and question share enough words, the source's confidence. It "
        "tells how much the caption repeats the question, not whether it is true:"
    )
    report.table(
        ("At least", "coverage", "right, strict", "right, source's", "… unread replies dropped"),
        [
            (
                "all" if row["threshold"] == 0 else f"{row['threshold']:g}",
                *(row[k] for k in ("coverage", "strict", "source", "source_parsed_only")),
            )
            for row in found.thresholds
        ],
    )
    own, chance = found.ordering["aurc"], found.ordering["random_aurc"]
    if own is not None and chance is not None:
        report.paragraph(
            f"Area under risk over coverage: {own:.3f} in this order, {chance:.3f} in a random "
            "one; lower is better."
        )


def _effects(report: Report, found: Cfproxy) -> None:
    counts = found.counts
    if not found.effects:
        report.paragraph("<b>No reply has a region that could be removed: nothing is measured.</b>")
    else:
        report.paragraph(
            f"What the reply loses when its region is removed (fill: {counts['fill']}), and when "
            f"one of {counts['random_regions']} random regions of the same shape is. Δ is in nats "
            "a token of the reply where the model tells how likely a text is, else 1 for another "
            f"answer and 0 for the same; here: {_kinds(counts['delta_kinds'])}."
        )
        report.table(
            ("Region", "replies", "n", "groups", "Δ region", "Δ random", "Δ region minus random"),
            [
                (
                    *(SOURCES[source], among, own["items"], own["groups"]),
                    *(own["delta_roi"], own["delta_rand"], own["effect"]),
                )
                for source, parts in found.effects.items()
                for among, own in parts.items()
            ],
        )
        report.table(
            (
                *("Region", "n", "flips, region", "flips, random", "flips, noise"),
                *("region minus random", "region alone", "random alone", "McNemar p"),
            ),
            [
                (
                    *(SOURCES[source], own["items"], own["roi"], own["rand"], own["noise"]),
                    *(own["roi_minus_rand"], own["roi_alone"], own["rand_alone"]),
                    own["note"] if own["p"] is None else f"{own['p']:.3g}",
                )
                for source, own in found.flips.items()
            ],
        )
    if found.unmeasured:
        report.paragraph("Left out of these tables, with the reason:")
        report.table(("Reason", "replies"), sorted(found.unmeasured.items()))


def _kinds(kinds: dict[str, int]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in sorted(kinds.items())) or "none"


def _examples(report: Report, found: Cfproxy, load: Load, examples: int) -> None:
    """Those whose region matters least beyond a random one first: the least faithful."""
    measured = [row for row in found.rows if row.effect is not None]
    chosen = sorted(measured, key=lambda row: row.effect or 0.0)[:examples]
    if not chosen:
        return
    report.paragraph("Least moved by their own region, with that region drawn:")
    for row in chosen:
        report.picture(drawn(row, load), _caption(row))


def drawn(row: ProxyRow, load: Load) -> np.ndarray:
    """The image with the removed box, RGB, at most 320 pixels a side."""
    import cv2

    image = load(row.reply.item.case)
    rgb = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    scale = min(1.0, PICTURE_PX / max(rgb.shape[:2]))
    height, width = (max(1, round(side * scale)) for side in rgb.shape[:2])
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    if row.box_px is not None:
        x0, y0, x1, y1 = (round(edge * scale) for edge in row.box_px)
        cv2.rectangle(small, (x0, y0), (max(x0, x1 - 1), max(y0, y1 - 1)), (255, 193, 7), 2)
    return small


def _caption(row: ProxyRow) -> str:
    reply = row.reply
    parts: Sequence[str] = (
        reply.question,
        f"Right: {gold_text(reply.item.gold)}.",
        f"Said: {reply.read.said or '(cannot be read)'}.",
        f"Δ region {row.delta_roi:+.3f}, Δ random {row.delta_rand:+.3f} ({row.delta_kind}; "
        f"{SOURCES[row.region_source or 'model']}).",
    )
    return " ".join(parts)
