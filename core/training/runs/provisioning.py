"""The sandbox of a run: a new one that gets the code and the rows, or the one in which the code runs already.

A sandbox of this machine dies with its worker. One elsewhere outlives it, and whoever takes the job over finds it by
its labels and goes on watching the same command. It is ended with the job, but not by a worker that lost the job to
another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

from core import db, queue, sandboxes
from core.sandboxes import Backend, Limits, OnContact, Sandbox
from core.settings import Settings, part
from core.settings.parts.training import TrainingSettings
from core.storage import StorageUnavailable
from core.training.errors import TookTooLong
from core.training.runs.recorder import Recorder
from core.training.states import LIMITS_S, REMOTE_PROVISIONING_S, Status

COMMAND: Final = "training"  # what the command is called by which it is found again
LEEWAY_S: Final = 120.0
FOUND: Final = "Its sandbox is still there, and the code in it goes on."


def limits(config: Settings) -> Limits:
    """Bounds of training code, and how long its sandbox lives."""
    limit_s = part(config, TrainingSettings).training_limit_s
    return replace(
        sandboxes.configured_limits(config), wall_s=limit_s, cpu_s=2 * limit_s, life_s=limit_s + LEEWAY_S
    )


@contextmanager
def provisioned(
    config: Settings,
    recorder: Recorder,
    *,
    task: queue.Task,
    job: queue.Job,
    code_key: str,
    files: Callable[[], Mapping[str, bytes]],
) -> Iterator[Sandbox]:
    """A sandbox that holds these files, or did when the code in it began.

    code_key: tells the code of one round from that of another, whose sandbox is never this one's.

    Raises SandboxLost, SandboxUnavailable, SandboxUnreachable, TookTooLong, LeaseLost.
    """
    backend, began = sandboxes.configured(config), recorder.in_contact_s()
    training_job_id = recorder.training_job_id
    labels = {"training_job": str(training_job_id), "code": code_key}
    bounds = limits(config)

    def contact(since: datetime | None) -> None:
        """Told before each further try, which is where a cancel is heard."""
        if job.stop_requested():
            raise queue.TaskStopped(task_id=task.id)
        recorder.contact(since)

    sandbox = _begun_before(backend, labels, bounds, contact)
    is_found = sandbox is not None
    if sandbox is None:
        sandbox = backend.create(
            labels=labels,
            limits=bounds,
            key=f"{training_job_id}-{task.attempt}-{recorder.n_gone}-{code_key}",
            on_contact=contact,
            on_created=lambda ref: recorder.sandbox(backend.name, ref),
        )
    try:
        if is_found:
            recorder.sandbox(backend.name, sandbox.ref, message=FOUND)
        else:
            for name, content in files().items():
                sandbox.put(name, content)
            _require_in_time(backend, recorder.in_contact_s() - began)
        yield sandbox
    except (queue.LeaseLost, db.DatabaseUnavailable, StorageUnavailable):  # somebody goes on with it
        sandbox.leave()
        raise
    except BaseException:
        sandbox.stop()
        raise
    sandbox.stop()


def _begun_before(
    backend: Backend, labels: Mapping[str, str], bounds: Limits, contact: OnContact
) -> Sandbox | None:
    """The sandbox in which the code runs already, or ran; None where there is none.

    Raises SandboxUnavailable, SandboxUnreachable.
    """
    try:
        sandbox = backend.find(labels=labels, limits=bounds, on_contact=contact)
        if sandbox is None or sandbox.has_begun(COMMAND):
            return sandbox
    except sandboxes.SandboxLost:  # a list may hold for a while what is gone
        return None
    sandbox.stop()  # it never got all of its files
    return None


def _require_in_time(backend: Backend, took_s: float) -> None:
    """Raises TookTooLong."""
    limit_s = LIMITS_S[Status.PROVISIONING] if backend.name == "local" else REMOTE_PROVISIONING_S
    if took_s > limit_s:
        raise TookTooLong(what="provisioning stage", limit=f"{limit_s:.0f} seconds")
