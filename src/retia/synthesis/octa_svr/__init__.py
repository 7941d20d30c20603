"""Cohorts in the layout of OCTA-SVR, for tools that read its files."""

from retia.synthesis.octa_svr.export import OWNS, check_cohort, export_cohort

__all__ = ["OWNS", "check_cohort", "export_cohort"]
