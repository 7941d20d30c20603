"""Tuning a student: checks before it, the vision tower, supervised fine-tuning, merging.

In:  samples, and for a new student a cohort with lesion masks.
Out: a model folder that `retia ask`, `explain` and `evaluate` read.
"""
