"""Pictures of the same things in rows, with a text at the end of each."""

import textwrap
from collections.abc import Sequence

import numpy as np

from retia.figures.charts import INK, SOFT, to_picture

WIDE = 46
"""Letters on a line of text."""


def picture_rows(
    rows: Sequence[Sequence[np.ndarray]],
    names: Sequence[str],
    texts: Sequence[str],
    titles: Sequence[str],
) -> np.ndarray:
    """Draw rows of pictures under common titles.

    Args:
        rows: Of each thing, its pictures (grey or RGB, uint8), as many in each row.
        names: One a row, written beside it.
        texts: One a row, set at its end; line breaks are kept.
        titles: One a column, the last above the texts.

    Returns:
        RGB, uint8.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = len(rows[0])
    figure = Figure(figsize=(2.5 * columns + 3.3, 2.6 * len(rows)), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    shares = [1.0] * columns + [1.3]
    grid = figure.subplots(len(rows), columns + 1, width_ratios=shares, squeeze=False)
    for place, (row, name, text) in enumerate(zip(rows, names, texts, strict=True)):
        for axes, picture in zip(grid[place], row, strict=False):
            axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
        lines = [textwrap.fill(line, WIDE) for line in text.splitlines()]
        grid[place, -1].text(0, 1, "\n".join(lines), va="top", fontsize=7, color=INK)
        grid[place, 0].set_ylabel(name, fontsize=8, color=SOFT)
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=9, color=INK, loc="left")
    for axes in grid.flat:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    return to_picture(figure)
