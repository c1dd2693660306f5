"""Checks of the queue and of the workers that empty it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import core
from core import db, queue
from core.check import Check, State
from core.errors import counted
from core.room import CheckContext

LONG_WAIT_S = 300.0
RETRIED_S = 3_600.0


def backlog(context: CheckContext) -> Iterator[Check]:
    """What waits, and whether anybody takes it. Raises DatabaseUnavailable."""
    now = context.now
    with db.session_scope(context.principal) as session:
        found = queue.backlog(session)
        n_workers = len(queue.workers.alive(session))
        retried = queue.retried(session, within_s=RETRIED_S)
    if retried.last_at is not None:
        ago = _span((now - retried.last_at).total_seconds())
        told = counted(retried.n, "task in the last hour|tasks in the last hour")
        message = f"{told} needed more than one attempt; the latest retry started {ago} ago."
        hint = (
            "A process was killed, or a service did not answer. The app's log says which and when. "
            "If a process was killed, memory may be short."
        )
        yield Check("Queue", "Attempts", State.WARN, message, hint)
    carrier = "SQS" if context.settings.predictions_queue_url else "database"
    counts = [
        f"{n:,} {state}" for n, state in ((found.n_queued, "waiting"), (found.n_running, "running")) if n
    ]
    message = f"{', '.join(counts) or 'Empty'}. Queue: {carrier}."
    if found.oldest_at is None:
        yield Check("Queue", "Backlog", State.OK, message)
        return
    waited_s = (now - found.oldest_at).total_seconds()
    message = f"{message} The oldest has waited {_span(waited_s)}."
    if n_workers == 0:
        hint = "Start a worker (make worker), or start the app with WORKERS=1, or process them by hand."
        yield Check("Queue", "Backlog", State.BROKEN, f"{message} No worker is running.", hint)
    elif waited_s > LONG_WAIT_S:
        hint = "Start more workers: make worker, on this machine or another."
        yield Check("Queue", "Backlog", State.WARN, message, hint)
    else:
        yield Check("Queue", "Backlog", State.OK, message)
    if found.n_abandoned:
        message = f"{counted(found.n_abandoned, 'task was|tasks were')} abandoned by a worker that is gone."
        yield Check(
            "Queue",
            "Abandoned",
            State.WARN,
            message,
            "The next worker takes them over; start one if none is running.",
        )


def workers(context: CheckContext) -> Iterator[Check]:
    """Those that are alive, each with what it does. Raises DatabaseUnavailable."""
    now = context.now
    with db.session_scope(context.principal) as session:
        alive, doing = queue.workers.alive(session), queue.workers.doing(session)
        last_seen = queue.workers.last_seen(session)
    for worker in alive:
        where = "in the app" if worker.is_embedded else f"on its own (process {worker.pid})"
        since = _span((now - worker.started_at).total_seconds())
        does = _does(worker, [one for one in doing if one.worker_id == worker.id], now)
        version = "" if worker.version == core.__version__ else f" as version {worker.version}"
        message = f"Running {where} on {worker.host}{version} for {since}. {does}"
        yield Check("Workers", "Alive", State.OK, message)
    if not alive:
        since = (
            f"The last was seen {_span((now - last_seen).total_seconds())} ago."
            if last_seen
            else "None has run yet."
        )
        yield Check(
            "Workers",
            "Alive",
            State.WARN,
            f"No worker is running. {since}",
            "Start one with `make worker`, or start the app with WORKERS=1. Until then, run work by hand.",
        )


def _does(worker: queue.workers.Worker, doing: Sequence[queue.workers.Doing], now: datetime) -> str:
    """What a worker does now and since when, and how much it could."""
    told = [
        f"{queue.kind_label(one.kind).lower()} for {_span((now - one.since).total_seconds())}"
        + (f" ({one.done:,} of {one.total:,})" if one.total else "")
        for one in doing
    ]
    if worker.slots:
        now_does = f"Working on {', '.join(told)}" if told else "Idle"
        return f"{now_does}. Up to {counted(worker.slots, 'task')} at once."
    return (
        f"Working on {', '.join(told)}. Nothing more, as it is stopping."
        if told
        else "Its process is starting."
    )


def _span(seconds: float) -> str:
    """A stretch of time in the one unit that says enough."""
    for unit, length_s in (("days", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= 2 * length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
