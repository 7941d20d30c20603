"""The part of the report about counterfactuals: does the answer rest on the region?"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape

import numpy as np

from retia.claims import judge_text
from retia.claims.applicable import applicable
from retia.evaluation.faithfulness.edits import removed_picture
from retia.evaluation.faithfulness.effect_numbers import effect_of
from retia.evaluation.faithfulness.measured import ProbeRow
from retia.evaluation.faithfulness.numbers import (
    SCOPES,
    SOURCES,
    Faithfulness,
    PartNumbers,
    twin_verdict,
    verdict,
)
from retia.evaluation.faithfulness.probes import read_short
from retia.evaluation.faithfulness.reply_numbers import LEAST_DISCORDANT, LEAST_NAMED
from retia.evaluation.plan.blind import gold_text
from retia.evaluation.report.faithfulness_charts import dose_chart, effect_chart
from retia.evaluation.report.gallery import UNFAITHFUL, Gallery, Shown, add_gallery, outlined
from retia.figures import Report
from retia.records import Case
from retia.statistics.bootstrap import MINIMUM_GROUPS

Load = Callable[[Case], np.ndarray]
"""Reads the image of a case, uint8."""

FAITHFUL = Gallery(
    name="Most faithful answers",
    anchor="most-faithful",
    link="The three most faithful answers",
    intro="Answers that lose most when the region they should rest on is removed.",
    empty="No counterfactual was measured.",
)


def add_faithfulness(
    report: Report,
    faithfulness: Faithfulness,
    rows: Sequence[ProbeRow],
    load: Load,
    examples: int,
    asked: str = "",
) -> None:
    """Add the section about counterfactuals, with its two galleries.

    Args:
        report: Grows.
        faithfulness: The numbers.
        rows: What they were made of, for the examples.
        load: Reads the image of a case, uint8.
        examples: How many answers each gallery shows.
        asked: What was asked, such as `stage`; needed where a page has several such sections.
    """
    title = f"Does the answer rest on the region? {asked}".strip()
    report.heading(title, _anchor("faithfulness", asked))
    main = faithfulness.main
    if main is None:
        report.paragraph("<b>Not applicable: no answer has a region that could be removed.</b>")
        _left_out(report, faithfulness)
        return
    report.paragraph(f"<b>{escape(verdict(main))}</b> {escape(twin_verdict(faithfulness))}")
    report.paragraph(
        "A region is removed from the image, and the model's own answer is scored again. What that "
        "costs is compared with random regions of the same area and shape, elsewhere in the "
        "foreground, filled alike: <i>effect</i> = loss without the region minus mean loss without "
        "random ones, in nats per token. No fill is neutral, so each has its own row; a "
        "<i>twin</i> is the same eye grown without the finding. Who placed the region is said: "
        "experts and the simulator ask whether the model uses the evidence, its own boxes whether "
        f"it agrees with itself. Below {MINIMUM_GROUPS} groups there is no interval. Figures are "
        "over right answers but where “all” stands; p-values flip the signs of whole groups and "
        "are corrected for the number of fills (Holm)."
    )
    for part in faithfulness.parts:
        _part(report, part, main)
    _left_out(report, faithfulness)
    chosen = ranked([r for r in rows if _of(r, main)])
    count = min(examples, max(1, len(chosen) // 2))
    add_gallery(
        report, _asked(UNFAITHFUL, asked), [shown_probe(row, load) for row in chosen[:count]]
    )
    best = chosen[::-1][:count] if len(chosen) > 1 else []
    add_gallery(report, _asked(FAITHFUL, asked), [shown_probe(row, load) for row in best])


def _anchor(name: str, asked: str) -> str:
    return "-".join((name, *asked.lower().split()))


def _asked(gallery: Gallery, asked: str) -> Gallery:
    about = f": {asked}" if asked else ""
    return replace(
        gallery,
        name=f"{gallery.name}{about}",
        link=f"{gallery.link}{about}",
        anchor=_anchor(gallery.anchor, asked),
    )


def _of(row: ProbeRow, part: PartNumbers) -> bool:
    region = row.probe.region
    return (region.source, region.scope) == (part.source, part.scope)


def ranked(rows: Sequence[ProbeRow]) -> list[ProbeRow]:
    """Right answers (all, where none is right) by what the region takes, the least first.

    The mean effect of all fills counts; rows without scores are left out.
    """
    scored = [row for row in rows if row.measured.fills]
    return sorted(
        [row for row in scored if row.probe.right] or scored,
        key=lambda row: (_mean_effect(row), row.probe.key),
    )


def _mean_effect(row: ProbeRow) -> float:
    return float(np.mean([effect_of(row, scores) for scores in row.measured.fills.values()]))


def with_probe(shown: Shown, row: ProbeRow) -> Shown:
    """Add what a probe of an answer saw: the region, the image without it, the answer then.

    Args:
        shown: From `report.shown`.
        row: Of a probe of the same answer.
    """
    probe, measured = row.probe, row.measured
    way, after = measured.asked or measured.main, measured.answers.get("removed")
    return replace(
        shown,
        region_picture=outlined(probe.image, probe.region.mask),
        edited=None if way is None else removed_picture(probe, way, measured.seed),
        after=None if after is None else read_short(probe.item, after),
    )


def shown_probe(row: ProbeRow, load: Load) -> Shown:
    """What a gallery shows of a probe."""
    probe, measured = row.probe, row.measured
    item = probe.item
    judged = applicable(item.case) and "{" in probe.said
    parts = (
        f"{fill}: {row.delta(scores.removed):+.3f} without the region, "
        f"{np.mean([row.delta(s) for s in scores.random]):+.3f} without random ones"
        for fill, scores in measured.fills.items()
    )
    shown = Shown(
        title=f"{_mean_effect(row):+.3f} nats per token beyond random regions",
        case=item.case.id,
        picture=load(item.case),
        region_picture=None,
        edited=None,
        question=item.question,
        gold=gold_text(item.gold),
        before=read_short(item, probe.said),
        after=None,
        sentences=tuple(judge_text(probe.said, item.case)[0]) if judged else (),
        note=f"Region: {probe.region.name}. Lost: {'; '.join(parts)}.",
    )
    return with_probe(shown, row)


def _part(report: Report, part: PartNumbers, main: PartNumbers) -> None:
    source, scope = SOURCES[part.source], SCOPES[part.scope]
    report.subheading(f"{source[0].upper()}{source[1:]}: {scope}")
    if part.scope == "kind":
        report.paragraph(_kind_intro())
    elif part is not main:
        report.paragraph(escape(verdict(part)))
    left = "".join(f" Not scored: {n} ({escape(why)})." for why, n in part.left_out.items())
    floor = (
        ""
        if part.again is None
        else (
            f" Noise floor: scored again, the same image differs by at most {part.again:.6f}; "
            f"invisible noise changes the score by {part.noise_floor.estimate:.6f} on average."
        )
    )
    report.paragraph(
        f"{part.probes} probes, {part.judged} of them scored, of {part.groups} groups; "
        f"{part.right} answers are right (accuracy {part.accuracy}).{left}{floor}"
    )
    if part.effects:
        _effects(report, part)
    if part.doses:
        report.picture(
            dose_chart(part.doses, "More removed, more lost?"),
            f"Rank correlation of dose and loss, mean of the answers: {part.dose_rank}.",
        )
        report.table(
            ("share removed", "items", "region", "random", "effect"),
            [
                (f"{d.share:.0%}", d.items, d.delta_roi, d.delta_random, d.effect)
                for d in part.doses
            ],
            "Dose and response",
        )
    if part.kept is not None:
        report.table(
            ("nothing kept but", "items", "loss"),
            [
                ("the region", part.kept.items, part.kept.delta_roi),
                ("a random region", part.kept.items, part.kept.delta_random),
                ("random minus region", part.kept.items, part.kept.advantage),
            ],
            "Is the region enough?",
        )
    _flips(report, part)
    _named(report, part)


def _kind_intro() -> str:
    return (
        "The findings of one kind are removed at a time: by the exact twin where the eye has a "
        "single one of them, else under the main fill. Other findings still speak for the answer, "
        "so the effect may rightly be small; the question here is whether the text follows."
    )


def _effects(report: Report, part: PartNumbers) -> None:
    if any(own.items for own in part.effects):
        report.picture(
            effect_chart(part.effects, "What removing costs the answer"),
            "Right answers. Circles: the region; squares: random regions of equal area and shape.",
        )
    report.table(
        (
            "fill",
            "items",
            "groups",
            "region",
            "random",
            "effect",
            "p (Holm)",
            "effect, all",
            "artefact",
        ),
        [
            (
                *(own.fill, own.items, own.groups, own.delta_roi, own.delta_random, own.effect),
                "not applicable" if own.p_holm is None else f"{own.p_holm:.4f}",
                f"{own.effect_all}, n {own.all_items}",
                own.artefact,
            )
            for own in part.effects
        ],
        "Loss by fill. Artefact: size of a random region's loss beyond that of invisible noise",
    )


def _flips(report: Report, part: PartNumbers) -> None:
    for own in part.flips:
        note = (
            ""
            if own.enough
            else (
                f" Too few items differ for a verdict: {own.test.discordant}, at least "
                f"{LEAST_DISCORDANT} are needed."
            )
        )
        missing = f" {own.unanswered} items got no answer to a question." * bool(own.unanswered)
        report.table(
            ("asked again", "share of answers that flip"),
            [
                (name, share)
                for name, share in (
                    (f"the region removed ({own.fill})", own.removed),
                    ("one random region removed", own.random),
                    ("the same image", own.again),
                    ("the same image, invisible noise", own.noise),
                )
                if share.rows or share is own.removed
            ],
            f"Flips of {own.items} answers, right and wrong",
        )
        report.paragraph(
            f"{own.test.only_first} flip without the region only, {own.test.only_second} without "
            f"the random one only: exact McNemar p = {own.test.p:.2g}.{note}{missing}"
        )


def _named(report: Report, part: PartNumbers) -> None:
    own = part.named
    if own is None:
        return
    report.table(
        ("finding the text names", "n", "no longer named"),
        [
            ("removed", own.named, own.vanished),
            ("kept, a random region removed", own.named, own.vanished_random),
            ("difference, paired", own.named, own.advantage),
            ("another finding, not removed", own.others, own.others_vanished),
        ],
        "Does the explanation follow the image?",
    )
    few = "" if own.enough else f" At least {LEAST_NAMED} named findings are needed for a verdict."
    missing = f" {own.unanswered} probes got no answer." * bool(own.unanswered)
    report.paragraph(
        f"{own.not_named} probes removed a kind that the text had not named: nothing could vanish."
        f"{few}{missing}"
    )


def _left_out(report: Report, faithfulness: Faithfulness) -> None:
    if faithfulness.left_out:
        report.table(
            ("answers without a region", "count"),
            list(faithfulness.left_out.items()),
            "Left out, by reason",
        )
