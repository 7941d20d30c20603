"""Numbers to intervals: group-clustered bootstrap, and how well classes are told apart."""

from retia.statistics.bootstrap import (
    Interval,
    bootstrap_interval,
    paired_difference,
    ratio_interval,
)
from retia.statistics.classification import (
    accuracy,
    balanced_accuracy,
    confusion,
    kappa_of,
    macro_scores,
    quadratic_kappa,
)
from retia.statistics.probabilities import (
    auroc,
    brier,
    expected_calibration_error,
    macro_auroc,
)

__all__ = [
    "Interval",
    "accuracy",
    "auroc",
    "balanced_accuracy",
    "bootstrap_interval",
    "brier",
    "confusion",
    "expected_calibration_error",
    "kappa_of",
    "macro_auroc",
    "macro_scores",
    "paired_difference",
    "quadratic_kappa",
    "ratio_interval",
]
