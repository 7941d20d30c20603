"""Retia: from the structure of a medical image to a model that explains its answer.

Folders are steps, in the order in which data flows through them; see `README.md`.
Research use only (`retia.disclaimer`).
"""

__version__ = "0.1.0"
