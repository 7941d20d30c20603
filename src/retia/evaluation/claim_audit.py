"""Whether reasons are true: claims of answers held against what is known, by kind and by place.

In:  answers of one voice (about the real, the blank or somebody else's image) with their cases.
Out: a `ClaimAudit`. Claims are read by the closed vocabulary (`retia.claims`), never by a model.

What is counted. A claim made twice in an answer counts once. Hedged claims ("possibly") stand
apart: they are neither right nor wrong, and they find nothing. What nobody looked for is unknown:
a claim about it is unsupported. Rates:

- precision: supported of all claims; recall: truth items (a kind, a kind in a quadrant) that a
  supported claim names; F1: their harmonic mean, only where there is something to find.
- hallucination: of the claims that a thing is there (without number and degree) and that the truth
  can decide, those that it denies: nothing of the kind is there, or nothing in that place.
- over-denial: of the claims that a thing is absent and that the truth can decide, those that deny
  what is there.
- conflict: of the answers whose reasons claim something and that settle on a stage or phase, those
  that do not follow from these reasons (`claims.consistent`), whatever the truth.
- clash: of the answers that claim something, those that both affirm and deny the same.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retia.claims import Agreement
from retia.errors import UserError
from retia.evaluation.claim_rows import FACETS, ClaimRow, Facet, Share, read_claims
from retia.records import Case
from retia.statistics import Interval, bootstrap_interval, ratio_interval

Settings = dict[str, Any]
"""`resamples`, `level`, `seed` of the intervals."""

RATES = {
    "hallucination": "Said to be there, but the truth denies it",
    "over_denial": "Said to be absent, but it is there",
    "hedged": "Claims that are hedged",
    "conflict": "Answers that contradict their own reasons",
    "clash": "Answers that affirm and deny the same",
}
"""Rate to what it is called; in this order. Of each, less is better (of `hedged`, neither)."""

COMPARED = ("precision", "recall", *RATES)


@dataclass(frozen=True, kw_only=True)
class Scores:
    """The claims of one kind or about one place, or all of them."""

    counts: Agreement
    answers: int
    """That claim anything of the sort, or should have."""
    precision: Interval
    recall: Interval
    f1: Interval

    @property
    def missed(self) -> int:
        """Truth items that no supported claim names."""
        return self.counts.items - self.counts.found

    def as_json(self) -> dict[str, Any]:
        """All numbers."""
        counts = self.counts
        return {
            "answers": self.answers,
            "claims": counts.claims,
            "supported": counts.supported,
            "contradicted": counts.contradicted,
            "unsupported": counts.unsupported,
            "truth_items": counts.items,
            "missed": self.missed,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
        }


@dataclass(frozen=True, kw_only=True)
class ClaimAudit:
    """All about the claims of one voice."""

    rows: list[ClaimRow]
    """One an answer, in their order."""
    total: Scores
    facets: dict[Facet, dict[str, Scores]]
    """Per facet (kind, quadrant, ring, side, organ) and its value."""
    hedged: Agreement
    """How the hedged claims would have fared."""
    rates: dict[str, Interval]
    """Those of `RATES`."""
    misplaced: int
    """Of the hallucinated claims, those whose kind is in the image, but elsewhere."""
    undecided: int
    """Claims that a thing is there which the truth can neither support nor deny."""
    rings_right: Interval
    """Of supported claims with quadrant and ring, those whose ring is right too."""
    unjudged: dict[str, int]
    """Why claims of an answer could not be held against anything, with the number of answers."""
    unsettled: dict[str, int]
    """Why an answer could not be held against its own reasons, likewise."""

    @property
    def applicable(self) -> bool:
        """Whether the claims of any answer could be judged."""
        return sum(self.unjudged.values()) < len(self.rows)

    def summary(self) -> dict[str, Any] | str:
        """The headline numbers; `not applicable` where nothing could be judged."""
        if not self.applicable:
            return "not applicable"
        total = self.total.as_json()
        return (
            {"answers": len(self.rows)}
            | {k: v for k, v in total.items() if k != "answers"}
            | ({f"{name}_rate": rate for name, rate in self.rates.items()})
        )

    def as_json(self) -> dict[str, Any]:
        """All numbers, intervals as they are."""
        per_facet = {
            facet: {name: scores.as_json() for name, scores in own.items()}
            for facet, own in self.facets.items()
        }
        return {
            "applicable": self.applicable,
            "answers": len(self.rows),
            "all": self.total.as_json(),
            "rates": self.rates,
            "misplaced": self.misplaced,
            "undecided": self.undecided,
            "rings_right": self.rings_right,
            "hedged": {
                "supported": self.hedged.supported,
                "contradicted": self.hedged.contradicted,
                "unsupported": self.hedged.unsupported,
            },
            "by": per_facet,
            "not_judged": self.unjudged,
            "not_held_against_reasons": self.unsettled,
        }

    def lines(self) -> list[str]:
        """The headline numbers for people."""
        reasons = [f"  not judged: {n} answers ({why})" for why, n in self.unjudged.items()]
        if not self.applicable:
            return ["claims of the reasons: not applicable", *reasons]
        total = self.total
        lines = [
            f"claims of the reasons: {total.counts.claims} in {len(self.rows)} answers, "
            f"{total.counts.supported} supported, {total.counts.contradicted} contradicted, "
            f"{total.counts.unsupported} unsupported; {total.missed} of {total.counts.items} "
            "truth items missed",
            f"  precision {total.precision}; recall {total.recall}; F1 {total.f1}",
        ]
        return lines + [f"  {RATES[name]}: {rate}" for name, rate in self.rates.items()] + reasons


def audit_claims(rows: Sequence[tuple[Case, str, str]], settings: Settings) -> ClaimAudit:
    """Hold the claims of answers against what is known of their images.

    Args:
        rows: Per answer its case, its text (JSON or plain; an empty one claims nothing and misses
            all), and the cluster that intervals resample.
        settings: Of the intervals.
    """
    read = [read_claims(case, text, cluster) for case, text, cluster in rows]
    clusters = [row.cluster for row in read]
    rings = [Share(row.total.rings_right, row.total.rings) for row in read]
    shares = {name: [row.shares.get(name) for row in read] for name in RATES}
    return ClaimAudit(
        rows=read,
        total=_scores([(row.total, row.cluster) for row in read if row.judged_by_truth], settings),
        facets={facet: _facet(read, facet, settings) for facet in FACETS},
        hedged=sum((row.hedged for row in read), Agreement()),
        rates={name: _rate(own, clusters, settings) for name, own in shares.items()},
        misplaced=sum(row.misplaced for row in read),
        undecided=sum(row.undecided for row in read),
        rings_right=_rate(rings, clusters, settings),
        unjudged=dict(Counter(row.unjudged for row in read if row.unjudged is not None)),
        unsettled=dict(Counter(row.unsettled for row in read if row.unsettled is not None)),
    )


def claim_gaps(
    voices: Mapping[str, ClaimAudit], settings: Settings
) -> dict[str, dict[str, Interval]]:
    """Per control and measure: the real voice minus that control, paired by answer.

    Args:
        voices: `real` and its controls, over the same answers in the same order.
        settings: Of the intervals.

    Raises:
        UserError: If a control answers other cases.
    """
    real = voices["real"]
    gaps: dict[str, dict[str, Interval]] = {}
    for name, other in voices.items():
        if name == "real":
            continue
        if [row.case.id for row in other.rows] != [row.case.id for row in real.rows]:
            raise UserError(
                f"claims under {name!r} are of other cases than those under 'real' "
                f"({len(other.rows)} and {len(real.rows)} answers). Expected the same questions."
            )
        gaps[name] = {
            measure: _gap([_share(row, measure) for row in real.rows], other, measure, settings)
            for measure in COMPARED
        }
    return gaps


def _share(row: ClaimRow, measure: str) -> Share | None:
    if measure == "precision":
        return Share(row.total.supported, row.total.claims)
    if measure == "recall":
        return Share(row.total.found, row.total.items)
    return row.shares.get(measure)


def _gap(
    first: Sequence[Share | None], other: ClaimAudit, measure: str, settings: Settings
) -> Interval:
    nothing = Share(0, 0)
    pairs = [
        ((*(one or nothing), *(_share(row, measure) or nothing)), row.cluster)
        for one, row in zip(first, other.rows, strict=True)
    ]
    # An answer with nothing to share under either voice is no witness.
    known = [(pair, cluster) for pair, cluster in pairs if pair[1] or pair[3]]
    table = np.array([pair for pair, _ in known], dtype=float).reshape(-1, 4)

    def gap(part: np.ndarray) -> float:
        said, of, other_said, other_of = part.sum(axis=0)
        return said / of - other_said / other_of if of and other_of else float("nan")

    return _of_sums(gap, table, [cluster for _, cluster in known], settings)


def _facet(rows: Sequence[ClaimRow], facet: Facet, settings: Settings) -> dict[str, Scores]:
    names = sorted({name for row in rows for name in row.facets.get(facet, {})})
    return {
        name: _scores(
            [
                (row.facets[facet][name], row.cluster)
                for row in rows
                if name in row.facets.get(facet, {})
            ],
            settings,
        )
        for name in names
    }


def _scores(parts: Sequence[tuple[Agreement, str]], settings: Settings) -> Scores:
    clusters = [cluster for _, cluster in parts]
    table = np.array(
        [[a.supported, a.claims, a.found, a.items] for a, _ in parts], dtype=float
    ).reshape(-1, 4)
    return Scores(
        counts=sum((a for a, _ in parts), Agreement()),
        answers=len(parts),
        precision=_rate([Share(a.supported, a.claims) for a, _ in parts], clusters, settings),
        recall=_rate([Share(a.found, a.items) for a, _ in parts], clusters, settings),
        f1=_of_sums(_f1, table, clusters, settings),
    )


def _f1(table: np.ndarray) -> float:
    """Of supported, claims, found and items, shape `(N, 4)`; NaN where there is nothing to find."""
    supported, claims, found, items = table.sum(axis=0)
    if not items:
        return float("nan")
    precision, recall = supported / claims if claims else 0.0, found / items
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0


def _rate(shares: Sequence[Share | None], clusters: Sequence[str], settings: Settings) -> Interval:
    """Interval of a ratio of sums; only answers that have something to share count as rows."""
    known = [(s, c) for s, c in zip(shares, clusters, strict=True) if s is not None and s.of]
    return ratio_interval(
        [s.part for s, _ in known], [s.of for s, _ in known], [c for _, c in known], **settings
    )


def _of_sums(
    statistic: Any, table: np.ndarray, clusters: Sequence[str], settings: Settings
) -> Interval:
    """Bootstrap a statistic of column sums on the sums of the clusters: the same draws, faster."""
    names = list(dict.fromkeys(clusters))
    place = {name: i for i, name in enumerate(names)}
    sums = np.zeros((len(names), table.shape[1]))
    np.add.at(sums, [place[c] for c in clusters], table)
    interval = bootstrap_interval(statistic, [sums], names, **settings)
    return Interval(**{**interval.__dict__, "rows": len(table)})
