"""Charts of a counterfactual study: what is lost by fill and by dose, beside random regions."""

from collections.abc import Sequence

import numpy as np

from retia.evaluation.faithfulness.effect_numbers import DoseNumbers, EffectNumbers
from retia.figures.charts import ACCENT, INK, SOFT, new_figure, to_picture
from retia.statistics import Interval

REGION, RANDOM = "the region", "random regions"


def effect_chart(effects: Sequence[EffectNumbers], title: str) -> np.ndarray:
    """Draw per fill what is lost without the region, and without random ones, with intervals.

    Args:
        effects: One a fill.
        title: Above the chart.

    Returns:
        RGB, uint8.
    """
    figure, axes = new_figure(6.4, 1.4 + 0.5 * len(effects))
    axes.axvline(0, color=SOFT, lw=1)
    for row, own in enumerate(effects):
        for shift, value, colour, mark in (
            (-0.14, own.delta_roi, ACCENT, "o"),
            (0.14, own.delta_random, INK, "s"),
        ):
            if value.estimate is None:
                continue
            if value.low is not None and value.high is not None:
                axes.plot([value.low, value.high], [row + shift] * 2, color=colour, lw=1.6)
            hollow = "white" if mark == "s" else colour
            axes.plot(value.estimate, row + shift, mark, color=colour, mfc=hollow, ms=6)
    axes.plot([], [], "o", color=ACCENT, label=f"without {REGION}")
    axes.plot([], [], "s", color=INK, mfc="white", label=f"without {RANDOM}")
    axes.set_yticks(range(len(effects)), [own.fill for own in effects])
    axes.set_ylim(len(effects) - 0.5, -0.5)
    axes.set_xlabel("lost log-probability, nats per token", fontsize=9)
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    figure.legend(fontsize=8, frameon=False, loc="outside lower center", ncols=2)
    return to_picture(figure)


def dose_chart(doses: Sequence[DoseNumbers], title: str) -> np.ndarray:
    """Draw what is lost over the share of the area that is removed, with intervals.

    Args:
        doses: By growing share.
        title: Above the chart.

    Returns:
        RGB, uint8.
    """
    figure, axes = new_figure(5.6, 3.2)
    shares = [dose.share for dose in doses]
    axes.axhline(0, color=SOFT, lw=1)
    for name, values, colour, mark in (
        (REGION, [dose.delta_roi for dose in doses], ACCENT, "o"),
        (RANDOM, [dose.delta_random for dose in doses], INK, "s"),
    ):
        shown = [(s, v) for s, v in zip(shares, values, strict=True) if v.estimate is not None]
        axes.plot(
            [s for s, _ in shown],
            [v.estimate for _, v in shown],
            color=colour,
            marker=mark,
            ls="-" if mark == "o" else "--",
            label=f"part of {name}",
        )
        for share, value in shown:
            _bounds(axes, share, value, colour)
    axes.set_xticks(shares)
    axes.set_xlabel("share of the region's area removed", fontsize=9)
    axes.set_ylabel("lost log-probability,\nnats per token", fontsize=9)
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    axes.legend(fontsize=8, frameon=False)
    return to_picture(figure)


def _bounds(axes, x: float, value: Interval, colour: str) -> None:  # type: ignore[no-untyped-def]
    if value.low is not None and value.high is not None:
        axes.plot([x, x], [value.low, value.high], color=colour, lw=1.3, alpha=0.7)
