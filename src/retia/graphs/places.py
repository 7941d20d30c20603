"""Where the nodes of a graph lie: columns of the node tables that no model reads."""

import numpy as np
import polars as pl

from retia.anatomy import RING_NAMES, find_zones, quadrant_names

PLACE = {
    "x_px": pl.Float32,
    "y_px": pl.Float32,
    "x_mm": pl.Float32,
    "y_mm": pl.Float32,
    "ring": pl.String,
    "quadrant": pl.String,
    "clock": pl.Int32,
}
"""The position in pixels of the image and, to the right and down, in mm from the centre of the FAZ
(of the image where there is none), and its zone in the words of `retia.anatomy`. A node on the
centre itself has no quadrant and no hour: null."""


def place_nodes(
    x_px: np.ndarray,
    y_px: np.ndarray,
    center_px: tuple[float, float],
    mm_per_px: float,
    laterality: str | None,
) -> dict[str, np.ndarray | pl.Series]:
    """Columns `PLACE` of the nodes at these positions, each `(N,)`.

    Args:
        x_px: To the right in the image, `(N,)`.
        y_px: Down in the image, `(N,)`.
        center_px: `(x, y)` of the centre of the FAZ.
        mm_per_px: Scale.
        laterality: `OD`, `OS` or None.
    """
    x_mm, y_mm = (x_px - center_px[0]) * mm_per_px, (y_px - center_px[1]) * mm_per_px
    zones = find_zones(x_mm, y_mm)
    # The last name is that of the centre, which has the number -1.
    names = pl.Series([*quadrant_names(laterality), None], dtype=pl.String)
    return {
        "x_px": x_px,
        "y_px": y_px,
        "x_mm": x_mm,
        "y_mm": y_mm,
        "ring": pl.Series(RING_NAMES).gather(zones.ring),
        "quadrant": names.gather(zones.quadrant % 5),
        "clock": pl.Series(zones.clock).replace(0, None),
    }
