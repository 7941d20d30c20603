"""Numbers to intervals: clustered bootstrap, scores of classes, calibration, paired tests."""

from retia.statistics.bootstrap import (
    Interval,
    bootstrap_interval,
    bootstrap_intervals,
    mean_interval,
    paired_difference,
    ratio_interval,
)
from retia.statistics.calibration import (
    ReliabilityBin,
    calibration_error,
    chance_error,
    confidence_brier,
    reliability_bins,
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
from retia.statistics.selective import (
    RiskCoverage,
    oracle_risk_coverage,
    random_risk_coverage,
    risk_coverage,
)
from retia.statistics.significance import McNemar, holm, mcnemar

__all__ = [
    "Interval",
    "McNemar",
    "ReliabilityBin",
    "RiskCoverage",
    "accuracy",
    "auroc",
    "balanced_accuracy",
    "bootstrap_interval",
    "bootstrap_intervals",
    "brier",
    "calibration_error",
    "chance_error",
    "confidence_brier",
    "confusion",
    "expected_calibration_error",
    "holm",
    "kappa_of",
    "macro_auroc",
    "macro_scores",
    "mcnemar",
    "mean_interval",
    "oracle_risk_coverage",
    "paired_difference",
    "quadratic_kappa",
    "random_risk_coverage",
    "ratio_interval",
    "reliability_bins",
    "risk_coverage",
]
