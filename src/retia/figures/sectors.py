"""Values of the sectors of the ETDRS grid as a target."""

from collections.abc import Mapping

import numpy as np

from retia.figures.charts import INK, SOFT, new_figure, to_picture

RADII_MM = {"fovea": (0.0, 0.5), "parafovea": (0.5, 1.5), "perifovea": (1.5, 3.0)}
"""Inner and outer radius of the rings that are drawn."""
CORNERS = {(-1, -1): 90.0, (1, -1): 0.0, (-1, 1): 180.0, (1, 1): 270.0}
"""Side (left -1, right 1; top -1, bottom 1) to the angle at which its quarter begins, in degrees
against the clock from the right."""


def sector_chart(
    values: Mapping[tuple[str, str | None], float],
    quadrants: tuple[str, str, str, str],
    title: str,
    percent: bool = True,
) -> np.ndarray:
    """Draw one value a sector, as the image shows them: up is superior.

    Args:
        values: By ring and quadrant; sectors without a value stay grey, rings without any are left
            out.
        quadrants: Names of the upper left, upper right, lower left and lower right one.
        title: Above the chart.
        percent: Whether values are shares, written in percent.

    Returns:
        RGB, uint8.
    """
    from matplotlib import colormaps
    from matplotlib.patches import Wedge

    figure, axes = new_figure(3.4, 3.1)
    rings = [ring for ring in RADII_MM if any(known == ring for known, _ in values)]
    reach = max((RADII_MM[ring][1] for ring in rings), default=1.0)
    top = max((abs(v) for v in values.values()), default=0.0) or 1.0
    colours = colormaps["Blues"]
    for ring in rings:
        inner, outer = RADII_MM[ring]
        for name, (side, begin) in zip(quadrants, _corners(), strict=True):
            value = values.get((ring, name))
            level = 0.0 if value is None else max(value, 0.0) / top
            face = "#eaeef2" if value is None else colours(0.08 + 0.77 * level)
            axes.add_patch(
                Wedge((0, 0), outer, begin, begin + 90, width=outer - inner, fc=face, ec="white")
            )
            middle = 0.62 * outer if inner == 0 else (inner + outer) / 2
            angle = np.radians(begin + 45)
            shown = "-" if value is None else f"{value:.0%}" if percent else f"{value:.2f}"
            axes.text(
                middle * np.cos(angle),
                middle * np.sin(angle),
                shown,
                ha="center",
                va="center",
                fontsize=5.5 if inner == 0 else 9,
                color="white" if level > 0.6 else INK,
            )
            if ring == rings[-1]:
                axes.text(
                    side[0] * reach * 0.74,
                    -side[1] * reach * 0.86,
                    name.replace("-", "\n"),
                    ha="left" if side[0] > 0 else "right",
                    va="center",
                    fontsize=7,
                    color=SOFT,
                )
    axes.set_xlim(-1.28 * reach, 1.28 * reach)
    axes.set_ylim(-1.08 * reach, 1.08 * reach)
    axes.set_aspect("equal")
    axes.axis("off")
    axes.set_title(title, fontsize=9, color=INK)
    return to_picture(figure)


def _corners() -> list[tuple[tuple[int, int], float]]:
    return list(CORNERS.items())
