"""All numbers of the protocol.

In:  replies under three wordings, rows with deltas, the blind baselines' guesses.
Out: a `Cfproxy`: every figure of the source, beside the same figure without its flaw.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retia.evaluation.answers.scores import read_guess
from retia.evaluation.audit import plain
from retia.evaluation.cfproxy.conventions import CONVENTIONS, right_by
from retia.evaluation.cfproxy.replies import Reply
from retia.evaluation.cfproxy.rows import ProxyRow
from retia.evaluation.cfproxy.settings import CfproxySettings
from retia.evaluation.plan.blind import Blind
from retia.evaluation.plan.items import Item
from retia.evaluation.plan.protocols import TITLES, Protocol
from retia.evaluation.question_audit import Settings, clusters_of
from retia.statistics import Interval, mcnemar, mean_interval, random_risk_coverage, risk_coverage

LEAST_DISCORDANT = 10
"""With fewer items that flip under one of the two removals alone, no p-value is given."""
CLOSED = ("yes_no", "choice")


@dataclass(frozen=True, kw_only=True)
class Cfproxy:
    """What the protocol found."""

    folder: Path
    """Folder of the samples, in which the images lie."""
    rows: list[ProxyRow]
    """One a question, under the wording of the settings."""
    replies: dict[Protocol, list[Reply]]
    settings: CfproxySettings
    counts: dict[str, Any]
    prompts: dict[Protocol, dict[str, Any]]
    """Per wording: parse rate, box rate, accuracy of the strict convention and of the source."""
    conventions: dict[str, dict[str, Any]]
    """Per convention: accuracy of all, of closed and open questions, with unread replies dropped,
    and of both blind baselines."""
    thresholds: list[dict[str, Any]]
    """Per threshold of the caption-question score: coverage, accuracy."""
    ordering: dict[str, float | None]
    """AURC of that score, and of a random order."""
    effects: dict[str, dict[str, dict[str, Any]]]
    """Per source of regions: of `all` replies with deltas, and of the `right` ones."""
    flips: dict[str, dict[str, Any]]
    """Per source of regions: how many answers flip, region against random region."""
    unmeasured: dict[str, int]
    """Why replies have no deltas, or no flips, with how many."""

    def as_json(self) -> dict[str, Any]:
        """All numbers."""
        names = ("counts", "prompts", "conventions", "thresholds", "ordering", "effects", "flips")
        return {name: getattr(self, name) for name in (*names, "unmeasured")}

    def summary(self) -> dict[str, Any]:
        """All numbers as plain JSON values."""
        return plain(self.as_json())

    def lines(self) -> list[str]:
        """The headline numbers for people."""
        counts = self.counts
        lines = [f"cfproxy: {counts['items']} questions about {counts['cases']} images"]
        for protocol, own in self.prompts.items():
            lines.append(
                f"  {TITLES[protocol]:24s} parsed {own['parsed']:.3f}, box {own['box']:.3f}, "
                f"right {own['strict']}"
            )
        own = self.conventions["source"]
        lines.append(f"  by the source's convention, unread replies dropped: {own['parsed_only']}")
        for source, found in self.effects.items():
            lines.append(f"  {source} regions, delta beyond random: {found['all']['effect']}")
        if not self.effects:
            lines.append("  no reply has a region that could be removed: no deltas")
        return lines


def proxy_numbers(
    folder: Path,
    replies: Mapping[Protocol, Sequence[Reply]],
    rows: Sequence[ProxyRow],
    training: Sequence[Item],
    settings: CfproxySettings,
    intervals: Settings,
) -> Cfproxy:
    """Measure.

    Args:
        folder: Of the samples.
        replies: Per wording, the same questions in the same order.
        rows: Of the wording of the settings, in that order.
        training: Questions of the training cases, for the blind baselines; may be empty.
        settings: Of the protocol.
        intervals: `resamples`, `level`, `seed`.
    """
    items = [row.reply.item for row in rows]
    unit, clusters = clusters_of([item.case for item in items])

    def mean(values: Sequence[float | None]) -> Interval:
        return mean_interval(values, clusters, **intervals)

    own = [row.reply for row in rows]
    sources = sorted({row.region_source for row in rows if row.region_source is not None})
    reasons = Counter(row.unmeasured for row in rows if row.unmeasured)
    reasons |= Counter(f"no flips: {row.unflipped}" for row in rows if row.unflipped)
    return Cfproxy(
        folder=folder,
        rows=list(rows),
        replies={name: list(said) for name, said in replies.items()},
        settings=settings,
        counts={
            "items": len(items),
            "cases": len({item.case.id for item in items}),
            "groups": len({item.case.group for item in items}),
            "intervals_resample": unit,
            "prompt": settings.prompt,
            "no_reply": sum(reply.trouble is not None for reply in own),
            "delta_kinds": dict(Counter(row.delta_kind for row in rows if row.delta_kind)),
            "fill": settings.fill,
            "random_regions": settings.random_regions,
        },
        prompts={name: _prompt_numbers(said, mean) for name, said in replies.items()},
        conventions={
            name: _convention_numbers(name, own, _guesses(items, training), mean)
            for name in CONVENTIONS
        },
        thresholds=[_threshold_numbers(own, at, mean) for at in (0.0, *settings.thresholds)],
        ordering=_ordering(own),
        effects={source: _effect_numbers(rows, source, mean) for source in sources},
        flips={source: _flip_numbers(rows, source, mean) for source in sources},
        unmeasured=dict(reasons),
    )


Mean = Callable[[Sequence[float | None]], Interval]
"""One value a row, or None where it does not count, to a clustered interval of their mean."""


def _prompt_numbers(replies: Sequence[Reply], mean: Mean) -> dict[str, Any]:
    return {
        "parsed": float(np.mean([r.answer is not None for r in replies])),
        "captioned": float(np.mean([bool(r.caption) for r in replies])),
        "box": float(np.mean([r.has_box for r in replies])),
        "strict": mean([r.right["strict"] for r in replies]),
        "source": mean([r.right["source"] for r in replies]),
        "source_parsed_only": mean([r.right["source"] if r.answer else None for r in replies]),
        "no_reply": sum(r.trouble is not None for r in replies),
    }


def _guesses(items: Sequence[Item], training: Sequence[Item]) -> dict[str, list[dict[str, bool]]]:
    """Per baseline and question, whether its guess is right by each convention."""
    if not training:
        return {}
    blind = Blind(training)
    voices = {"majority": blind.majority, "question_only": blind.question_only}
    return {
        name: [right_by(read_guess(item, guess(item))) for item in items]
        for name, guess in voices.items()
    }


def _convention_numbers(
    name: str,
    replies: Sequence[Reply],
    guesses: Mapping[str, Sequence[Mapping[str, bool]]],
    mean: Mean,
) -> dict[str, Any]:
    right = [reply.right[name] for reply in replies]
    closed = [reply.item.gold.type in CLOSED for reply in replies]
    return {
        "all": mean(right),
        "parsed_only": mean([r.right[name] if r.answer else None for r in replies]),
        "closed": mean([r if c else None for r, c in zip(right, closed, strict=True)]),
        "open": mean([None if c else r for r, c in zip(right, closed, strict=True)]),
        **{voice: mean([guess[name] for guess in own]) for voice, own in guesses.items()},
    }


def _threshold_numbers(replies: Sequence[Reply], at: float, mean: Mean) -> dict[str, Any]:
    kept = [reply.confidence >= at for reply in replies]

    def among(name: str) -> Interval:
        return mean([r.right[name] if k else None for r, k in zip(replies, kept, strict=True)])

    return {
        "threshold": at,
        "coverage": mean(kept),
        "strict": among("strict"),
        "source": among("source"),
        "source_parsed_only": mean(
            [
                r.right["source"] if k and r.answer else None
                for r, k in zip(replies, kept, strict=True)
            ]
        ),
    }


def _ordering(replies: Sequence[Reply]) -> dict[str, float | None]:
    """Area under risk over coverage, by the caption-question score and by chance; 0 at best."""
    right = np.array([reply.right["strict"] for reply in replies], bool)
    if not len(right):
        return {"aurc": None, "random_aurc": None}
    sure = np.array([reply.confidence for reply in replies])
    return {
        "aurc": risk_coverage(right, sure).aurc(),
        "random_aurc": random_risk_coverage(right).aurc(),
    }


def _effect_numbers(rows: Sequence[ProxyRow], source: str, mean: Mean) -> dict[str, dict[str, Any]]:
    def of(wanted: Callable[[ProxyRow], bool]) -> dict[str, Any]:
        own = [r if r.region_source == source and wanted(r) else None for r in rows]
        measured = [r for r in own if r is not None and r.delta_roi is not None]
        return {
            "items": len(measured),
            "groups": len({r.reply.item.case.group for r in measured}),
            "delta_roi": mean([r and r.delta_roi for r in own]),
            "delta_rand": mean([r and r.delta_rand for r in own]),
            "effect": mean([r and r.effect for r in own]),
        }

    return {"right": of(lambda row: row.reply.right["strict"]), "all": of(lambda _: True)}


def _flip_numbers(rows: Sequence[ProxyRow], source: str, mean: Mean) -> dict[str, Any]:
    flips = [row.flips if row.region_source == source else None for row in rows]
    known = [flip for flip in flips if flip is not None]
    test = mcnemar([f.roi for f in known], [f.rand for f in known])
    enough = test.discordant >= LEAST_DISCORDANT
    return {
        "items": len(known),
        "roi": mean([f and float(f.roi) for f in flips]),
        "rand": mean([f and float(f.rand) for f in flips]),
        "noise": mean([f and float(f.noise) for f in flips]),
        "roi_minus_rand": mean([f and float(f.roi) - float(f.rand) for f in flips]),
        "roi_alone": test.only_first,
        "rand_alone": test.only_second,
        "p": test.p if enough else None,
        "note": None
        if enough
        else f"no p-value: {test.discordant} items flip under one of the two alone, "
        f"at least {LEAST_DISCORDANT} are needed",
    }
