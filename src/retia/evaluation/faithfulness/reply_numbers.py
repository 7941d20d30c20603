"""What was answered when asked again: flips, and findings no longer named once they are gone."""

from collections.abc import Sequence
from dataclasses import dataclass

from retia.evaluation.faithfulness.effect_numbers import Cluster, Settings, mean_of
from retia.evaluation.faithfulness.measured import ProbeRow
from retia.evaluation.faithfulness.probes import read_short
from retia.evaluation.faithfulness.regions import named_kinds
from retia.statistics import Interval, McNemar, mcnemar, mean_interval, ratio_interval

LEAST_DISCORDANT = 10
"""Fewer items that flip in one of the two only carry no verdict."""
LEAST_NAMED = 10


@dataclass(frozen=True, kw_only=True)
class FlipNumbers:
    """Answers that read otherwise once something is gone. Bounded by how often another would do."""

    fill: str
    items: int
    """Asked about both images, whether right or wrong."""
    removed: Interval
    """Share that flips without the region."""
    random: Interval
    """... without one random region."""
    again: Interval
    """... when asked the same again."""
    noise: Interval
    """... under noise of one grey level."""
    test: McNemar
    """Region against random region; rows are taken as independent."""
    unanswered: int
    """Items with a question that got no answer."""

    @property
    def enough(self) -> bool:
        """Whether enough items differ for the test to say anything."""
        return self.test.discordant >= LEAST_DISCORDANT


@dataclass(frozen=True, kw_only=True)
class NamedNumbers:
    """Findings that the text names, and whether it still does once they are gone."""

    named: int
    """Named findings that were removed: kind and image."""
    vanished: Interval
    """Share no longer named."""
    vanished_random: Interval
    """... when a random region was removed instead."""
    others: int
    """Findings named beside them, not removed."""
    others_vanished: Interval
    """Share no longer named all the same."""
    advantage: Interval
    """`vanished` minus `vanished_random`, paired."""
    not_named: int
    """Regions whose kind the text did not name: nothing could vanish."""
    unanswered: int

    @property
    def enough(self) -> bool:
        """Whether enough were named."""
        return self.named >= LEAST_NAMED


def flipped(row: ProbeRow, name: str) -> bool | None:
    """Whether the answer reads otherwise; None where it was not asked, or not answered."""
    text = row.measured.answers.get(name)
    if text is None:
        return None
    item = row.probe.item
    return read_short(item, text) != read_short(item, row.probe.said)


def flip_numbers(
    rows: Sequence[ProbeRow], cluster: Cluster, settings: Settings
) -> tuple[FlipNumbers, ...]:
    """Flips, for each way in which the region was removed."""
    ways = dict.fromkeys(r.measured.asked for r in rows if r.measured.asked is not None)
    return tuple(
        _flips(way, [r for r in rows if r.measured.asked == way], cluster, settings)
        for way in sorted(ways)
    )


def _flips(
    fill: str, rows: Sequence[ProbeRow], cluster: Cluster, settings: Settings
) -> FlipNumbers:
    def share(name: str) -> Interval:
        known = [(r, f) for r in rows if (f := flipped(r, name)) is not None]
        return mean_of([float(f) for _, f in known], [r for r, _ in known], cluster, settings)

    pairs = [
        (one, two)
        for r in rows
        if (one := flipped(r, "removed")) is not None and (two := flipped(r, "random")) is not None
    ]
    return FlipNumbers(
        fill=fill,
        items=len(pairs),
        removed=share("removed"),
        random=share("random"),
        again=share("again"),
        noise=share("noise"),
        test=mcnemar([one for one, _ in pairs], [two for _, two in pairs]),
        unanswered=sum(1 for r in rows if r.measured.troubles),
    )


def named_numbers(
    rows: Sequence[ProbeRow], cluster: Cluster, settings: Settings
) -> NamedNumbers | None:
    """Named findings that vanish; None where the model was not asked again."""
    asked = [r for r in rows if r.measured.asked is not None]
    if not asked:
        return None
    answered = [r for r in asked if {"removed", "random"} <= set(r.measured.answers)]
    gone, gone_random, clusters = [], [], []
    others, others_gone, other_clusters = [], [], []
    not_named = 0
    for row in answered:
        modality = row.probe.item.case.modality
        before = named_kinds(row.probe.said, modality)
        after = named_kinds(row.measured.answers["removed"], modality)
        random = named_kinds(row.measured.answers["random"], modality)
        own, beside = before & set(row.probe.region.kinds), before - set(row.probe.region.kinds)
        not_named += not own
        for kind in sorted(own):
            gone.append(float(kind not in after))
            gone_random.append(float(kind not in random))
            clusters.append(cluster(row))
        if own:
            others.append(len(beside))
            others_gone.append(len(beside - after))
            other_clusters.append(cluster(row))

    def share(values: Sequence[float]) -> Interval:
        return mean_interval(values, clusters, **settings)

    return NamedNumbers(
        named=len(gone),
        vanished=share(gone),
        vanished_random=share(gone_random),
        others=sum(others),
        others_vanished=ratio_interval(others_gone, others, other_clusters, **settings),
        advantage=share([a - b for a, b in zip(gone, gone_random, strict=True)]),
        not_named=not_named,
        unanswered=len(asked) - len(answered),
    )
