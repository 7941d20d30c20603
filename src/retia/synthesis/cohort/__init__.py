"""Cohorts: many eyes of a seed, with exact truth, twins and tables to draw them again."""

from retia.synthesis.cohort.grow import grow
from retia.synthesis.cohort.plan import EyePlan, plan_cohort
from retia.synthesis.cohort.settings import SMALLEST_PX, GrowConfig
from retia.synthesis.cohort.table import read_eye

__all__ = ["SMALLEST_PX", "EyePlan", "GrowConfig", "grow", "plan_cohort", "read_eye"]
