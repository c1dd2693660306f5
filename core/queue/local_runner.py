"""This process's own runner, for what somebody waits for: pages and routes ask, the runner claims."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from core.errors import Unavailable

_run_now: Callable[[UUID], None] | None = None
_run_once: Callable[[UUID], None] | None = None


class NoRunner(Unavailable):
    """This process was started without the app's lifespan."""

    code = "no_runner"
    message = "This process can't run tasks right now."
    hint = "Start the app with `make run`, or wait for a worker."


def serve(run_now: Callable[[UUID], None] | None, run_once: Callable[[UUID], None] | None = None) -> None:
    """Name the functions that claim one task as soon as they can; None when the runner ends.

    run_once: does not go on with what is to go on later; the same when absent.
    """
    global _run_now, _run_once
    _run_now, _run_once = run_now, run_once or run_now


def run_now(task_id: UUID) -> None:
    """Ask for exactly this task to be claimed now; harmless when somebody else has it. Raises NoRunner."""
    if _run_now is None:
        raise NoRunner
    _run_now(task_id)


def run_once(task_id: UUID) -> None:
    """The same for one attempt: what then goes on later waits for a worker, or to be asked again. Raises NoRunner."""
    if _run_once is None:
        raise NoRunner
    _run_once(task_id)
