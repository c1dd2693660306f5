"""Deleting conversations and batch jobs: hidden at once, removed by a task, until then undone."""
