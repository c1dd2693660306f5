"""Trainings in a sandbox, on pages."""
