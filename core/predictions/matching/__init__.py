"""Columns of a file matched to those that a model reads."""
