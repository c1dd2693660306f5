"""Rows in, predictions out: the streaming engine."""
