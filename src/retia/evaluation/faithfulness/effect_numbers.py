"""Scores to effects: what a region takes beyond random ones, by fill, by dose, and kept alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from retia.evaluation.faithfulness.measured import FillScores, ProbeRow
from retia.statistics import Interval, holm, mean_interval
from retia.statistics.bootstrap import MINIMUM_GROUPS

Settings = dict[str, Any]
"""`resamples`, `level`, `seed` of the intervals."""
Cluster = Callable[[ProbeRow], str]

PERMUTATIONS = 9999


@dataclass(frozen=True, kw_only=True)
class EffectNumbers:
    """One fill. All but `effect_all` over right answers; nats per token."""

    fill: str
    items: int
    """Right answers."""
    groups: int
    all_items: int
    delta_roi: Interval
    delta_random: Interval
    effect: Interval
    effect_all: Interval
    """Over wrong answers as well."""
    p: float | None
    """Two-sided, the signs of whole groups flipped; None with too few groups."""
    p_holm: float | None
    """Corrected for the number of fills (Holm 1979)."""
    artefact: Interval
    """Mean size of a random region's delta minus that under invisible noise, over all answers:
    what the fill does as such. Far above 0, it shows the model an image of a kind it never saw."""


@dataclass(frozen=True, kw_only=True)
class KeptNumbers:
    """Nothing but the region is kept; over right answers."""

    items: int
    delta_roi: Interval
    delta_random: Interval
    advantage: Interval
    """What a random region loses beyond the region: above 0 where the region says more."""


@dataclass(frozen=True, kw_only=True)
class DoseNumbers:
    """One share of the region's area; over right answers."""

    share: float
    items: int
    delta_roi: Interval
    delta_random: Interval
    effect: Interval


def mean_of(
    values: Sequence[float], rows: Sequence[ProbeRow], cluster: Cluster, settings: Settings
) -> Interval:
    """The mean over rows, with its interval."""
    return mean_interval(values, [cluster(r) for r in rows], **settings)


def effect_of(row: ProbeRow, scores: FillScores) -> float:
    """What the region takes beyond random ones."""
    return row.delta(scores.removed) - float(np.mean([row.delta(s) for s in scores.random]))


def effect_numbers(
    rows: Sequence[ProbeRow], cluster: Cluster, settings: Settings
) -> tuple[EffectNumbers, ...]:
    """The effects of every fill, p-values corrected for their number."""
    fills = dict.fromkeys(fill for row in rows for fill in row.measured.fills)
    found = [_effect(fill, rows, cluster, settings) for fill in sorted(fills)]
    tested = [own.p for own in found if own.p is not None]
    corrected = iter(holm(tested))
    return tuple(own if own.p is None else replace(own, p_holm=next(corrected)) for own in found)


def _effect(
    fill: str, rows: Sequence[ProbeRow], cluster: Cluster, settings: Settings
) -> EffectNumbers:
    having = [row for row in rows if fill in row.measured.fills]
    right = [row for row in having if row.probe.right]
    every = [effect_of(row, row.measured.fills[fill]) for row in having]
    effects = [effect_of(row, row.measured.fills[fill]) for row in right]
    groups = [cluster(row) for row in right]
    artefacts = [
        float(np.mean([abs(row.delta(s)) for s in row.measured.fills[fill].random]))
        - abs(row.delta(row.measured.noise))
        for row in having
        if row.measured.noise is not None
    ]
    return EffectNumbers(
        fill=fill,
        items=len(right),
        groups=len(set(groups)),
        all_items=len(having),
        **_deltas([(row, row.measured.fills[fill]) for row in right], cluster, settings),
        effect=mean_of(effects, right, cluster, settings),
        effect_all=mean_of(every, having, cluster, settings),
        p=sign_flip_p(effects, groups, settings["seed"]),
        p_holm=None,
        artefact=mean_of(artefacts, having, cluster, settings),
    )


def _deltas(
    pairs: Sequence[tuple[ProbeRow, FillScores]], cluster: Cluster, settings: Settings
) -> dict[str, Interval]:
    rows = [row for row, _ in pairs]
    roi = [row.delta(scores.removed) for row, scores in pairs]
    random = [float(np.mean([row.delta(s) for s in scores.random])) for row, scores in pairs]
    return {
        "delta_roi": mean_of(roi, rows, cluster, settings),
        "delta_random": mean_of(random, rows, cluster, settings),
    }


def sign_flip_p(values: Sequence[float], groups: Sequence[str], seed: int) -> float | None:
    """Two-sided p-value of "the mean is 0": the signs of whole groups are flipped at random.

    Args:
        values: One a row.
        groups: Group of each row.
        seed: Same seed, same value.

    Returns:
        At least 1 / (PERMUTATIONS + 1); None with fewer than `MINIMUM_GROUPS` groups.
    """
    sums: dict[str, float] = {}
    for value, group in zip(values, groups, strict=True):
        sums[group] = sums.get(group, 0.0) + value
    if len(sums) < MINIMUM_GROUPS:
        return None
    own = np.array(list(sums.values()))
    signs = np.random.default_rng(seed).integers(0, 2, (PERMUTATIONS, len(own))) * 2 - 1
    # The slack keeps equal sums equal, whatever the order of adding.
    as_far = np.abs(signs @ own) >= abs(own.sum()) - 1e-9 * np.abs(own).sum()
    return float(1 + as_far.sum()) / (PERMUTATIONS + 1)


def kept_numbers(
    rows: Sequence[ProbeRow], cluster: Cluster, settings: Settings
) -> KeptNumbers | None:
    """What is left when nothing but the region is; None where that was not measured."""
    pairs = [(row, row.measured.kept) for row in rows if row.measured.kept is not None]
    if not pairs:
        return None
    own = [row for row, _ in pairs]
    return KeptNumbers(
        items=len(pairs),
        **_deltas(pairs, cluster, settings),
        advantage=mean_of([-effect_of(r, s) for r, s in pairs], own, cluster, settings),
    )


def _dosed(row: ProbeRow) -> dict[float, FillScores]:
    """Scores by dose, the whole region among them; empty where no doses were given."""
    if not row.measured.doses or row.measured.main not in row.measured.fills:
        return {}
    parts = {d.share: FillScores(removed=d.removed, random=d.random) for d in row.measured.doses}
    whole = row.measured.fills[row.measured.main]
    count = len(row.measured.doses[0].random)
    # The same random regions at every dose.
    return parts | {1.0: FillScores(removed=whole.removed, random=whole.random[:count])}


def dose_numbers(
    rows: Sequence[ProbeRow], cluster: Cluster, settings: Settings
) -> tuple[DoseNumbers, ...]:
    """What is lost at each dose, and at the same dose of random regions."""
    dosed = [(row, own) for row in rows if (own := _dosed(row))]
    shares = sorted({share for _, own in dosed for share in own})
    found = []
    for share in shares:
        pairs = [(row, own[share]) for row, own in dosed if share in own]
        effects = [effect_of(row, scores) for row, scores in pairs]
        found.append(
            DoseNumbers(
                share=share,
                items=len(pairs),
                **_deltas(pairs, cluster, settings),
                effect=mean_of(effects, [row for row, _ in pairs], cluster, settings),
            )
        )
    return tuple(found)


def dose_rank(rows: Sequence[ProbeRow], cluster: Cluster, settings: Settings) -> Interval | None:
    """Mean rank correlation (Spearman) of dose and loss; an answer that never changes counts 0."""
    from scipy.stats import rankdata

    found = []
    for row in rows:
        own = _dosed(row)
        if own:
            losses = rankdata([row.delta(own[share].removed) for share in sorted(own)])
            same = np.ptp(losses) == 0
            correlation = 0.0 if same else np.corrcoef(losses, np.arange(len(losses)))[0, 1]
            found.append((row, float(correlation)))
    if not found:
        return None
    return mean_of([value for _, value in found], [row for row, _ in found], cluster, settings)
