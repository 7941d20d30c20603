"""Charts as arrays, in one plain style."""

from collections.abc import Sequence
from typing import Any

import numpy as np

INK, SOFT, ACCENT = "#24292f", "#8c959f", "#1f6feb"


def new_figure(width_in: float, height_in: float) -> tuple[Any, Any]:
    """An empty figure and its axes."""
    # The object interface: pyplot keeps global state and wants a display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=8)
    return figure, axes


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
