"""How well classes are told, with intervals that respect groups."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from retia.statistics import balanced_accuracy, bootstrap_interval, confusion, quadratic_kappa


def stage_metrics(
    table: pl.DataFrame, label: str, classes: Sequence[str], seed: int, split: str = "test"
) -> dict[str, Any]:
    """Balanced accuracy, kappa and confusion of one split of a predictions table.

    Args:
        table: Columns `group, split, <label>, predicted`; rows whose label is none of the classes
            are left out.
        label: Column of the truth.
        classes: In their order.
        seed: Of the bootstrap.
        split: The part to measure.

    Returns:
        `balanced_accuracy`, its 95 % `interval` (bootstrap over groups; None with too few) and
        both as `text`, `kappa` (quadratic), `confusion` (rows true, columns predicted, order of
        the classes), `classes`, `n`, `groups`; empty when the split holds no case with a label.
    """
    part = table.filter((pl.col("split") == split) & pl.col(label).is_in(list(classes)))
    if not part.height:
        return {}
    truth, predicted = part[label].to_list(), part["predicted"].to_list()
    groups = part["group"].to_list()
    interval = bootstrap_interval(
        balanced_accuracy, [np.array(truth), np.array(predicted)], groups, seed=seed
    )
    return {
        "balanced_accuracy": interval.estimate,
        "interval": [interval.low, interval.high],
        "text": str(interval),
        "kappa": quadratic_kappa(truth, predicted, classes),
        "confusion": confusion(truth, predicted, classes).tolist(),
        "classes": list(classes),
        "n": part.height,
        "groups": len(set(groups)),
    }
