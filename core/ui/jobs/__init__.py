"""Batch jobs: all of them, and one."""
