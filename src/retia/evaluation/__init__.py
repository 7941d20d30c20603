"""A student and held-out samples to an audit: controls, claims, intervals, a report."""

from retia.evaluation.evaluate import EvaluateConfig, evaluate

__all__ = ["EvaluateConfig", "evaluate"]
