"""Paired yes-or-no outcomes, and many p-values at once.

In:  two outcomes a row; p-values.
Out: a `McNemar`; p-values that allow for how many were looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class McNemar:
    """Rows on which two conditions differ, and how surprising their imbalance is."""

    only_first: int
    """Rows that are true under the first condition alone."""
    only_second: int
    """Rows that are true under the second condition alone."""
    rows: int
    """All rows, those on which both agree among them."""
    p: float
    """Exact, two-sided: never smaller than it should be."""
    mid_p: float
    """Outcomes as likely as the one seen count half: less timid than the exact one."""

    @property
    def discordant(self) -> int:
        """Rows on which the two differ; only these carry information."""
        return self.only_first + self.only_second


def mcnemar(first: Sequence[bool] | np.ndarray, second: Sequence[bool] | np.ndarray) -> McNemar:
    """Test whether two conditions are true equally often, on the same rows.

    McNemar 1947, with the binomial distribution of the discordant rows in place of chi squared;
    mid-p after Fagerland et al. 2013 (BMC Med Res Methodol 13:91). Rows are taken as independent:
    where several belong to one patient, read it beside a clustered interval.

    Args:
        first: One a row.
        second: One a row, in the same order.

    Returns:
        The counts and p-values; without a discordant row both are 1.

    Raises:
        ValueError: If the lengths differ.
    """
    from scipy.stats import binom

    one, two = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if one.shape != two.shape:
        raise ValueError(f"Expected as many outcomes on both sides, got {len(one)} and {len(two)}.")
    only_first, only_second = int((one & ~two).sum()), int((~one & two).sum())
    fewer, total = min(only_first, only_second), only_first + only_second
    seen = float(binom.pmf(fewer, total, 0.5))
    p = min(1.0, 2 * float(binom.cdf(fewer, total, 0.5)))
    # With both counts equal the outcome is its own mirror image and counts once, not twice.
    half = seen if only_first != only_second else seen / 2
    return McNemar(
        only_first=only_first,
        only_second=only_second,
        rows=len(one),
        p=p,
        mid_p=p - half if total else 1.0,
    )


def holm(p_values: Sequence[float] | np.ndarray) -> list[float]:
    """Correct p-values for how many there are; below alpha means significant at alpha.

    Holm 1979: the smallest is multiplied by their number, the next by one less, and so on; none
    becomes smaller than the one before it. Keeps the chance of a single false alarm among all of
    them below alpha, whatever their dependence.

    Args:
        p_values: In [0, 1], in any order.

    Returns:
        The corrected ones in the order given.

    Raises:
        ValueError: If one is no number in [0, 1].
    """
    p = np.asarray(p_values, dtype=float)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"Expected p-values in [0, 1], got {p.tolist()}.")
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected.tolist()
