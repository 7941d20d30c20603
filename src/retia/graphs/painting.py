"""Graph elements back to pixels: overlays, and masks rebuilt from the tables alone."""

from collections.abc import Sequence

import cv2
import numpy as np
import polars as pl

from retia.records import VesselGraph


def paint_segments(
    graph: VesselGraph, shape: tuple[int, int], values: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Paint each segment along its polyline, as wide as the vessel, with its value.

    Args:
        graph: Tables of one case.
        shape: `(H, W)` of the image.
        values: One a segment, in the order of their ids.

    Returns:
        float64 `(H, W)`, 0 off the vessels. Where segments overlap, the larger |value| stands.

    Raises:
        ValueError: If there are not as many values as segments.
    """
    table = graph.segments.sort("id")
    weight = _checked(values, table.height, "segments")
    widths = np.maximum(np.rint(2 * table["radius_px"].to_numpy()), 1).astype(int)
    lines = table["polyline_px"].to_list()
    painted = np.zeros(shape)
    for n in np.argsort(np.abs(weight), kind="stable").tolist():
        line = np.array(lines[n], np.int32)[:, ::-1]
        cv2.polylines(painted, [line.reshape(-1, 1, 2)], False, (float(weight[n]),), int(widths[n]))
    return painted


def paint_areas(
    graph: VesselGraph, shape: tuple[int, int], values: Sequence[float] | np.ndarray
) -> np.ndarray:
    """Paint each intercapillary area with its value.

    Args:
        graph: Tables of one case.
        shape: `(H, W)` of the image.
        values: One an area, in the order of their ids.

    Returns:
        float64 `(H, W)`, 0 off the areas.

    Raises:
        ValueError: If there are not as many values as areas.
    """
    table = graph.areas.sort("id")
    weight = _checked(values, table.height, "areas")
    numbers = np.arange(1, table.height + 1)
    labels = _fill(table, shape, numbers)
    return np.concatenate([[0.0], weight])[labels]


def area_mask(rows: pl.DataFrame, shape: tuple[int, int]) -> np.ndarray:
    """Rebuild the mask of areas, or of the FAZ, from `runs_px`.

    Args:
        rows: Rows of the `areas` or of the `faz` table, of one case.
        shape: `(H, W)` of the image.

    Returns:
        Bool `(H, W)`: the union of the rows.
    """
    return _fill(rows, shape, np.ones(rows.height, int)) > 0


def _fill(rows: pl.DataFrame, shape: tuple[int, int], numbers: np.ndarray) -> np.ndarray:
    """Write the number of each row over its runs, int64 `(H, W)`, 0 elsewhere."""
    height, width = shape
    counts = rows["runs_px"].list.len().to_numpy().astype(int)
    runs = rows["runs_px"].explode().drop_nulls().explode().drop_nulls().to_numpy().reshape(-1, 3)
    # Runs do not overlap: step up where one starts and down where it stops, then sum.
    steps = np.zeros((height, width + 1), np.int64)
    of_run = np.repeat(numbers, counts)
    np.add.at(steps, (runs[:, 0], runs[:, 1]), of_run)
    np.add.at(steps, (runs[:, 0], runs[:, 2]), -of_run)
    return np.cumsum(steps, axis=1)[:, :width]


def _checked(values: Sequence[float] | np.ndarray, count: int, what: str) -> np.ndarray:
    weight = np.asarray(values, float)
    if weight.shape != (count,):
        raise ValueError(f"{weight.shape} values for {count} {what}: expected one each.")
    return weight
