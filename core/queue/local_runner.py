"""This process's own runner, for what somebody waits for: pages and routes ask, the runner claims."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from core.errors import Unavailable

_run_now: Callable[[UUID], None] | None = None


class NoRunner(Unavailable):
    """This process was started without the app's lifespan."""

    code = "no_runner"
    message = "This process can't run tasks right now."
    hint = "Start the app with `make run`, or wait for a worker."


def serve(run_now: Callable[[UUID], None] | None) -> None:
    """Name the function that claims one task as soon as it can; None when the runner ends."""
    global _run_now
    _run_now = run_now


def run_now(task_id: UUID) -> None:
    """Ask for exactly this task to be claimed now; harmless when somebody else has it. Raises NoRunner."""
    if _run_now is None:
        raise NoRunner
    _run_now(task_id)
