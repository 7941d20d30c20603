"""Surgical frames as samples, and a procedure as prompts and configuration."""
