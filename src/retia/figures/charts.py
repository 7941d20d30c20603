"""Charts as arrays, in one plain style."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from retia.statistics import ReliabilityBin, RiskCoverage

INK, SOFT, ACCENT = "#24292f", "#8c959f", "#1f6feb"


def new_figure(width_in: float, height_in: float) -> tuple[Any, Any]:
    """An empty figure and its axes."""
    # The object interface: pyplot keeps global state and wants a display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    _plain(axes)
    return figure, axes


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=8)


def to_picture(figure: Any) -> np.ndarray:
    """The drawn figure as RGB, uint8."""
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()


def confusion_chart(matrix: np.ndarray, labels: Sequence[str], title: str = "") -> np.ndarray:
    """Draw a confusion matrix, rows true and columns predicted, counts in the cells."""
    figure, axes = new_figure(3.6, 3.3)
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*matrix.shape):
        colour = "white" if share[row, column] > 0.55 else INK
        axes.text(
            column, row, str(int(matrix[row, column])), ha="center", va="center", color=colour
        )
    axes.set_xticks(range(matrix.shape[1]), list(labels)[: matrix.shape[1]])
    axes.set_yticks(range(matrix.shape[0]), list(labels)[: matrix.shape[0]])
    axes.set_xlabel("predicted", fontsize=9)
    axes.set_ylabel("true", fontsize=9)
    axes.set_title(title, fontsize=10, color=INK)
    return to_picture(figure)


def bar_chart(
    names: Sequence[str],
    values: Sequence[float],
    intervals: Sequence[tuple[float, float] | None] | None = None,
    title: str = "",
    baseline: float | None = None,
) -> np.ndarray:
    """Draw horizontal bars with their intervals, and a dashed line at `baseline` (chance)."""
    figure, axes = new_figure(6.0, 0.6 + 0.36 * len(names))
    axes.barh(range(len(names)), values, color=ACCENT, height=0.62)
    for row, interval in enumerate(intervals or []):
        if interval is not None:
            axes.plot(interval, [row, row], color=INK, lw=1.6, solid_capstyle="butt")
    if baseline is not None:
        axes.axvline(baseline, color=SOFT, ls="--", lw=1)
    axes.set_yticks(range(len(names)), list(names))
    axes.invert_yaxis()
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    return to_picture(figure)


def line_chart(
    x: Sequence[float], series: dict[str, Sequence[float]], title: str, x_label: str, y_label: str
) -> np.ndarray:
    """Draw one line per series over the same x."""
    figure, axes = new_figure(5.2, 3.0)
    for name, values in series.items():
        axes.plot(x, values, lw=1.6, label=name)
    axes.set_xlabel(x_label, fontsize=9)
    axes.set_ylabel(y_label, fontsize=9)
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    if len(series) > 1:
        axes.legend(fontsize=8, frameon=False)
    return to_picture(figure)


COLOURS_IN_TURN = (ACCENT, "#b45309", "#7c3aed", "#0f766e")
MARKS_IN_TURN = ("o", "s", "^", "D")


def risk_coverage_chart(
    curves: Mapping[str, RiskCoverage],
    oracle: RiskCoverage,
    bounds: Mapping[str, Sequence[tuple[float, float, float]]] | None = None,
    title: str = "",
) -> np.ndarray:
    """Draw the risk of what is accepted over how much is accepted.

    Args:
        curves: By name, all of the same answers.
        oracle: The best curve that these answers allow; the worst useful one, random order, is a
            level line at their risk.
        bounds: By name some coverages, each with the bounds of the risk there.
        title: Above the chart.

    Returns:
        RGB, uint8.
    """
    figure, axes = new_figure(6.0, 3.7)
    axes.axhline(oracle.risk, color=SOFT, ls=":", lw=1.4, label="random order")
    axes.plot(*oracle.points(), color=SOFT, ls="--", lw=1.4, label="oracle (knows what is wrong)")
    for turn, (name, curve) in enumerate(curves.items()):
        colour = COLOURS_IN_TURN[turn % len(COLOURS_IN_TURN)]
        mark = MARKS_IN_TURN[turn % len(MARKS_IN_TURN)]
        axes.plot(*curve.points(), color=colour, lw=1.6, zorder=3)
        axes.plot([], [], color=colour, lw=1.6, marker=mark, ms=5, label=name)
        for coverage, low, high in (bounds or {}).get(name, ()):
            # Beside one another where several curves have bounds at the same coverage.
            x = coverage + 0.012 * (turn - (len(curves) - 1) / 2)
            axes.plot([x, x], [low, high], color=colour, lw=1.3, alpha=0.8, zorder=2)
            axes.plot(x, curve.risk_at(coverage), color=colour, marker=mark, ms=4, zorder=4)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(bottom=-0.01)
    axes.set_xlabel("coverage: share of answers accepted, the surest first", fontsize=9)
    axes.set_ylabel("risk: share of them wrong", fontsize=9)
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return to_picture(figure)


def reliability_chart(bins: Sequence[ReliabilityBin], title: str = "") -> np.ndarray:
    """Draw how often answers are right by how sure they were, above how many there are.

    Bars: share that is right; dots: mean confidence of the bin, where the bar should end; dashed:
    where both are equal.

    Args:
        bins: Of `reliability_bins`.
        title: Above the chart.

    Returns:
        RGB, uint8.
    """
    figure, alone = new_figure(4.4, 4.4)
    alone.remove()
    axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _plain(axes)
    _plain(counts)
    axes.plot([0, 1], [0, 1], color=SOFT, ls="--", lw=1)
    for one in bins:
        middle, width = (one.low + one.high) / 2, 0.92 * (one.high - one.low)
        counts.bar(middle, one.rows, width, color=SOFT)
        if one.rows:
            counts.text(middle, one.rows, str(one.rows), ha="center", va="bottom", fontsize=7)
            axes.bar(middle, one.right, width, color=ACCENT, alpha=0.75)
            axes.plot(one.confidence, one.confidence, "o", color=INK, ms=4, zorder=3)
            axes.plot([one.confidence] * 2, [one.confidence, one.right], color=INK, lw=1, zorder=2)
    axes.set_ylabel("share that is right", fontsize=9)
    axes.set_title(title, fontsize=10, color=INK, loc="left")
    counts.set_ylabel("answers", fontsize=9)
    counts.set_xlabel("confidence", fontsize=9)
    counts.margins(y=0.3)
    counts.set_xlim(-0.02, 1.02)
    axes.set_ylim(0, 1.03)
    return to_picture(figure)
