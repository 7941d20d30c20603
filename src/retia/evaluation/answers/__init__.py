"""Asking, reading and scoring: from a plan to rows of answers with their scores."""
