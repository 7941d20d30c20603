"""Rows to numbers: does the answer rest on the region, and do its reasons follow the image?

Sources and scopes never share a number. The primary figure is the effect

    effect = delta(region removed) - mean over random regions of delta(that one removed)

in nats per token, over answers that are right. Intervals resample whole groups.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from retia.evaluation.faithfulness.effect_numbers import (
    DoseNumbers,
    EffectNumbers,
    KeptNumbers,
    Settings,
    dose_numbers,
    dose_rank,
    effect_numbers,
    kept_numbers,
    mean_of,
)
from retia.evaluation.faithfulness.measured import NO_SCORES, ProbeRow
from retia.evaluation.faithfulness.regions import RegionSource, Scope
from retia.evaluation.faithfulness.reply_numbers import (
    FlipNumbers,
    NamedNumbers,
    flip_numbers,
    named_numbers,
)
from retia.statistics import Interval
from retia.statistics.bootstrap import MINIMUM_GROUPS

SOURCES: dict[RegionSource, str] = {
    "expert": "regions that experts marked",
    "simulator": "grown lesions, exactly known",
    "model": "the model's own boxes",
}
SCOPES: dict[Scope, str] = {
    "answer": "all that the answer rests on",
    "kind": "the findings of one kind",
}


@dataclass(frozen=True, kw_only=True)
class PartNumbers:
    """All numbers of one source and scope."""

    source: RegionSource
    scope: Scope
    probes: int
    judged: int
    """With scores."""
    groups: int
    """Of those."""
    right: int
    """Of those, answered right."""
    right_groups: int
    accuracy: Interval
    left_out: dict[str, int]
    """Probes without scores, by reason."""
    again: float | None
    """Largest change of score when the same image is scored again: 0 where scores are exact."""
    noise_floor: Interval
    """Mean size of the change of score under noise of one grey level."""
    effects: tuple[EffectNumbers, ...]
    """One a fill."""
    kept: KeptNumbers | None
    doses: tuple[DoseNumbers, ...]
    dose_rank: Interval | None
    """Mean rank correlation of the dose and what is lost."""
    flips: tuple[FlipNumbers, ...]
    named: NamedNumbers | None

    @property
    def name(self) -> str:
        """For people."""
        return f"{SOURCES[self.source]}: {SCOPES[self.scope]}"

    @property
    def rests(self) -> bool | None:
        """Whether the answer demonstrably rests on the region, whatever it is filled with.

        Fills with too few groups do not count; None where all are such, or there are no scores.
        """
        lows = [own.effect.low for own in self.effects if own.effect.low is not None]
        return all(low > 0 for low in lows) if lows else None


@dataclass(frozen=True, kw_only=True)
class Faithfulness:
    """All numbers of a study."""

    parts: tuple[PartNumbers, ...]
    left_out: dict[str, int] = field(default_factory=dict)
    """Answers of which no probe could be made, by reason."""

    def part(self, source: RegionSource, scope: Scope = "answer") -> PartNumbers | None:
        """The numbers of a source; None where there are none."""
        return next((p for p in self.parts if (p.source, p.scope) == (source, scope)), None)

    @property
    def main(self) -> PartNumbers | None:
        """The part the verdict is about: an expert's regions, else the simulator's, else own."""
        parts = (self.part(source) for source in SOURCES)
        return next((part for part in parts if part is not None), None)

    @property
    def rests(self) -> bool | None:
        """Whether the answer rests on the region, by the main part."""
        return None if self.main is None else self.main.rests

    def summary(self) -> dict[str, Any]:
        """The headline numbers."""
        return {
            "rests_on_the_region": self.rests,
            "parts": {
                f"{p.source}/{p.scope}": {
                    "probes": p.probes,
                    "judged": p.judged,
                    "right": p.right,
                    "effect": {own.fill: own.effect for own in p.effects},
                    "p_holm": {own.fill: own.p_holm for own in p.effects},
                }
                for p in self.parts
            },
            "left_out": self.left_out,
        }

    def lines(self) -> list[str]:
        """The headline numbers for people."""
        lines = []
        for part in self.parts:
            lines.append(f"{part.name}: {part.judged} of {part.probes} probes scored")
            lines += [f"  effect, {own.fill:12s} {own.effect}" for own in part.effects]
            if part.named is not None:
                lines.append(f"  named finding gone from the text: {part.named.vanished}")
        lines += [f"no probe: {reason} ({count})" for reason, count in self.left_out.items()]
        return lines


def faithfulness_numbers(
    rows: Sequence[ProbeRow],
    settings: Settings,
    left_out: Mapping[str, int] | None = None,
    clusters: Mapping[str, str] | None = None,
) -> Faithfulness:
    """Measure all rows.

    Args:
        rows: From `study`, in any order.
        settings: `resamples`, `level`, `seed` of the intervals.
        left_out: The reasons that `make_probes` counted.
        clusters: By case id what the intervals resample; without it, groups. (Of few videos:
            pieces of them.)
    """
    # In an order of their own, so that the order of the items changes no digit.
    rows = sorted(rows, key=lambda row: row.probe.key)

    def cluster(row: ProbeRow) -> str:
        case = row.probe.item.case
        return case.group if clusters is None else clusters[case.id]

    found = [
        _part(source, scope, own, cluster, settings)
        for source in SOURCES
        for scope in SCOPES
        if (own := [r for r in rows if _place(r) == (source, scope)])
    ]
    return Faithfulness(parts=tuple(found), left_out=dict(sorted((left_out or {}).items())))


def _place(row: ProbeRow) -> tuple[RegionSource, Scope]:
    return row.probe.region.source, row.probe.region.scope


def _part(
    source: RegionSource,
    scope: Scope,
    rows: Sequence[ProbeRow],
    cluster: Callable[[ProbeRow], str],
    settings: Settings,
) -> PartNumbers:
    judged = [r for r in rows if r.measured.original is not None]
    right = [r for r in judged if r.probe.right]
    # Without scores there is still what was answered; so accuracy is over whatever was judged.
    shown = judged or [r for r in rows if r.measured.answers]
    again = [abs(r.delta(r.measured.again)) for r in judged if r.measured.again is not None]
    noise = [abs(r.delta(r.measured.noise)) for r in judged if r.measured.noise is not None]
    return PartNumbers(
        source=source,
        scope=scope,
        probes=len(rows),
        judged=len(judged),
        groups=len({cluster(r) for r in judged}),
        right=len(right),
        right_groups=len({cluster(r) for r in right}),
        accuracy=mean_of([float(r.probe.right) for r in shown], shown, cluster, settings),
        left_out=dict(Counter(r.measured.reason for r in rows if r.measured.reason)),
        again=max(again, default=None),
        noise_floor=mean_of(noise, judged, cluster, settings),
        effects=effect_numbers(judged, cluster, settings),
        kept=kept_numbers(right, cluster, settings),
        doses=dose_numbers(right, cluster, settings),
        dose_rank=dose_rank(right, cluster, settings),
        flips=flip_numbers(rows, cluster, settings),
        named=named_numbers(rows, cluster, settings) if scope == "kind" else None,
    )


def verdict(part: PartNumbers) -> str:
    """One sentence: what the effects say."""
    if part.judged == 0 and part.left_out.get(NO_SCORES):
        return f"Not applicable: {NO_SCORES}. What can be asked again stands below."
    where = {
        "expert": "the region that experts marked",
        "simulator": "the lesions",
        "model": "the region it names itself",
    }[part.source]
    if part.rests is None:
        return (
            f"Whether the answer rests on {where} cannot be said: groups with a right "
            f"answer: {part.right_groups}; at least {MINIMUM_GROUPS} groups are needed."
        )
    if part.rests:
        return (
            f"The answer rests on {where}: under every fill, removing it costs clearly more than "
            "removing a random region of the same shape."
        )
    lows = [own.effect.low for own in part.effects if own.effect.low is not None]
    good = sum(low > 0 for low in lows)
    if good:
        return (
            f"There is mixed evidence that the answer rests on {where}: clearly under {good} of "
            f"{len(lows)} fills."
        )
    return (
        f"There is no evidence that the answer rests on {where}: removing it costs no more than "
        "removing a random region of the same shape."
    )


def twin_verdict(found: Faithfulness) -> str:
    """One sentence: what exact twins say, which leave no trace of what was removed; or nothing."""
    part = found.part("simulator", "kind")
    twin = next((own for own in part.effects if own.fill == "twin"), None) if part else None
    if twin is None or twin.effect.low is None or twin.effect.high is None:
        return ""
    if twin.effect.low > 0:
        return (
            f"Exact twins agree: a single finding that is truly absent costs the answer "
            f"{twin.effect} nats per token beyond transplanted tissue."
        )
    return (
        "Exact twins, eyes grown without a single finding, show no effect: "
        f"{twin.effect} nats per token beyond transplanted tissue. Either the other findings are "
        "enough for the answer, or it rests on what a fill leaves behind."
    )
