"""Percentile intervals from resampling whole groups (patients, eyes, videos), never single rows.

In:  arrays with one row an item, the group of each row, and a function of those arrays.
Out: an `Interval`: estimate, bounds, and how many rows and groups it rests on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MINIMUM_GROUPS = 10
"""With fewer groups a percentile interval is far too narrow, so none is given."""

Statistic = Callable[..., float]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An estimate and its interval; the bounds are None where there are too few groups."""

    estimate: float | None
    low: float | None
    high: float | None
    rows: int
    groups: int
    level: float = 0.95
    note: str | None = None
    """Why there are no bounds, or why they are doubtful."""

    def covers(self, value: float, slack: float = 1e-9) -> bool:
        """Whether the interval holds the value; False where there is no interval."""
        if self.low is None or self.high is None:
            return False
        return self.low - slack <= value <= self.high + slack

    def __str__(self) -> str:
        """`0.912 (0.871 to 0.948)`; the note in place of absent bounds."""
        if self.estimate is None:
            return f"not applicable ({self.note})" if self.note else "not applicable"
        if self.low is None or self.high is None:
            return f"{self.estimate:.3f} ({self.note})"
        return f"{self.estimate:.3f} ({self.low:.3f} to {self.high:.3f})"


def bootstrap_interval(
    statistic: Statistic,
    arrays: Sequence[np.ndarray],
    groups: Sequence[str],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    minimum: int = MINIMUM_GROUPS,
) -> Interval:
    """Clustered bootstrap percentile interval of a statistic.

    Args:
        statistic: Called with the arrays (resampled along axis 0); NaN means "not defined here".
        arrays: Each of shape ``(N, ...)``.
        groups: Group of each row, length ``N``.
        resamples: How often groups are drawn with replacement.
        level: Coverage that is aimed at, in (0, 1).
        seed: Same seed, same interval.
        minimum: Fewer groups than this give no bounds, and a note that says so.

    Returns:
        The interval. Resamples in which the statistic is NaN are left out.
    """

    def alone(*rows: np.ndarray) -> dict[str, float]:
        return {"": statistic(*rows) if len(groups) else float("nan")}

    several = bootstrap_intervals(
        alone, arrays, groups, resamples=resamples, level=level, seed=seed, minimum=minimum
    )
    return several[""]


def bootstrap_intervals(
    statistics: Callable[..., Mapping[str, float]],
    arrays: Sequence[np.ndarray],
    groups: Sequence[str],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    minimum: int = MINIMUM_GROUPS,
) -> dict[str, Interval]:
    """Intervals of several statistics, all of them on the same draws.

    For statistics that share most of their work, such as everything read off one curve.

    Args:
        statistics: As in `bootstrap_interval`, but returns several by name, always the same ones,
            NaN each where there are no rows.
        arrays: Each of shape ``(N, ...)``.
        groups: Group of each row, length ``N``.
        resamples: How often groups are drawn with replacement.
        level: Coverage that is aimed at, in (0, 1).
        seed: Same seed, same intervals.
        minimum: Fewer groups than this give no bounds.

    Returns:
        One interval a name, each the same as `bootstrap_interval` of that statistic alone.
    """
    arrays = [np.asarray(a) for a in arrays]
    members = _members(groups)
    counts = {"rows": len(groups), "groups": len(members), "level": level}
    estimates = statistics(*arrays)
    drawn: list[Mapping[str, float]] = []
    if len(members) >= minimum and np.isfinite(list(estimates.values())).any():
        drawn = _resample(statistics, arrays, members, resamples, seed)

    def draws_of(name: str) -> Callable[[], np.ndarray]:
        def draw() -> np.ndarray:
            draws = np.array([values[name] for values in drawn])
            return draws[np.isfinite(draws)]

        return draw

    return {
        name: _interval(float(value), draws_of(name), counts, resamples, minimum)
        for name, value in estimates.items()
    }


def ratio_interval(
    numerators: Sequence[float] | np.ndarray,
    denominators: Sequence[float] | np.ndarray,
    groups: Sequence[str],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    minimum: int = MINIMUM_GROUPS,
) -> Interval:
    """Clustered bootstrap interval of `sum(numerators) / sum(denominators)`.

    The same draws as `bootstrap_interval` with that statistic, but on the sums of the groups, some
    hundred times as fast. Denominators of 1 make it a mean; a paired difference of means is the
    mean of the differences.

    Args:
        numerators: One a row.
        denominators: One a row; a sum of 0 means "not defined here".
        groups: Group of each row.
        resamples: How often groups are drawn with replacement.
        level: Coverage that is aimed at, in (0, 1).
        seed: Same seed, same interval.
        minimum: Fewer groups than this give no bounds.
    """
    members = _members(groups)
    columns = np.array([numerators, denominators], dtype=float).T.reshape(-1, 2)
    sums = np.array([columns[m].sum(axis=0) for m in members]).reshape(-1, 2)

    def ratio(table: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return table[..., 0] / table[..., 1]

    def draw() -> np.ndarray:
        rng = np.random.default_rng(seed)
        picked = rng.integers(len(sums), size=(resamples, len(sums)))
        draws = ratio(sums[picked].sum(axis=1))
        return draws[np.isfinite(draws)]

    counts = {"rows": len(columns), "groups": len(members), "level": level}
    return _interval(float(ratio(sums.sum(axis=0))), draw, counts, resamples, minimum)


def mean_interval(
    values: Sequence[float | None] | np.ndarray, groups: Sequence[str], **settings: Any
) -> Interval:
    """Clustered bootstrap interval of the mean of the values that are there.

    Args:
        values: One a row; None where there is none: such rows are left out.
        groups: Group of each row.
        settings: `resamples`, `level`, `seed`, `minimum` of `ratio_interval`.
    """
    known = [(v, g) for v, g in zip(values, groups, strict=True) if v is not None]
    return ratio_interval(
        [value for value, _ in known], np.ones(len(known)), [g for _, g in known], **settings
    )


def _interval(
    estimate: float,
    draw: Callable[[], np.ndarray],
    counts: dict[str, Any],
    resamples: int,
    minimum: int,
) -> Interval:
    """Put bounds around an estimate, or say why there are none."""
    if not np.isfinite(estimate):
        return Interval(estimate=None, low=None, high=None, note="nothing to measure", **counts)
    if counts["groups"] < minimum:
        note = f"no interval: {counts['groups']} groups, at least {minimum} are needed"
        return Interval(estimate=estimate, low=None, high=None, note=note, **counts)
    draws = draw()
    if len(draws) < resamples / 2:
        note = f"no interval: defined in {len(draws)} of {resamples} resamples only"
        return Interval(estimate=estimate, low=None, high=None, note=note, **counts)
    level = counts["level"]
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Interval(estimate=estimate, low=float(low), high=float(high), **counts)


def paired_difference(
    statistic: Statistic,
    first: Sequence[np.ndarray],
    second: Sequence[np.ndarray],
    groups: Sequence[str],
    **settings: float,
) -> Interval:
    """Interval of `statistic(first) - statistic(second)`, both on the same resampled groups.

    Args:
        statistic: As in `bootstrap_interval`.
        first: Arrays of the first condition, row by row paired with `second`.
        second: Arrays of the second condition.
        groups: Group of each row.
        settings: `resamples`, `level`, `seed`, `minimum` of `bootstrap_interval`.
    """
    split = len(first)

    def difference(*arrays: np.ndarray) -> float:
        return statistic(*arrays[:split]) - statistic(*arrays[split:])

    return bootstrap_interval(difference, [*first, *second], groups, **settings)  # type: ignore[arg-type]


def _members(groups: Sequence[str]) -> list[np.ndarray]:
    rows: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        rows.setdefault(group, []).append(row)
    return [np.array(r) for r in rows.values()]


def _resample(
    statistics: Callable[..., Mapping[str, float]],
    arrays: Sequence[np.ndarray],
    members: list[np.ndarray],
    resamples: int,
    seed: int,
) -> list[Mapping[str, float]]:
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(resamples):
        picked = rng.integers(len(members), size=len(members))
        rows = np.concatenate([members[g] for g in picked])
        draws.append(statistics(*(a[rows] for a in arrays)))
    return draws
