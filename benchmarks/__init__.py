"""Benchmarks: quality and cost against a baseline measured in the same run. Never timed tests."""
