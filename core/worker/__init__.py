"""The runner of tasks: one long-lived thread, warm child processes, heartbeats."""

from core.worker.runner import Runner

__all__ = ["Runner"]
