"""Checks before a run: samples that would ruin it in silence are refused."""

from retia.tuning.preflight.check import PreflightConfig, examine, find_problems, preflight
from retia.tuning.preflight.problems import Problem, refuse
from retia.tuning.preflight.student import spelled_share

__all__ = [
    "PreflightConfig",
    "Problem",
    "examine",
    "find_problems",
    "preflight",
    "refuse",
    "spelled_share",
]
