"""A staging model and a graph to attributions, and from them to findings."""
