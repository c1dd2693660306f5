"""Batch jobs: what a user can ask for, their parameters, their price and their progress."""
