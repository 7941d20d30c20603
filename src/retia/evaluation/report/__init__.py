"""The audit as a page for people and as files for programs."""
