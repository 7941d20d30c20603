"""How well stages are told, with intervals that respect groups."""

from typing import Any

import numpy as np
import polars as pl

from retia.statistics import balanced_accuracy, bootstrap_interval, confusion, quadratic_kappa
from retia.taxonomy import STAGES


def stage_metrics(table: pl.DataFrame, seed: int, split: str = "test") -> dict[str, Any]:
    """Balanced accuracy, kappa and confusion of one split of a predictions table.

    Args:
        table: Columns `group, split, stage, predicted`; rows without a true stage are left out.
        seed: Of the bootstrap.
        split: The part to measure.

    Returns:
        `balanced_accuracy`, its 95 % `interval` (bootstrap over groups; None with too few) and
        both as `text`, `kappa` (quadratic), `confusion` (rows true, columns predicted, order of
        `STAGES`), `n`, `groups`; empty when the split holds no case with a stage.
    """
    part = table.filter((pl.col("split") == split) & pl.col("stage").is_not_null())
    if not part.height:
        return {}
    truth, predicted = part["stage"].to_list(), part["predicted"].to_list()
    groups = part["group"].to_list()
    interval = bootstrap_interval(
        balanced_accuracy, [np.array(truth), np.array(predicted)], groups, seed=seed
    )
    return {
        "balanced_accuracy": interval.estimate,
        "interval": [interval.low, interval.high],
        "text": str(interval),
        "kappa": quadratic_kappa(truth, predicted, STAGES),
        "confusion": confusion(truth, predicted, STAGES).tolist(),
        "n": part.height,
        "groups": len(set(groups)),
    }
