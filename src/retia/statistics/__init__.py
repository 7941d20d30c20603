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
    quadratic_kappa,
)

__all__ = [
    "Interval",
    "accuracy",
    "balanced_accuracy",
    "bootstrap_interval",
    "confusion",
    "paired_difference",
    "quadratic_kappa",
    "ratio_interval",
]
