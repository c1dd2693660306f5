"""This process's own runner, for what somebody waits for: pages and routes ask, the runner claims."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from core.errors import Unavailable


class NoRunner(Unavailable):
    """This process was started without the app's lifespan."""

    code = "no_runner"
    message = "This process can't run tasks right now."
    hint = "Start the app with `make run`, or wait for a worker."


class Run(Protocol):
    """Claims one task as soon as it can."""

    def __call__(self, task_id: UUID, /, *, once: bool) -> None: ...


_run: Run | None = None


def serve(run: Run | None) -> None:
    """Name the runner's function; None when the runner ends."""
    global _run
    _run = run


def run_now(task_id: UUID, *, once: bool = False) -> None:
    """Ask for exactly this task to be claimed now; harmless when somebody else has it. Raises NoRunner.

    once: for one attempt: what then goes on later waits for a worker, or to be asked again.
    """
    if _run is None:
        raise NoRunner
    _run(task_id, once=once)
