"""How claims fared, kind by kind: stacked bars."""

from collections.abc import Mapping, Sequence

import numpy as np

from retia.figures.charts import new_figure, to_picture

VERDICT_COLOURS = {
    "supported": "#2e7d4f",
    "unsupported": "#e3b341",
    "contradicted": "#cf3a35",
    "missed": "#b6bec7",
}
HATCHES = {"contradicted": "///", "missed": ".."}
"""Told apart without colour, too."""


def claim_bars(
    names: Sequence[str], counts: Mapping[str, Sequence[int]], title: str = ""
) -> np.ndarray:
    """Draw one stacked bar a name: supported, unsupported, contradicted, missed.

    Args:
        names: Of the bars, from the top.
        counts: Per verdict one count a name.
        title: Above the chart.

    Returns:
        RGB, uint8.
    """
    figure, axes = new_figure(6.4, 0.95 + 0.3 * len(names))
    left = np.zeros(len(names))
    for verdict, colour in VERDICT_COLOURS.items():
        values = np.array(counts[verdict], float)
        axes.barh(
            range(len(names)),
            values,
            left=left,
            color=colour,
            hatch=HATCHES.get(verdict),
            edgecolor="white",
            lw=0.4,
            height=0.66,
            label=verdict,
        )
        left += values
    axes.set_yticks(range(len(names)), list(names))
    axes.invert_yaxis()
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("claims; missed: truth items", fontsize=8)
    axes.set_title(title, fontsize=10, loc="left")
    axes.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return to_picture(figure)
