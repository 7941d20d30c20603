"""Vessel graphs to stage probabilities: a heterogeneous graph neural network."""
