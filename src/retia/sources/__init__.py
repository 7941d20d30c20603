"""Annotated data sets to cases: one file a data set, each with a verb `retia import ...`."""
